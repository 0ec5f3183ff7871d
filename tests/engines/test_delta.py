"""Delta tables: what has changed since a cursor, and what cannot be read."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from tests.engines.delta_tables import SCHEMA, commit, delete_by_vector, delta, hourly

from watchkeeper.engines.base import TableRef
from watchkeeper.engines.local import Local
from watchkeeper.errors import Faulty
from watchkeeper.terms import Window

ENGINE = Local()


@pytest.fixture
def table(tmp_path: Path) -> TableRef:
    return TableRef("t", tmp_path)


def seen(table: TableRef) -> str:
    return ENGINE.changed(table, None).cursor


def arrived(table: TableRef, cursor: str, **options: bool) -> list[int]:
    changes = ENGINE.changed(table, cursor)
    batches = ENGINE.new_rows(table, cursor, changes, ["n"], **options)
    return sorted(row["n"] for batch in batches for row in batch.to_pylist())


def test_appended_rows_are_new_with_and_without_a_change_feed(tmp_path):
    for feed in ("true", "false"):
        table = TableRef(feed, tmp_path)
        handle = delta(Path(table.address), hourly(10), enableChangeDataFeed=feed)
        cursor = seen(table)
        write_deltalake(handle, hourly(3, first=10), mode="append")
        assert arrived(table, cursor) == [10, 11, 12]


def test_rows_are_read_as_of_the_cursor_even_if_more_have_come(table):
    handle = delta(Path(table.address), hourly(10))
    cursor = seen(table)
    write_deltalake(handle, hourly(2, first=10), mode="append")
    changes = ENGINE.changed(table, cursor)
    write_deltalake(handle, hourly(2, first=12), mode="append")
    assert [batch.num_rows for batch in ENGINE.new_rows(table, cursor, changes)] == [2]
    assert sum(batch.num_rows for batch in ENGINE.scan(table, ["n"], cursor=changes.cursor)) == 12
    assert sum(batch.num_rows for batch in ENGINE.scan(table, ["n"], cursor=cursor)) == 10


def test_new_rows_have_plain_types_and_no_columns_of_the_feed(table):
    handle = delta(Path(table.address), hourly(2), enableChangeDataFeed="true")
    cursor = seen(table)
    write_deltalake(handle, hourly(2, first=2), mode="append")
    batches = list(ENGINE.new_rows(table, cursor, ENGINE.changed(table, cursor)))
    assert [batch.schema for batch in batches] == [SCHEMA]


def test_updated_rows_arrive_anew_and_tell_what_they_were_when_asked(table):
    handle = delta(Path(table.address), hourly(10), enableChangeDataFeed="true")
    cursor = seen(table)
    handle.update(predicate="n = 4", updates={"n": "40"})
    handle.delete("n = 7")
    assert arrived(table, cursor) == [40]
    assert arrived(table, cursor, removed=True) == [4, 7, 40]


def test_compaction_changes_nothing(table):
    handle = delta(Path(table.address), hourly(10), hourly(10, first=10))
    cursor = seen(table)
    handle.optimize.compact()
    changes = ENGINE.changed(table, cursor)
    assert changes.empty and not changes.rescan and changes.cursor != cursor
    assert arrived(table, cursor) == []


def test_deletions_without_a_change_feed_mean_a_rescan(table):
    handle = delta(Path(table.address), hourly(10))
    cursor = seen(table)
    handle.delete("n = 7")
    changes = ENGINE.changed(table, cursor)
    assert changes.rescan and "no change feed" in changes.reason
    assert arrived(table, cursor) == [0, 1, 2, 3, 4, 5, 6, 8, 9]


def test_a_deletion_vector_that_came_since_means_a_rescan_without_its_rows(table):
    delta(Path(table.address), hourly(10), enableDeletionVectors="true")
    cursor = seen(table)
    delete_by_vector(Path(table.address), [0, 9])
    assert ENGINE.changed(table, cursor).rescan
    assert arrived(table, cursor) == list(range(1, 9))


def test_a_table_created_anew_is_read_anew(table):
    delta(Path(table.address), hourly(10))
    cursor = seen(table)
    write_deltalake(Path(table.address) / "other", hourly(1))
    log = Path(table.address) / "_delta_log"
    for path in log.iterdir():
        path.unlink()
    log.rmdir()
    delta(Path(table.address), hourly(5))
    changes = ENGINE.changed(table, cursor)
    assert changes.rescan and changes.reason == "the table was created anew"
    assert arrived(table, cursor) == [0, 1, 2, 3, 4]


def test_a_table_set_back_from_a_backup_is_read_anew(table):
    handle = delta(Path(table.address), hourly(10))
    write_deltalake(handle, hourly(5, first=10), mode="append")
    cursor = seen(table)
    (Path(table.address) / "_delta_log" / f"{2:020d}.json").unlink()
    changes = ENGINE.changed(table, cursor)
    assert changes.rescan and changes.reason == "the table went back from version 2 to 1"


def test_a_log_that_was_cleaned_below_the_cursor_means_a_rescan(table):
    handle = delta(Path(table.address), hourly(10), hourly(1, first=10), hourly(1, first=11))
    first = json.dumps({"delta": handle.metadata().id, "version": 1})
    handle.create_checkpoint()
    for version in (0, 1, 2):
        (Path(table.address) / "_delta_log" / f"{version:020d}.json").unlink()
    changes = ENGINE.changed(table, first)
    assert changes.rescan and changes.reason == "the log no longer reaches back to version 1"
    assert len(arrived(table, first)) == 12


def test_vacuumed_files_of_the_changes_mean_a_rescan(table):
    handle = delta(Path(table.address), hourly(10), enableChangeDataFeed="true")
    cursor = seen(table)
    write_deltalake(handle, hourly(2, first=10), mode="append")
    handle.optimize.compact()
    handle.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    changes = ENGINE.changed(table, cursor)
    assert changes.rescan and "vacuumed" in changes.reason
    assert arrived(table, cursor) == list(range(12))


def test_partition_columns_come_back_with_their_types(table):
    rows = hourly(48).append_column("day", hourly(48)["at"].cast(pa.date32(), safe=False))
    handle = DeltaTable.create(table.address, rows.schema, partition_by=["day"])
    write_deltalake(handle, rows, mode="append")
    found = pa.Table.from_batches(list(ENGINE.scan(table, ["n", "day"]))).sort_by("n")
    assert found["day"].to_pylist() == rows["day"].to_pylist()


def test_columns_added_later_are_null_in_earlier_rows(table):
    handle = delta(Path(table.address), hourly(2))
    wider = hourly(1, first=2).append_column("more", pa.array(["new"]))
    write_deltalake(handle, wider, mode="append", schema_mode="merge")
    found = pa.Table.from_batches(list(ENGINE.scan(table, ["n", "more"]))).sort_by("n")
    assert found["more"].to_pylist() == [None, None, "new"]


def test_the_schema_is_that_of_the_cursor(table):
    handle = delta(Path(table.address), hourly(2))
    cursor = seen(table)
    wider = hourly(1, first=2).append_column("more", pa.array(["new"]))
    write_deltalake(handle, wider, mode="append", schema_mode="merge")
    assert ENGINE.schema(table, cursor).names == SCHEMA.names
    assert ENGINE.schema(table).names == [*SCHEMA.names, "more"]


def test_a_feature_this_engine_cannot_read_is_named_with_a_way_out(table):
    delta(Path(table.address), hourly(2))
    features = {"readerFeatures": ["typeWidening"], "writerFeatures": ["typeWidening"]}
    commit(Path(table.address), {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, **features}})
    with pytest.raises(Faulty, match=r"E306.*typeWidening.*--engine spark"):
        ENGINE.schema(table)


def test_a_broken_log_is_named(table):
    delta(Path(table.address), hourly(2))
    (Path(table.address) / "_delta_log" / f"{1:020d}.json").write_text("{broken")
    with pytest.raises(Faulty, match=r"E301.*cannot be read"):
        ENGINE.schema(table)


def test_a_lost_data_file_is_a_fault_and_not_fewer_rows(table):
    delta(Path(table.address), hourly(2))
    next(Path(table.address).glob("*.parquet")).unlink()
    with pytest.raises(Faulty, match="E301"):
        list(ENGINE.scan(table))


def test_text_that_the_file_holds_as_a_dictionary_is_kept_as_one(table):
    words = pa.table({"word": ["low", "high"] * 5000})
    delta(Path(table.address), words)
    (batch,) = ENGINE.scan(table)
    assert pa.types.is_dictionary(batch.schema.field("word").type)
    assert batch.column("word").cast(pa.string()).to_pylist() == words["word"].to_pylist()


def test_times_without_a_zone_are_pruned_as_utc(table):
    naive = [datetime(2026, 1, 1, hour) for hour in range(24)]
    delta(Path(table.address), pa.table({"at": pa.array(naive, pa.timestamp("us")), "n": list(range(24))}))
    span = Window(datetime(2026, 1, 1, 5, tzinfo=UTC), datetime(2026, 1, 1, 7, tzinfo=UTC))
    found = ENGINE.scan(table, ["n"], time_column="at", spans=[span])
    assert [row["n"] for batch in found for row in batch.to_pylist()] == [5, 6]
