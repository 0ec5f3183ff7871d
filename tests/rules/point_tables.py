"""Points tables for the tests of the rules: one call is one series, by default of daily windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper import schemas
from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.rules.judge import judge
from watchkeeper.windows import Calendar, Duration

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
DAILY = Calendar(Duration(1, "day"))
WEEKLY = Calendar(Duration(1, "week"))
WEEK = timedelta(days=7)
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def _named(name: str) -> Callable[..., Estimates]:
    def compute() -> Estimates:
        raise AssertionError("rules read points and compute nothing")

    compute.__name__ = name
    return compute


def declared(name: str, family: str, **options: Any) -> Metric:
    return Metric(_named(name), reads=(), family=family, unit="", options=options)


METRICS = {
    metric.name: metric
    for metric in (
        declared("null_share", "data_share"),
        declared("error_share", "service_share"),
        declared("share_above", "service_share", value=0.0),
        declared("category_share", "share", category="", of=None),
        declared("quantile", "quantile", p=0.5),
        declared("mean", "mean"),
        declared("accuracy", "quality_share"),
        declared("roc_auc", "roc_auc"),
        declared("log_loss", "log_loss"),
        declared("psi", "distance"),
        declared("js_distance", "distance"),
        declared("ks", "distance"),
        declared("row_count", "row_count"),
        declared("freshness_seconds", "freshness"),
        declared("median_gap", ""),
    )
}


def series(metric: str, value: Sequence[float | None] | float | None, **given: Any) -> pa.Table:
    """One series; numbers and words are given once for all windows or one for each.

    ``joins`` windows of the monitor make one window here; ``first`` is the number of the first of them.
    """
    windows = given.pop("windows", len(value) if isinstance(value, Sequence) else 1)
    size, joins, first = given.pop("size", timedelta(days=1)), given.pop("joins", 1), given.pop("first", 0)
    starts = [START + size * (first + i * joins) for i in range(windows)]
    n_eff = given.pop("n", 2000.0)
    columns: dict[str, Any] = {
        "monitor": "credit",
        "metric": metric,
        "column": "",
        "model_version": "*",
        "segment_key": "",
        "segment_value": "",
        "window_start": starts,
        "window_end": [start + size * joins for start in starts],
        "baseline": "fixed",
        "monitor_version": "v1",
        "value": value,
        "baseline_value": None,
        "status": None,
        "reason": "",
        "n": _spread(n_eff, windows, lambda n: int(n)),
        "n_eff": n_eff,
        "baseline_n": 20000.0,
        "level": 0.95,
        "method": "test",
        "guarantee": "G2",
        "open": False,
        "partial": False,
        "seq": 1,
        **given,
    }
    if columns["status"] is None:
        values = columns["value"] if isinstance(columns["value"], Sequence) else [columns["value"]] * windows
        columns["status"] = ["undefined" if one is None else "ok" for one in values]
    arrays = [pa.array(_spread(columns.get(f.name), windows), f.type) for f in schemas.POINTS]
    return pa.table(arrays, schema=schemas.POINTS)


def _spread(given: Any, windows: int, change: Callable[[Any], Any] = lambda one: one) -> list[Any]:
    each = list(given) if isinstance(given, list | tuple | np.ndarray) else [given] * windows
    return [change(one) for one in each]


def verdicts(*tables: pa.Table, **given: Any) -> pa.Table:
    """Verdicts of the default settings over some series."""
    settings: dict[str, Any] = {
        "metrics": METRICS,
        "calendar": DAILY,
        "now": LATER,
        "monitor_version": "v1",
        "seq": 7,
        **given,
    }
    return judge(pa.concat_tables(tables), **settings)


def said(*tables: pa.Table, **given: Any) -> list[tuple[str, str]]:
    """Outcome and reason of each verdict, in order."""
    table = verdicts(*tables, **given)
    return list(zip(table["outcome"].to_pylist(), table["why"].to_pylist(), strict=True))


def outcomes_of(*tables: pa.Table, **given: Any) -> list[str]:
    return verdicts(*tables, **given)["outcome"].to_pylist()
