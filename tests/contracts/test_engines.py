"""What every engine owes the rest: equal rows whatever stored them, and writes that happen once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from tests.engines.delta_tables import SCHEMA, START, delete_by_vector, delta, hourly

from watchkeeper.engines.base import Engine, TableRef, Txn
from watchkeeper.engines.local import Local
from watchkeeper.errors import Faulty
from watchkeeper.terms import Window

ENGINES_TESTS = Path(__file__).parents[1] / "engines"
ROWS = 200
GONE = (3, 50, 51, 199)
STORAGES = ("delta", "vectors", "mapped", "parquet", "parquet_folder", "csv")


@pytest.fixture(params=[Local], ids=["local"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param()


@pytest.fixture(params=["disk", "s3"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """An empty folder on disk or in an object store."""
    return tmp_path if request.param == "disk" else request.getfixturevalue("bucket").new_folder()


@pytest.fixture(params=STORAGES)
def stored(request: pytest.FixtureRequest, tmp_path: Path, root: Path | str) -> TableRef:
    """The same rows (``GONE`` left out), stored in every way and in every place."""
    name = _store(request.param, tmp_path, hourly(ROWS))
    if isinstance(root, str):
        request.getfixturevalue("bucket").upload(tmp_path, root)
    return TableRef(name, root)


def _store(storage: str, folder: Path, rows: pa.Table) -> str:
    kept = rows.filter(pa.array([n not in GONE for n in range(ROWS)]))
    if storage == "vectors":
        delta(folder / "t", rows, enableDeletionVectors="true")
        delete_by_vector(folder / "t", GONE)
    elif storage == "mapped":
        delta(folder / "t", kept, **{"columnMapping.mode": "name"})
    elif storage == "delta":
        delta(folder / "t", kept.slice(0, 90), kept.slice(90))
    elif storage == "parquet":
        pq.write_table(kept.cast(_odd_types()), folder / "t.parquet", row_group_size=40)
        return "t.parquet"
    elif storage == "parquet_folder":
        (folder / "t").mkdir()
        for start in range(0, kept.num_rows, 60):
            pq.write_table(kept.slice(start, 60), folder / "t" / f"{start}.parquet")
    else:
        pyarrow.csv.write_csv(kept, folder / "t.csv")
        return "t.csv"
    return "t"


def _odd_types() -> pa.Schema:
    nanoseconds = pa.timestamp("ns", "Europe/Berlin")
    return pa.schema([("at", nanoseconds), ("n", pa.int64()), ("x", pa.float64()), ("word", pa.large_string())])


def rows_of(batches: Iterable[pa.RecordBatch], *columns: str) -> list[tuple]:
    return sorted(tuple(row.values()) for batch in batches for row in batch.select(columns or ["n"]).to_pylist())


def expected(*columns: str, keep=lambda n: True) -> list[tuple]:
    rows = [row for row in hourly(ROWS).to_pylist() if row["n"] not in GONE and keep(row["n"])]
    return sorted(tuple(row[column] for column in columns) for row in rows)


def test_the_schema_has_plain_types_whatever_stored_the_rows(engine, stored):
    assert engine.schema(stored) == SCHEMA


def test_a_scan_gives_every_row_that_was_not_deleted(engine, stored):
    columns = ("n", "at", "x")
    assert rows_of(engine.scan(stored), *columns) == expected(*columns)


def test_null_stays_null_and_is_not_an_empty_text(engine, stored):
    words = {row["n"]: row["word"] for batch in engine.scan(stored, ["n", "word"]) for row in batch.to_pylist()}
    assert words == {row["n"]: row["word"] for row in hourly(ROWS).to_pylist() if row["n"] not in GONE}


def test_a_scan_of_spans_gives_their_rows_and_no_others(engine, stored):
    spans = [
        Window(START + timedelta(hours=40), START + timedelta(hours=60)),
        Window(START + timedelta(hours=120, minutes=1), START + timedelta(hours=123)),
    ]
    found = engine.scan(stored, ["n"], time_column="at", spans=spans)
    assert rows_of(found) == expected("n", keep=lambda n: 40 <= n < 60 or n in (121, 122))


def test_parts_give_the_rows_of_a_scan_each_once(engine, stored):
    days = [Window(START + timedelta(days=day), START + timedelta(days=day + 1)) for day in range(1, 6)]
    parts = engine.scan_parts(stored, ["n", "word"], time_column="at", spans=days)
    together = engine.scan(stored, ["n", "word"], time_column="at", spans=days)
    assert rows_of((batch for part in parts for batch in part), "n", "word") == rows_of(together, "n", "word") != []
    assert rows_of(batch for part in engine.scan_parts(stored) for batch in part) == expected("n")


def test_no_spans_give_no_rows(engine, stored):
    assert rows_of(engine.scan(stored, ["n"], time_column="at", spans=[])) == []


def test_every_batch_has_the_columns_in_the_order_asked_for(engine, stored):
    assert {tuple(batch.schema.names) for batch in engine.scan(stored, ["word", "n"])} == {("word", "n")}


def test_a_small_result_obeys_its_condition(engine, stored):
    found = engine.read(stored, "n >= 10 AND n < 12", ["n", "word"])
    assert found.sort_by("n").to_pylist() == [{"n": 10, "word": None}, {"n": 11, "word": "w2"}]


def test_a_missing_column_is_named_with_those_that_are_there(engine, stored):
    with pytest.raises(Faulty, match=r"E302.*no column 'income'.*at, n, x, word"):
        list(engine.scan(stored, ["income"]))


def test_nothing_has_changed_when_the_cursor_is_the_newest(engine, stored):
    first = engine.changed(stored, None)
    assert first.rescan and not first.empty
    again = engine.changed(stored, first.cursor)
    assert again.empty and not again.rescan and again.cursor == first.cursor


def test_a_missing_table_is_named_with_the_place_that_was_looked_at(engine, root):
    with pytest.raises(Faulty, match=rf"E301.*no table 'data/gone'.*{root}/data/gone"):
        engine.schema(TableRef("data/gone", root))


def test_a_glob_names_files_wherever_they_lie(engine, root, tmp_path, request):
    for name in ("2026/1.parquet", "2026/2.parquet", "2027/3.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        pq.write_table(hourly(1, first=int(name[5])), tmp_path / name)
    if isinstance(root, str):
        request.getfixturevalue("bucket").upload(tmp_path, root)
    assert rows_of(engine.scan(TableRef("2026/*.parquet", root))) == [(1,), (2,)]
    assert rows_of(engine.scan(TableRef("**/[!1].parquet", root))) == [(2,), (3,)]


# hops

APP = "watchkeeper/numbers/test"


def numbers(*values: int) -> pa.Table:
    return pa.table({"seq": pa.array(values, pa.int64())})


def read_numbers(engine: Engine, table: TableRef) -> list[int]:
    return sorted(engine.read(table)["seq"].to_pylist())


def test_a_hop_writes_once(engine, root):
    table = TableRef("numbers", root)
    assert engine.stored_seq(table, APP) is None
    assert engine.write(table, numbers(7), txn=Txn(APP, 1)) is True
    assert engine.write(table, numbers(7), txn=Txn(APP, 1)) is False
    assert (read_numbers(engine, table), engine.stored_seq(table, APP)) == ([7], 1)


def test_a_hop_of_an_earlier_batch_is_passed_over(engine, root):
    table = TableRef("numbers", root)
    engine.write(table, numbers(7), txn=Txn(APP, 5))
    assert engine.write(table, numbers(8), txn=Txn(APP, 4)) is False
    assert (read_numbers(engine, table), engine.stored_seq(table, APP)) == ([7], 5)


def test_apps_do_not_see_each_other(engine, root):
    table = TableRef("numbers", root)
    engine.write(table, numbers(1), txn=Txn(APP, 9))
    assert engine.write(table, numbers(2), txn=Txn("watchkeeper/numbers/other", 1)) is True
    assert read_numbers(engine, table) == [1, 2]


def test_a_hop_without_rows_still_commits_its_batch(engine, root):
    table = TableRef("numbers", root)
    engine.write(table, numbers(), txn=Txn(APP, 1))
    engine.write(table, numbers(), txn=Txn(APP, 2), replace="seq = 3")
    assert (engine.stored_seq(table, APP), read_numbers(engine, table)) == (2, [])


def test_a_replacement_takes_the_place_of_the_rows_it_names_only(engine, root):
    table = TableRef("numbers", root)
    engine.write(table, numbers(1, 2, 3), txn=Txn(APP, 1))
    engine.write(table, numbers(2, 2), txn=Txn(APP, 2), replace="seq = 2")
    assert read_numbers(engine, table) == [1, 2, 2, 3]


def test_new_columns_and_struct_fields_join_the_table(engine, root):
    table = TableRef("grown", root)
    engine.write(table, pa.table({"s": pa.array([{"a": 1.0}], pa.struct([("a", pa.float64())]))}), txn=Txn(APP, 1))
    wider = pa.array([{"a": 2.0, "b": "x"}], pa.struct([("a", pa.float64()), ("b", pa.string())]))
    engine.write(table, pa.table({"s": wider, "more": pa.array([True])}), txn=Txn(APP, 2))
    engine.write(table, pa.table({"s": pa.array([{"a": 3.0}], pa.struct([("a", pa.float64())]))}), txn=Txn(APP, 3))
    found = sorted(engine.read(table).to_pylist(), key=lambda row: row["s"]["a"])
    assert found == [
        {"s": {"a": 1.0, "b": None}, "more": None},
        {"s": {"a": 2.0, "b": "x"}, "more": True},
        {"s": {"a": 3.0, "b": None}, "more": None},
    ]


def test_a_table_that_a_killed_process_was_about_to_make_is_made(engine, tmp_path):
    table = TableRef("numbers", tmp_path)
    (Path(table.address) / "_delta_log").mkdir(parents=True)
    assert engine.stored_seq(table, APP) is None
    assert engine.write(table, numbers(7), txn=Txn(APP, 1)) is True
    assert read_numbers(engine, table) == [7]


def start_writer(store: Path | str, first: int, last: int) -> subprocess.Popen[bytes]:
    script = ENGINES_TESTS / "writer.py"
    return subprocess.Popen(
        [sys.executable, str(script), str(store), str(first), str(last)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_two_processes_racing_write_each_batch_once(engine, root):
    last = 40 if isinstance(root, Path) else 12
    racing = [start_writer(root, 1, last) for _ in range(2)]
    errors = [process.communicate(timeout=120)[1].decode() for process in racing]
    assert [process.returncode for process in racing] == [0, 0], errors
    assert read_numbers(engine, TableRef("numbers", root)) == list(range(1, last + 1))


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_starts_again_without_doubling(engine, tmp_path):
    chance = random.Random(7)
    last, table = 60, TableRef("numbers", tmp_path)
    for _ in range(12):
        process = start_writer(tmp_path, 1, last)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.25))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = start_writer(tmp_path, 1, last)
    assert done.wait(timeout=120) == 0
    done.communicate()
    assert read_numbers(engine, table) == list(range(1, last + 1))


# expressions

BATCH = pa.RecordBatch.from_pydict(
    {"amount": [5.0, None, 20_000.0], "region": pa.array(["north", "south", None]).dictionary_encode()}
)


def test_a_boolean_is_evaluated_row_by_row_and_null_stays_null(engine):
    found = engine.evaluate(BATCH, {"large": "amount > 10000", "north": "region = 'north'"})
    assert found["large"].to_pylist() == [False, None, True]
    assert found["north"].to_pylist() == [True, False, None]


@pytest.mark.parametrize(
    ("sql", "wrong"),
    [
        ("amount > 10000 AND region IN ('north')", None),
        ("amount", "a number"),
        ("region", "a text"),
        ("income > 1", "income"),
        ("amount >", "syntax error"),
        ("count(*) > 1", "aggregates"),
        ("row_number() OVER () > 1", "window functions"),
        ("amount > (SELECT max(amount) FROM batch)", "a query inside"),
        ("true) FROM batch; SELECT (true", "one expression"),
        ("amount > (SELECT count(*) FROM read_csv('/etc/passwd'))", "disabled"),
    ],
)
def test_only_one_boolean_of_a_row_is_accepted(engine, sql, wrong):
    found = engine.is_boolean(sql, BATCH.schema)
    assert found is None if wrong is None else wrong in found
