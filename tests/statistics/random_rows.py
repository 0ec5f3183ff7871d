"""Random rows for the kernel, with everything that real logs hold: nulls, NaN, infinities, weights, duplicates."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from watchkeeper.schemas import TIME
from watchkeeper.statistics.grid import CATEGORY, NUMERIC, Grid, fit_numeric
from watchkeeper.statistics.kernel import Measure, MeasuredColumn, Population
from watchkeeper.windows import Calendar, Duration

DAY = 86_400_000_000
STATUSES = ("ok", "ok", "ok", "ok", "not_json", "empty", "duplicate", "future")


def random_rows(seed: int, rows: int = 600, days: int = 3, weights: bool = True, values: int = 3) -> pa.RecordBatch:
    random = np.random.default_rng(seed)
    status = random.choice(STATUSES, rows)

    def holed(array: np.ndarray, share: float = 0.1) -> pa.Array:
        return pa.array(array, mask=(random.random(rows) < share) | (status != "ok"))

    amount = np.where(random.random(rows) < 0.3, 0.0, random.normal(5, 3, rows).round(1))
    amount[random.random(rows) < 0.03] = np.nan
    amount[random.random(rows) < 0.03] = np.inf
    amount[random.random(rows) < 0.03] = -np.inf
    amount[random.random(rows) < 0.02] = 1e9
    columns = {
        "event_time": pa.array(random.integers(0, days * DAY, rows) + 20_000 * DAY, pa.int64()).cast(TIME),
        "model_version": pa.array(random.choice(["1", "2"], rows)),
        "weight": pa.array(random.choice([1.0, 2.0, 2.5], rows) if weights else np.ones(rows)),
        "row_index": pa.array(random.integers(0, 2, rows), pa.int32()),
        "status_code": pa.array(random.choice([200, 200, 500], rows), pa.int32(), mask=random.random(rows) < 0.2),
        "parse_status": pa.array(status),
        "latency_ms": pa.array(random.exponential(100, rows)),
        "score": holed(random.random(rows).round(2)),
        "decision": holed(random.choice(["0", "1"], rows)),
        "label": holed(random.choice(["0", "1"], rows), 0.5),
        "segment:region": holed(random.choice([f"r{i}" for i in range(values)], rows)),
        "segment:plan": pa.array(random.choice(["a", "b"], rows)),
        "amount": holed(amount),
        "count": pa.array(random.integers(-3, 2000, rows), pa.int64()),
        "colour": holed(random.choice(["red", "blue", "green", "violet"], rows)),
        "vip": holed(random.random(rows) < 0.5),
    }
    misfit = columns["amount"].is_null().to_numpy(zero_copy_only=False) & (random.random(rows) < 0.5)
    both = columns["colour"].is_null().to_numpy(zero_copy_only=False) & misfit
    misfits = [
        ([("amount", '"x"')] if m else []) + ([("colour", "7")] if b else []) if m or b else None
        for m, b in zip(misfit, both, strict=True)
    ]
    columns["misfits"] = pa.array(misfits, pa.map_(pa.string(), pa.string()))
    return pa.RecordBatch.from_pydict(columns)


AMOUNT = fit_numeric("amount", np.array([0.0] * 30 + list(np.linspace(-1, 9, 70))))
SCORE = fit_numeric("score", np.linspace(0, 1, 500))
COLOUR = Grid("colour", CATEGORY, categories=("red", "blue"))
BARE = Grid("count", NUMERIC)
MOMENTS, HISTOGRAM, CATEGORIES, DISTINCT = "moments@1", "histogram@1", "categories@1", "distinct@1"
CALENDAR = Calendar(Duration(1, "day"))


def measure(segments: tuple[str, ...] = ("region", "plan")) -> Measure:
    return Measure(
        CALENDAR,
        (
            MeasuredColumn("amount", (MOMENTS, HISTOGRAM, DISTINCT), grid=AMOUNT),
            MeasuredColumn("count", (MOMENTS, HISTOGRAM, DISTINCT), grid=BARE),
            MeasuredColumn("colour", (CATEGORIES, DISTINCT), grid=COLOUR),
            MeasuredColumn("vip", (CATEGORIES, DISTINCT)),
            MeasuredColumn("score", (MOMENTS, HISTOGRAM, "score_bins@1"), grid=SCORE),
            MeasuredColumn("decision", (CATEGORIES, "confusion@1")),
            MeasuredColumn("label", (CATEGORIES,)),
            MeasuredColumn("latency_ms", (MOMENTS, HISTOGRAM), Population.SERVED),
            MeasuredColumn("status_code", (CATEGORIES,), Population.REQUESTS),
            MeasuredColumn("parse_status", (CATEGORIES,), Population.ALL),
            MeasuredColumn("event_time", (MOMENTS,), Population.ALL),
        ),
        segments,
        ("0", "1"),
        log_loss=True,
    )
