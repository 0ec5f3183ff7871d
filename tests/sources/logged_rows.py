"""Builders of inference tables: what is special stands in the test, the rest here."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pyarrow as pa

from watchkeeper.sources.base import ColumnMap, UnpackOptions

TIME = dt.datetime(2026, 8, 28, 9, 15, 2, 481000, tzinfo=dt.UTC)
TABLE = pa.schema(
    [
        ("databricks_request_id", pa.string()),
        ("request_date", pa.date32()),
        ("client_request_id", pa.string()),
        ("request_time", pa.timestamp("us", "UTC")),
        ("status_code", pa.int32()),
        ("sampling_fraction", pa.float64()),
        ("execution_duration_ms", pa.int64()),
        ("request", pa.string()),
        ("response", pa.string()),
        ("logging_error_codes", pa.list_(pa.field("element", pa.string()))),
        ("served_entity_id", pa.string()),
        ("requester", pa.string()),
    ]
)
OPTIONS = UnpackOptions("credit", 7, "main.serving.credit_score_payload@12", b"key")


def logged(**facts: Any) -> dict[str, Any]:
    """One row of the table; bodies may be given as JSON values."""
    row = {
        "databricks_request_id": "7d0c1f2e",
        "request_date": TIME.date(),
        "client_request_id": "",
        "request_time": TIME,
        "status_code": 200,
        "sampling_fraction": 1.0,
        "execution_duration_ms": 184,
        "request": {"dataframe_records": [{"age": 41, "income": 52000}], "client_request_id": "app-991"},
        "response": {"predictions": [0.137]},
        "logging_error_codes": [],
        "served_entity_id": "0f1e2d3c",
        "requester": "svc-scoring@example.com",
    } | facts
    bodies = {name: row[name] for name in ("request", "response")}
    return row | {name: json.dumps(body) if isinstance(body, dict) else body for name, body in bodies.items()}


def table(*rows: dict[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=TABLE)


def options(**columns: Any) -> UnpackOptions:
    return replace(OPTIONS, columns=ColumnMap(**columns))


def without(events: pa.RecordBatch, *names: str) -> list[dict[str, Any]]:
    """The events as dicts, in an order that does not depend on how they came."""
    kept = [{name: value for name, value in event.items() if name not in names} for event in events.to_pylist()]
    return sorted(kept, key=repr)
