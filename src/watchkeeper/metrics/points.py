"""Points as a table, from estimates and the places they are for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper import schemas
from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.places import FIXED, PREVIOUS, Places
from watchkeeper.metrics.request import Request
from watchkeeper.statistics.counts import Floats
from watchkeeper.terms import Maturity, Status

LABEL = "label"
_REASONS = {
    Status.APPROXIMATE.value: "read off bins",
    Status.NO_DATA.value: "no rows",
    Status.INSUFFICIENT.value: "too few rows",
    Status.UNDEFINED.value: "nothing to divide by",
    Status.DEGENERATE.value: "one value only",
    Status.SUPPRESSED.value: "group too small to show",
}
_NO_BASELINE = {
    FIXED: "no complete baseline with rows of this segment",
    PREVIOUS: "no rows in the window before",
}


@dataclass(frozen=True, slots=True)
class Header:
    """What all points of one call share."""

    monitor: str
    monitor_version: str
    seq: int


def points_table(
    places: Places, header: Header, asked: Request, baseline: str, made: Estimates, base: Estimates | None
) -> pa.Table:
    """Rows of ``schemas.POINTS``, one a place.

    Args:
        places: where the points are.
        header: what they share.
        asked: metric, options and column.
        baseline: name of the baseline, or "".
        made: the estimates of the places.
        base: the same metric of each place's baseline, or None where it has none.
    """
    count = len(places.cells)
    columns = {
        **_key(places, header, asked, baseline),
        "value": _numbers(made.value),
        "baseline_value": _numbers(None if base is None else base.value, count),
        "status": pa.array(made.status.astype(object), pa.string()),
        "reason": _reasons(made.status, asked.metric, baseline),
        "n": made.n,
        "n_eff": np.nan_to_num(made.n_eff),
        "baseline_n": _numbers(_baseline_n(made, base)),
        "se": _numbers(made.se),
        "baseline_se": _numbers(None if base is None else base.se, count),
        "low": _numbers(made.low),
        "high": _numbers(made.high),
        "level": pa.repeat(float(made.level), count),
        "noise_floor": _numbers(made.noise_floor),
        "compared": _numbers(made.compared),
        "method": pa.repeat(made.method, count),
        "guarantee": pa.repeat(asked.metric.guarantee.value, count),
        "open": places.spans.open[places.span],
        "partial": places.spans.partial[places.span],
        "maturity": _maturity(places, asked),
        "seq": pa.repeat(header.seq, count),
    }
    return pa.table([pa.array(columns[name], type_) for name, type_ in _TYPES], schema=schemas.POINTS)


_TYPES = [(field.name, field.type) for field in schemas.POINTS]


def _key(places: Places, header: Header, asked: Request, baseline: str) -> dict[str, Any]:
    count, cells, spans = len(places.cells), places.cells, places.spans
    return {
        "monitor": pa.repeat(header.monitor, count),
        "metric": pa.repeat(asked.identity, count),
        "column": pa.repeat(asked.column, count),
        "model_version": cells.version,
        "segment_key": cells.segment_key,
        "segment_value": cells.segment_value,
        "window_start": cells.window_start,
        "window_end": spans.end[places.span],
        "baseline": pa.repeat(baseline, count),
        "monitor_version": pa.repeat(header.monitor_version, count),
    }


def _numbers(values: Floats | None, count: int = 0) -> pa.Array:
    """Null stands for every number that is not finite."""
    if values is None:
        return pa.nulls(count, pa.float64())
    return pa.array(values, pa.float64(), mask=~np.isfinite(values))


def _baseline_n(made: Estimates, base: Estimates | None) -> Floats:
    rows = made.baseline_n if base is None else base.n_eff
    return np.where(rows > 0, rows, np.nan)


def _reasons(status: NDArray[np.str_], metric: Metric, baseline: str) -> pa.Array:
    no_baseline = {Status.NO_BASELINE.value: _NO_BASELINE.get(baseline, "no rows to compare with")}
    words = {**_REASONS, **no_baseline, **metric.reasons}
    found, at = np.unique(status, return_inverse=True)
    said = np.array([words.get(str(word), "") for word in found], object)
    return pa.array(said[at], pa.string())


def _maturity(places: Places, asked: Request) -> pa.Array:
    if not (asked.metric.needs_labels or asked.column == LABEL):
        return pa.nulls(len(places.cells), pa.string())
    words = np.where(places.spans.matured, Maturity.MATURED.value, Maturity.DEVELOPING.value)
    return pa.array(words[places.span].astype(object), pa.string())
