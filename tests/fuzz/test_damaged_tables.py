"""A table that was damaged on disk is refused by name, or read; never half of it in silence."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.mutations import damaged

from watchkeeper.engines.base import TableRef
from watchkeeper.engines.local import Local
from watchkeeper.errors import Faulty

COMMITS, ROWS = 5, 10


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A folder with one table as Delta, one as Parquet, one as CSV; each of five pieces of ten rows."""
    folder = tmp_path_factory.mktemp("whole")
    for number in range(COMMITS):
        rows = pa.table({"n": pa.array(range(number * ROWS, (number + 1) * ROWS), pa.int64()), "t": ["x"] * ROWS})
        write_deltalake(str(folder / "delta"), rows, mode="append")
        (folder / "parquet").mkdir(exist_ok=True)
        pq.write_table(rows, folder / "parquet" / f"{number}.parquet")
    return folder


@pytest.fixture(scope="module")
def copy(whole, tmp_path_factory):
    """Gives a fresh copy of one of the tables."""

    def fresh(name: str) -> Path:
        target = tmp_path_factory.mktemp("damaged") / name
        shutil.copytree(whole / name, target)
        return target

    return fresh


def rows_of(table: Path) -> list[int] | None:
    """The numbers read; None where the table is refused."""
    try:
        batches = Local().scan(TableRef(table.name, table.parent), ["n"])
        return sorted(value for batch in batches for value in batch["n"].to_pylist())
    except Faulty as refused:
        assert all(fault.code in ("E301", "E306") and fault.path == table.name for fault in refused.faults)
        return None


def commits(table: Path) -> list[Path]:
    return sorted((table / "_delta_log").glob("*.json"))


def parts(table: Path) -> list[Path]:
    return sorted(table.glob("*.parquet"))


@pytest.mark.parametrize("name", ["delta", "parquet"])
@pytest.mark.parametrize("number", range(COMMITS))
def test_a_piece_cut_in_half_is_refused(copy, name, number):
    table = copy(name)
    piece = parts(table)[number]
    piece.write_bytes(piece.read_bytes()[: piece.stat().st_size // 2])
    assert rows_of(table) is None


@pytest.mark.parametrize("number", range(COMMITS))
def test_a_piece_of_a_delta_table_that_is_gone_is_refused(copy, number):
    table = copy("delta")
    parts(table)[number].unlink()
    assert rows_of(table) is None


@pytest.mark.parametrize("number", range(COMMITS - 1))
def test_a_gap_in_the_log_is_refused(copy, number):
    table = copy("delta")
    commits(table)[number].unlink()
    assert rows_of(table) is None


@pytest.mark.parametrize("number", range(COMMITS))
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_half_written_commit_is_refused(copy, number, share):
    table = copy("delta")
    commit = commits(table)[number]
    commit.write_bytes(commit.read_bytes()[: int(commit.stat().st_size * share)])
    assert rows_of(table) is None


@given(data=st.data())
@settings(max_examples=150)
def test_random_damage_to_a_delta_table_is_refused_or_does_no_harm(copy, data):
    table = copy("delta")
    path = data.draw(st.sampled_from([*commits(table), *parts(table)]))
    path.write_bytes(data.draw(damaged(path.read_bytes())))
    rows_of(table)


@given(data=st.data())
@settings(max_examples=60)
def test_random_damage_to_parquet_files_is_refused_or_does_no_harm(copy, data):
    table = copy("parquet")
    path = data.draw(st.sampled_from(parts(table)))
    path.write_bytes(data.draw(damaged(path.read_bytes())))
    rows_of(table)


@given(data=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
@settings(max_examples=150)
def test_any_bytes_named_csv_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("text") / "rows.csv"
    path.write_bytes(data)
    try:
        schema = Local().schema(TableRef("rows.csv", path.parent))
        assert sum(batch.num_rows for batch in Local().scan(TableRef("rows.csv", path.parent), schema.names)) >= 0
    except Faulty as refused:
        assert {fault.code for fault in refused.faults} <= {"E301", "E303"}
