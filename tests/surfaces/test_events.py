"""Events of a payload log, which runs have stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2026, 5, 1, 10, tzinfo=UTC)


def _request(at: int, request: str, response: str | None) -> dict[str, object]:
    return {
        "databricks_request_id": f"request-{at:04d}",
        "client_request_id": None,
        "request_date": START.date(),
        "request_time": START + timedelta(minutes=at),
        "status_code": 200,
        "sampling_fraction": 1.0,
        "execution_duration_ms": 12,
        "request": request,
        "response": response,
        "served_entity_id": "entity-1",
        "logging_error_codes": [],
        "requester": "somebody@bank.example",
    }


def test_stored_events_are_shown_with_how_they_were_read(ask, tmp_path):
    good = json.dumps({"dataframe_records": [{"job": "clerk", "age": 41}]})
    rows = [_request(0, good, '{"predictions": [0.25]}'), _request(1, "not json", '{"predictions": [0.5]}')]
    (tmp_path / "log").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "log" / "part-0.parquet")
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors" / "credit.yaml").write_text("source: log\ncolumns: {score: predictions}\n")
    assert ask("-C", tmp_path, "--now", "2026-05-02T03:00:00Z", "run").code == 0
    whole = ask("-C", tmp_path, "events", "credit", "--json").data["items"]
    assert [one["parse_status"] for one in whole] == ["not_json", "ok"]
    assert whole[1]["inputs"] == {"age": "<number>", "job": "<text of 5>"}
    assert whole[1]["request_id"] == "request-…"
    assert "somebody" not in json.dumps(whole)
    broken = ask("-C", tmp_path, "events", "credit", "--parse-status", "not_json", "--json").data["items"]
    assert [one["request_id"] for one in broken] == ["request-…"]
    clear = ask("-C", tmp_path, "events", "credit", "--parse-status", "ok", "--show-values", "--json").data["items"]
    assert (clear[0]["inputs"], clear[0]["score"]) == ({"age": 41.0, "job": "clerk"}, 0.25)
