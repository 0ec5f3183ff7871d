"""A small model's rows, counted by the kernel: what points are computed from in the tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper.metrics.data.category_share import METRIC as CATEGORY_SHARE
from watchkeeper.metrics.data.freshness_seconds import METRIC as FRESHNESS
from watchkeeper.metrics.data.mean import METRIC as MEAN
from watchkeeper.metrics.data.null_share import METRIC as NULL_SHARE
from watchkeeper.metrics.data.quantile import METRIC as QUANTILE
from watchkeeper.metrics.data.row_count import METRIC as ROW_COUNT
from watchkeeper.metrics.drift.js_distance import METRIC as JS_DISTANCE
from watchkeeper.metrics.drift.psi import METRIC as PSI
from watchkeeper.metrics.evaluate import Request, evaluate
from watchkeeper.metrics.quality.accuracy import METRIC as ACCURACY
from watchkeeper.metrics.quality.log_loss import METRIC as LOG_LOSS
from watchkeeper.metrics.quality.roc_auc import METRIC as ROC_AUC
from watchkeeper.statistics import kernel
from watchkeeper.statistics.grid import fit_categories, fit_numeric
from watchkeeper.statistics.measure import Measure, MeasuredColumn, Population
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.windows import Calendar, Duration, micros

CALENDAR = Calendar(Duration(1, "day"))
FIRST = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
GRIDS = {
    "x": fit_numeric("x", np.random.default_rng(1).normal(size=10_000)),
    "score": fit_numeric("score", np.random.default_rng(2).beta(2, 4, 10_000)),
    "c": fit_categories("c", {"a": 50, "b": 30, "d": 20}),
}
FIXED = ("fixed",)
BOTH = ("fixed", "previous")


def day(number: int) -> datetime:
    """Start of a day of the world; 0 is the first."""
    return FIRST + timedelta(days=number)


def start(number: int) -> int:
    return micros(day(number))


def rows(first: int, days: int, per_day: int, seed: int, shift: float = 0.0) -> pa.RecordBatch:
    """Rows spread over some days: two versions, two regions, one value in ten of x missing."""
    rng, n = np.random.default_rng(seed), days * per_day
    at = start(first) + (np.arange(n) * (86_400_000_000 // per_day))
    label = rng.integers(0, 2, n)
    score = np.clip(rng.normal(0.35 + 0.2 * label, 0.15), 0.001, 0.999)
    x = [
        None if missing else value for value, missing in zip(rng.normal(shift, 1, n), rng.random(n) < 0.1, strict=True)
    ]
    columns: dict[str, Any] = {
        "event_time": pa.array(at, pa.timestamp("us", tz="UTC")),
        "model_version": pa.array(np.where(np.arange(n) % 4 == 0, "2", "1")),
        "weight": pa.array(np.ones(n)),
        "row_index": pa.array(np.zeros(n, np.int32)),
        "status_code": pa.array(np.full(n, 200, np.int32)),
        "parse_status": pa.array(np.where(np.arange(n) % 50 == 49, "not_json", "ok")),
        "latency_ms": pa.array(rng.exponential(100, n)),
        "score": pa.array(score),
        "decision": pa.array(np.where(score > 0.45, "1", "0")),
        "label": pa.array(label.astype(str)),
        "segment:region": pa.array(np.where(np.arange(n) % 3 == 0, "north", "south")),
        "x": pa.array(x, pa.float64()),
        "c": pa.array(rng.choice(["a", "b", "d"], n, p=[0.5, 0.3, 0.2])),
    }
    return pa.RecordBatch.from_pydict(columns)


def measure(gridded: bool = True) -> Measure:
    grids = GRIDS if gridded else {}
    number, word = ("moments@1", "histogram@1"), ("categories@1",)
    return Measure(
        CALENDAR,
        (
            MeasuredColumn("parse_status", word, Population.ALL),
            MeasuredColumn("event_time", ("moments@1",), Population.ALL),
            MeasuredColumn("x", number, grid=grids.get("x")),
            MeasuredColumn("c", word, grid=grids.get("c")),
            MeasuredColumn("score", (*number, "score_bins@1"), grid=grids.get("score")),
            MeasuredColumn("decision", (*word, "confusion@1")),
            MeasuredColumn("label", word),
        ),
        segments=("region",),
        classes=("0", "1"),
        log_loss=True,
    )


def counted(*batches: pa.RecordBatch, gridded: bool = True) -> Shelf:
    """What the kernel counts of some batches."""
    return kernel.with_marginals(kernel.merged(kernel.count(batch, measure(gridded)) for batch in batches))


BASELINE = counted(rows(-28, 28, 200, seed=3)).total()
"""Four weeks before the first day."""


def requests(baselines: tuple[str, ...] = FIXED, blocks: tuple[int, ...] = (1,)) -> list[Request]:
    """A metric of each sort."""
    return [
        Request(ROW_COUNT, column="parse_status"),
        Request(FRESHNESS, column="event_time"),
        *(
            Request(metric, options, column, baselines, blocks)
            for metric, options, column in (
                (NULL_SHARE, {}, "x"),
                (MEAN, {}, "x"),
                (QUANTILE, {"p": 0.9}, "x"),
                (PSI, {}, "x"),
                (JS_DISTANCE, {}, "c"),
                (CATEGORY_SHARE, {"category": "1"}, "label"),
                (ACCURACY, {}, "decision"),
                (ROC_AUC, {}, "score"),
                (LOG_LOSS, {}, "log_loss"),
            )
        ),
    ]


def points(
    shelf: Shelf,
    days: Sequence[int],
    asked: Sequence[Request] | None = None,
    *,
    baseline: Shelf | None = BASELINE,
    now: datetime | None = None,
    **others: Any,
) -> pa.Table:
    """Points of some days, long after by default."""
    return evaluate(
        requests() if asked is None else asked,
        shelf,
        baseline,
        monitor="m",
        monitor_version="v",
        calendar=CALENDAR,
        windows=[start(number) for number in days],
        now=now or day(100),
        grace=Duration(1, "hour"),
        seq=7,
        **others,
    )


def picked(table: pa.Table, **wanted: Any) -> list[dict[str, Any]]:
    """The points whose columns have these values."""
    plain: dict[str, Any] = {"model_version": "*", "segment_key": ""}
    return [row for row in table.to_pylist() if all(row[name] == value for name, value in (plain | wanted).items())]


def one(table: pa.Table, **wanted: Any) -> dict[str, Any]:
    """The only such point."""
    found = picked(table, **wanted)
    assert len(found) == 1, f"{len(found)} points of {wanted}"
    return found[0]
