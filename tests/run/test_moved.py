"""A log that has moved to another table, or was made anew: nothing is lost and nothing counts twice."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import write_deltalake
from tests.run.build import PAYLOAD, ROWS, Bank, assert_same, between, day, payload, predictions

from watchkeeper.errors import Faulty

MOVED = PAYLOAD.replace("{table: data/log, since: 60 days}", "{table: data/log, former: data/old, since: 60 days}")


def legacy(rows: pa.Table) -> pa.Table:
    """The rows as the older kind of inference table holds them."""
    logged = payload(rows)
    metadata = [[("model_name", "credit"), ("model_version", version)] for version in rows["version"].to_pylist()]
    return pa.table(
        {
            "databricks_request_id": logged["databricks_request_id"],
            "client_request_id": logged["client_request_id"],
            "date": logged["request_date"],
            "timestamp_ms": pc.divide(rows["at"].cast(pa.int64()), 1000),
            "status_code": logged["status_code"],
            "sampling_fraction": logged["sampling_fraction"],
            "execution_time_ms": logged["execution_duration_ms"],
            "request": logged["request"],
            "response": logged["response"],
            "request_metadata": pa.array(metadata, pa.map_(pa.string(), pa.string())),
        }
    )


def counted(bank: Bank) -> dict[int, float]:
    """Rows by day, of all versions."""
    rows = bank.points().filter(pc.starts_with(bank.points()["metric"], "row_count@")).to_pylist()
    return {
        (row["window_start"] - day(0)).days: row["value"]
        for row in rows
        if row["segment_key"] == "" and row["model_version"] == "*" and row["value"] is not None and not row["baseline"]
    }


def a_bank(tmp_path: Any, text: str = MOVED) -> Bank:
    return Bank(tmp_path / "bank", text).prepare()


def test_events_of_the_older_table_and_of_the_newer_are_one_log(tmp_path):
    bank = a_bank(tmp_path)
    write_deltalake(bank.folder / "data" / "old", legacy(between(predictions(), 0, 2)))
    bank.deliver(between(predictions(), 2, 4))
    result = bank.run(day(4, 2))
    assert result.rows.new == 240
    assert {at: rows for at, rows in counted(bank).items() if at < 4} == dict.fromkeys(range(4), 60.0)


def test_a_request_that_stands_in_both_tables_counts_once(tmp_path):
    bank = a_bank(tmp_path)
    write_deltalake(bank.folder / "data" / "old", legacy(between(predictions(), 0, 3)))
    bank.deliver(between(predictions(), 2, 4))
    result = bank.run(day(4, 2))
    assert result.rows.duplicate == 60
    assert {at: rows for at, rows in counted(bank).items() if at < 4} == dict.fromkeys(range(4), 60.0)


def test_naming_the_former_table_later_adds_what_was_missing_and_nothing_else(tmp_path):
    bank = a_bank(tmp_path, PAYLOAD)
    write_deltalake(bank.folder / "data" / "old", legacy(between(predictions(), 1, 3)))
    bank.deliver(between(predictions(), 1.5, 4))
    bank.run(day(4, 2))
    assert counted(bank)[1] < 60
    bank.say(MOVED)
    bank.run(day(4, 3))
    assert {at: rows for at, rows in counted(bank).items() if at < 4} == dict.fromkeys(range(1, 4), 60.0)


def test_a_former_table_may_be_dropped_once_it_was_read(tmp_path):
    bank = a_bank(tmp_path)
    write_deltalake(bank.folder / "data" / "old", legacy(between(predictions(), 0, 2)))
    bank.deliver(between(predictions(), 2, 3))
    bank.run(day(3, 2))
    shutil.rmtree(bank.folder / "data" / "old")
    bank.deliver(between(predictions(), 3, 4))
    bank.run(day(4, 2))
    assert {at: rows for at, rows in counted(bank).items() if at < 4} == dict.fromkeys(range(4), 60.0)


def test_a_former_table_that_never_was_is_a_fault(tmp_path):
    bank = a_bank(tmp_path)
    bank.deliver(between(predictions(), 0, 1))
    with pytest.raises(Faulty, match="E301"):
        bank.run(day(1, 2))


def test_only_a_log_of_requests_can_have_moved(tmp_path):
    bank = a_bank(tmp_path, ROWS.replace("{table: data/log,", "{table: data/log, former: [data/old],"))
    bank.deliver(between(predictions(), 0, 1))
    with pytest.raises(Faulty, match=r"E102.*only a log of requests can have moved"):
        bank.run(day(1, 2))


def test_a_table_that_was_made_anew_is_read_whole_and_nothing_is_doubled(tmp_path):
    bank = a_bank(tmp_path, PAYLOAD)
    bank.deliver(between(predictions(), 0, 2))
    bank.run(day(2, 2))
    before = bank.statistics()
    shutil.rmtree(bank.log)
    bank.deliver(between(predictions(), 0, 2))
    result = bank.run(day(2, 3))
    assert any("data/log was read anew: the table was created anew" in note for note in result.notes)
    assert result.rows.duplicate == 0
    assert_same(bank.statistics(), before)
    shutil.rmtree(bank.log)
    bank.deliver(between(predictions(), 1, 3))
    bank.run(day(3, 2))
    assert {at: rows for at, rows in counted(bank).items() if at < 3} == dict.fromkeys(range(3), 60.0)


def test_what_was_too_large_to_be_logged_is_estimated_and_told(tmp_path):
    bank = a_bank(tmp_path, PAYLOAD)
    logged = payload(between(predictions(), 0, 1)).to_pylist()
    for row in logged[:10]:
        row |= {"request": None, "logging_error_codes": ["MAX_REQUEST_SIZE_EXCEEDED"]}
    for row in logged[10:]:
        asked = json.loads(row["request"])["dataframe_records"]
        row["request"] = json.dumps({"dataframe_records": asked * 2})
        row["response"] = json.dumps({"predictions": json.loads(row["response"])["predictions"] * 2})
    write_deltalake(bank.log, pa.Table.from_pylist(logged, payload(predictions()).schema))
    result = bank.run(day(1, 2))
    assert result.rows.by_parse_status == {"ok": 100, "too_large": 10}
    expected = "10 requests were too large to be logged: what they said is missing, at least 16.67% of the predictions"
    assert any(note.startswith(expected) for note in result.notes)
