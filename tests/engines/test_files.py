"""Parquet and CSV: which files are new, and what odd files hold."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.engines.delta_tables import hourly

from watchkeeper.engines.base import TableRef
from watchkeeper.engines.local import Local
from watchkeeper.errors import Faulty

ENGINE = Local()


def numbers(batches) -> list[int]:
    return sorted(row["n"] for batch in batches for row in batch.to_pylist())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t").mkdir()
    pq.write_table(hourly(5), tmp_path / "t" / "a.parquet")
    return tmp_path


@pytest.fixture
def table(folder: Path) -> TableRef:
    return TableRef("t", folder)


def test_rows_of_new_files_are_new(folder, table):
    cursor = ENGINE.changed(table, None).cursor
    pq.write_table(hourly(2, first=5), folder / "t" / "b.parquet")
    changes = ENGINE.changed(table, cursor)
    pq.write_table(hourly(2, first=7), folder / "t" / "c.parquet")
    assert not changes.rescan
    assert numbers(ENGINE.new_rows(table, cursor, changes)) == [5, 6]
    assert numbers(ENGINE.scan(table, cursor=changes.cursor)) == [0, 1, 2, 3, 4, 5, 6]


def test_a_changed_file_means_a_rescan_that_names_it(folder, table):
    cursor = ENGINE.changed(table, None).cursor
    pq.write_table(hourly(6), folder / "t" / "a.parquet")
    changes = ENGINE.changed(table, cursor)
    assert changes.rescan and changes.reason == "a.parquet changed or went away"
    assert numbers(ENGINE.new_rows(table, cursor, changes)) == [0, 1, 2, 3, 4, 5]


def test_a_file_touched_between_two_looks_is_not_read_as_if_it_were_the_old_one(folder, table):
    cursor = ENGINE.changed(table, None).cursor
    os.utime(folder / "t" / "a.parquet", ns=(1, 1))
    with pytest.raises(Faulty, match=r"a\.parquet changed while"):
        list(ENGINE.scan(table, cursor=cursor))


def test_a_glob_names_the_files_that_match_it(folder):
    pq.write_table(hourly(2, first=5), folder / "t" / "b.parquet")
    assert numbers(ENGINE.scan(TableRef("t/b*.parquet", folder))) == [5, 6]
    assert numbers(ENGINE.scan(TableRef("*/*.parquet", folder))) == [0, 1, 2, 3, 4, 5, 6]


def test_files_that_begin_with_an_underscore_or_a_dot_are_not_data(folder, table):
    pq.write_table(hourly(2, first=5), folder / "t" / "_metadata.parquet")
    (folder / "t" / ".crc.parquet").write_bytes(b"x")
    assert numbers(ENGINE.scan(table)) == [0, 1, 2, 3, 4]


def test_folders_named_key_value_are_columns(folder):
    for region in ("north", "south"):
        place = folder / "p" / f"region={region}"
        place.mkdir(parents=True)
        pq.write_table(hourly(2), place / "x.parquet")
    found = pa.Table.from_batches(list(ENGINE.scan(TableRef("p", folder), ["n", "region"])))
    assert sorted(found["region"].to_pylist()) == ["north", "north", "south", "south"]


def test_files_with_other_columns_and_widths_are_one_table(folder, table):
    pq.write_table(pa.table({"n": pa.array([7], pa.int32()), "extra": ["e"]}), folder / "t" / "b.parquet")
    found = {row["n"]: row for batch in ENGINE.scan(table) for row in batch.to_pylist()}
    assert found[7] == {"at": None, "n": 7, "x": None, "word": None, "extra": "e"}
    assert found[1]["extra"] is None


def test_files_that_do_not_go_together_are_a_fault(folder, table):
    pq.write_table(pa.table({"n": ["seven"]}), folder / "t" / "b.parquet")
    with pytest.raises(Faulty, match=r"E301.*cannot be read"):
        ENGINE.schema(table)


@pytest.mark.parametrize("name", ["t/a.parquet", "broken.csv"])
def test_a_broken_file_is_a_fault(folder, name):
    (folder / name).write_bytes(b"\x00\xff\x00broken")
    with pytest.raises(Faulty, match="E301"):
        list(ENGINE.scan(TableRef(name, folder)))


def test_an_empty_folder_and_files_of_another_kind_are_faults(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.docx").write_bytes(b"x")
    with pytest.raises(Faulty, match=r"E301.*no files"):
        ENGINE.schema(TableRef("empty", tmp_path))
    with pytest.raises(Faulty, match=r"E301.*cannot tell"):
        ENGINE.schema(TableRef("notes.docx", tmp_path))


def test_a_catalog_name_says_which_engine_reads_it(tmp_path):
    with pytest.raises(Faulty, match="--engine spark"):
        ENGINE.schema(TableRef("main.serving.payload", tmp_path))


def csv(folder: Path, text: str) -> TableRef:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return TableRef("t.csv", folder)


def rows(table: TableRef) -> list[dict]:
    return [row for batch in ENGINE.scan(table) for row in batch.to_pylist()]


def test_csv_columns_have_the_type_that_all_their_values_fit(tmp_path):
    table = csv(tmp_path, "i,x,day,at,b,word\n1,1,2026-01-01,2026-01-01T05:00:00Z,true,a\n2,2.5,2026-01-02,,false,\n")
    types = dict(zip(ENGINE.schema(table).names, ENGINE.schema(table).types, strict=True))
    assert types == {
        "i": pa.int64(),
        "x": pa.float64(),
        "day": pa.date32(),
        "at": pa.timestamp("us", "UTC"),
        "b": pa.bool_(),
        "word": pa.string(),
    }
    assert rows(table)[0]["at"] == datetime(2026, 1, 1, 5, tzinfo=UTC)


def test_one_odd_value_far_down_makes_text_and_no_value_is_lost(tmp_path):
    table = csv(tmp_path, "n\n" + "".join(f"{n:03d}\n" for n in range(50_000)) + "n/a\n")
    found = [row["n"] for row in rows(table)]
    assert (found[7], found[-1], len(found)) == ("007", "n/a", 50_001)


def test_csv_text_stays_as_it_was_written(tmp_path):
    table = csv(tmp_path, 'clock,quoted\n12:30,"a, ""b"""\n12:31,ü\n')
    assert rows(table) == [{"clock": "12:30", "quoted": 'a, "b"'}, {"clock": "12:31", "quoted": "ü"}]


def test_a_column_keeps_its_type_when_only_new_files_are_read(tmp_path):
    (tmp_path / "a.csv").write_text("n,v\n1,x\n")
    table = TableRef("*.csv", tmp_path)
    cursor = ENGINE.changed(table, None).cursor
    (tmp_path / "b.csv").write_text("n,v\n2,5\n")
    changes = ENGINE.changed(table, cursor)
    assert [batch.to_pylist() for batch in ENGINE.new_rows(table, cursor, changes)] == [[{"n": 2, "v": "5"}]]
