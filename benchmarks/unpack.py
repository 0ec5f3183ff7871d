"""How fast payloads become events, held against parsing the same bodies.

Inference-table rows of one request of one row each, 30 features: numbers, texts, booleans, nulls, and in every 500th
number a text that does not fit. Measures the CPU time (user and system, all threads) of ``unpack`` as a run calls it,
of ``orjson.loads`` and of ``json.loads`` over the same requests and responses; the best of several passes of each,
taken in turn, so that other load strikes all alike. The types of the log are known, as they are from the second batch
on. Prints a table and as its last line one JSON object. `make bench NAME=unpack`; about a minute.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.sources.base import UnpackOptions
from watchkeeper.sources.inference_table import SOURCE
from watchkeeper.sources.logged import COLUMNS

ROWS = 40_000
PASSES = 7
MISFITS = 0.002
_START = datetime(2026, 9, 7, tzinfo=UTC)
_PLACES = ("north", "south", "east", "west", "central")


def record(rng: random.Random) -> dict[str, Any]:
    """The features of one request."""
    row: dict[str, Any] = {f"amount_{k}": round(rng.lognormvariate(8, 1), 2) for k in range(8)}
    row |= {f"count_{k}": rng.randrange(1_000) for k in range(6)}
    for name in row:
        if rng.random() < MISFITS:
            row[name] = "41 years"
    row |= {f"category_{k}": f"{rng.choice(_PLACES)}{k}" for k in range(8)}
    row |= {f"flag_{k}": rng.random() < 0.5 for k in range(4)}
    return row | {f"rare_{k}": None if rng.random() < 0.6 else round(rng.random(), 6) for k in range(4)}


def request(form: str, row: dict[str, Any]) -> str:
    """The body of a request in one of the forms of a model server."""
    if form == "records":
        return json.dumps({"dataframe_records": [row]})
    return json.dumps({"dataframe_split": {"columns": list(row), "data": [list(row.values())]}})


def log(form: str, rows: int) -> pa.RecordBatch:
    """An inference table; equal seeds give equal rows in both forms."""
    rng = random.Random(7)
    bodies = [request(form, record(rng)) for _ in range(rows)]
    columns = {
        "databricks_request_id": [f"{rng.getrandbits(128):032x}" for _ in bodies],
        "request_date": [_START.date()] * rows,
        "client_request_id": [f"app-{at}" for at in range(rows)],
        "request_time": [_START + timedelta(seconds=at) for at in range(rows)],
        "status_code": [200] * rows,
        "sampling_fraction": [1.0] * rows,
        "execution_duration_ms": [float(40 + at % 60) for at in range(rows)],
        "request": bodies,
        "response": [json.dumps({"predictions": [round(rng.random(), 6)]}) for _ in bodies],
        "logging_error_codes": [[]] * rows,
        "served_entity_id": ["0f1e2d3c4b5a69788796a5b4c3d2e1f0"] * rows,
        "requester": ["svc-scoring@example.com"] * rows,
    }
    return pa.record_batch({name: pa.array(values, COLUMNS[name]) for name, values in columns.items()})


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one pass."""
    before = time.process_time()
    work()
    return time.process_time() - before


def each(parse: Callable[[str], object], bodies: Sequence[str]) -> Callable[[], None]:
    def work() -> None:
        for body in bodies:
            parse(body)

    return work


def measure(form: str) -> dict[str, float]:
    """Microseconds of CPU per logged row, and how many values did not fit."""
    batch = log(form, ROWS)
    options = UnpackOptions(source_id="bench", batch_seq=1, table="bench@1", privacy_key=b"bench")
    inputs, outputs = SOURCE.infer(batch.slice(0, 2_000), options)
    options = replace(options, inputs=inputs, outputs=outputs)
    bodies = [*batch["request"].to_pylist(), *batch["response"].to_pylist()]
    works = {
        "unpack": lambda: SOURCE.unpack(batch, options),
        "orjson": each(orjson.loads, bodies),
        "json": each(json.loads, bodies),
    }
    best = {name: cpu(work) for name, work in works.items()}
    for _ in range(PASSES - 1):
        best = {name: min(best[name], cpu(work)) for name, work in works.items()}
    events = SOURCE.unpack(batch, options)
    assert len(events) == ROWS
    misfits = pc.sum(pc.is_valid(events["misfits"])).as_py()
    return {name: 1e6 * seconds / ROWS for name, seconds in best.items()} | {"rows_with_misfits": misfits}


def main() -> None:
    told: dict[str, float] = {"rows": ROWS}
    print(f"{'form':8} {'unpack':>8} {'orjson':>8} {'json':>8}   µs of CPU per row")
    for form in ("records", "split"):
        found = measure(form)
        print(f"{form:8} {found['unpack']:8.2f} {found['orjson']:8.2f} {found['json']:8.2f}")
        told[f"ratio_{form}"] = round(found["unpack"] / found["orjson"], 2)
        told[f"ratio_{form}_json"] = round(found["unpack"] / found["json"], 2)
        told |= {f"{name}_us_{form}": round(found[name], 2) for name in ("unpack", "orjson", "json")}
        told[f"rows_with_misfits_{form}"] = found["rows_with_misfits"]
    print(json.dumps(told))


if __name__ == "__main__":
    main()
