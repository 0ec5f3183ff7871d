from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa
import pytest
from tests.sources.logged_rows import OPTIONS, logged, table

from watchkeeper.sources.inference_table import SOURCE

TIME = dt.datetime(2026, 1, 5, 9, 15, 2, 481_000, tzinfo=dt.UTC)
OLD = pa.schema(
    [
        ("databricks_request_id", pa.string()),
        ("client_request_id", pa.string()),
        ("date", pa.date32()),
        ("timestamp_ms", pa.int64()),
        ("status_code", pa.int32()),
        ("sampling_fraction", pa.float64()),
        ("execution_time_ms", pa.int64()),
        ("request", pa.string()),
        ("response", pa.string()),
        ("request_metadata", pa.map_(pa.string(), pa.string())),
    ]
)
ROW = {
    "databricks_request_id": "7d0c1f2e",
    "client_request_id": None,
    "date": dt.date(2026, 1, 5),
    "timestamp_ms": 1_767_604_502_481,
    "status_code": 200,
    "sampling_fraction": 0.5,
    "execution_time_ms": 184,
    "request": json.dumps({"dataframe_records": [{"age": 41}], "client_request_id": "app-991"}),
    "response": json.dumps({"predictions": [0.137]}),
    "request_metadata": [("endpoint_name", "credit"), ("model_name", "credit"), ("model_version", "12")],
}


def old(**changes: object) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([ROW | changes], OLD)


def test_the_older_table_is_recognised_by_its_columns():
    assert SOURCE.recognises(OLD) == 1
    assert SOURCE.recognises(pa.schema([field for field in OLD if field.name != "request_metadata"])) == 0


def test_the_older_table_says_the_same_under_other_names():
    (event,) = SOURCE.unpack(old(), OPTIONS).to_pylist()
    expected = {"event_time": TIME, "latency_ms": 184.0, "weight": 2.0, "status_code": 200, "score": 0.137}
    expected |= {"model_version": "credit/12", "requester": None, "logging_error_codes": None, "parse_status": "ok"}
    assert {name: event[name] for name in expected} == expected
    assert event["inputs"] == {"age": 41.0}


def test_a_request_has_one_event_id_in_both_kinds_of_table():
    (new,) = SOURCE.unpack(table(logged()), OPTIONS)["event_id"].to_pylist()
    assert SOURCE.unpack(old(), OPTIONS)["event_id"].to_pylist() == [new]


@pytest.mark.parametrize(
    ("metadata", "version"),
    [
        ([("model_name", "credit"), ("model_version", "12")], "credit/12"),
        ([("model_version", "12")], "12"),
        ([("model_name", "credit")], "credit"),
        ([], ""),
        (None, ""),
    ],
)
def test_the_version_is_what_the_metadata_says(metadata, version):
    assert SOURCE.unpack(old(request_metadata=metadata), OPTIONS)["model_version"].to_pylist() == [version]


def test_a_missing_time_falls_back_to_the_date():
    (event,) = SOURCE.unpack(old(timestamp_ms=None), OPTIONS).to_pylist()
    assert event["event_time"] == dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


def test_the_columns_read_are_all_it_needs():
    batch = old().append_column("unheard_of", pa.array([b"x"]))
    read = SOURCE.reads(batch.schema, OPTIONS)
    assert read == OLD.names
    assert SOURCE.unpack(batch.select(read), OPTIONS).equals(SOURCE.unpack(batch, OPTIONS))
