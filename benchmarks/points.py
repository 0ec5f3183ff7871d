"""Points from stored statistics: 200 columns, 90 daily windows, 5 segments beside all rows.

``python -m benchmarks.points [columns] [windows]``. The statistics are of real rows, counted before the clock runs;
what is asked is what a monitor asks by default. The last line is JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from watchkeeper.catalog import Catalog
from watchkeeper.metrics.evaluate import Request, evaluate
from watchkeeper.run.measure import measure
from watchkeeper.spec.load import load
from watchkeeper.spec.resolve import Resolved, resolve
from watchkeeper.statistics import kernel
from watchkeeper.statistics.grid import CATEGORY, Grid, fit_categories, fit_numeric
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.windows import micros

COLUMNS, WINDOWS, SEGMENTS, A_WINDOW = 200, 90, 5, 600
START = datetime(2026, 1, 5, tzinfo=UTC)
MONITOR = """\
name: wide
source: wide
task: none
columns: {time: event_time}
segments: [place]
baseline: {first: 28 days}
"""


def rows(columns: int, windows: int) -> pa.RecordBatch:
    """Four in five columns are numbers; the others have up to eight categories."""
    rng, size = np.random.default_rng(7), windows * A_WINDOW
    at = micros(START) + np.sort(rng.integers(0, windows * 86_400_000_000, size))
    made = {
        "event_time": pa.array(at).cast(pa.timestamp("us", "UTC")),
        "model_version": pa.repeat("v1", size),
        "weight": pa.repeat(1.0, size),
        "row_index": pa.repeat(pa.scalar(0, pa.int32()), size),
        "status_code": pa.repeat(pa.scalar(200, pa.int32()), size),
        "parse_status": pa.repeat("ok", size),
        "latency_ms": pa.nulls(size, pa.float64()),
        "score": pa.nulls(size, pa.float64()),
        "decision": pa.nulls(size, pa.string()),
        "label": pa.nulls(size, pa.string()),
        "segment:place": pa.array(rng.choice([f"place {i}" for i in range(SEGMENTS)], size)),
    }
    for number in range(columns):
        if number % 5:
            made[f"c{number:03}"] = pa.array(rng.lognormal(0, 1, size), mask=rng.random(size) < 0.01)
        else:
            made[f"c{number:03}"] = pa.array(rng.choice(list("abcdefgh"), size))
    return pa.RecordBatch.from_pydict(made)


def resolved(batch: pa.RecordBatch, grids: dict[str, Grid] | None = None) -> Resolved:
    monitor, faults = load(MONITOR, "wide.yaml", START)
    assert monitor is not None, faults
    features = [field for field in batch.schema if field.name.startswith("c")]
    features.append(pa.field("place", pa.string()))
    metrics = Catalog().all("metrics")
    found, faults = resolve(monitor, pa.schema(features), {"event_time", "parse_status"}, metrics, grids=grids)
    assert found is not None, faults
    return found


def grids_of(batch: pa.RecordBatch) -> dict[str, Grid]:
    found = {}
    for field in batch.schema:
        values = batch[field.name]
        if field.name.startswith("c") and pa.types.is_floating(field.type):
            found[field.name] = fit_numeric(field.name, values.drop_null().to_numpy())
        elif field.name.startswith("c"):
            counts = values.value_counts().to_pylist()
            found[field.name] = fit_categories(field.name, {one["values"]: one["counts"] for one in counts})
    assert all(grid.kind == CATEGORY or grid.cells > 1 for grid in found.values())
    return found


def statistics(batch: pa.RecordBatch, watched: Resolved, grids: dict[str, Grid]) -> tuple[Shelf, Shelf]:
    """The statistics by window, and of the baseline: the first 28 days."""
    wanted = measure(watched, grids)
    batch = batch.append_column("place", batch["segment:place"])
    shelf = kernel.with_marginals(kernel.count(batch, wanted), None)
    return shelf, shelf.within(micros(START), micros(START + timedelta(days=28))).total()


def points(
    requests: list[Request], shelf: Shelf, baseline: Shelf, watched: Resolved, windows: int
) -> tuple[pa.Table, float, float]:
    """The points, wall seconds and CPU seconds."""
    wall, before = time.perf_counter(), _cpu()
    made = evaluate(
        requests,
        shelf,
        baseline,
        monitor="wide",
        monitor_version="v",
        calendar=watched.monitor.calendar,
        windows=[micros(START + timedelta(days=day)) for day in range(windows)],
        now=START + timedelta(days=windows + 1),
        grace=watched.monitor.grace,
        seq=1,
    )
    return made, time.perf_counter() - wall, _cpu() - before


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def prepared(columns: int, windows: int) -> tuple[list[Request], Shelf, Shelf, Resolved]:
    batch = rows(columns, windows)
    grids = grids_of(batch)
    watched = resolved(batch, grids)
    shelf, baseline = statistics(batch, watched, grids)
    requests = [Request(r.metric, r.options, r.column, r.baselines) for r in watched.requests]
    return requests, shelf, baseline, watched


def main(columns: int = COLUMNS, windows: int = WINDOWS) -> None:
    requests, shelf, baseline, watched = prepared(columns, windows)
    made, seconds, cpu = points(requests, shelf, baseline, watched, windows)
    told = {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "points": made.num_rows,
        "requests": len(requests),
        "us_per_point": round(cpu / made.num_rows * 1e6, 2),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:]))
