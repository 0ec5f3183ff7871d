"""Points as a table, from estimates and the places they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
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
_NO_ROLLING = "fewer than half of the windows before have rows"


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
    spans, span, count = places.spans, places.span, len(places.cells)
    columns = {
        **_key(places, header, asked, baseline),
        "value": _numbers(made.value),
        "baseline_value": _numbers(None if base is None else base.value, count),
        "status": _words(made.status, {}),
        "reason": _words(made.status, _reasons(asked.metric, baseline)),
        "n": _plain(made.n, pa.int64()),
        "n_eff": _plain(np.nan_to_num(made.n_eff), pa.float64()),
        "baseline_n": _numbers(_baseline_n(made, base)),
        "se": _numbers(made.se),
        "baseline_se": _numbers(None if base is None else base.se, count),
        "low": _numbers(made.low),
        "high": _numbers(made.high),
        "level": _same(float(made.level), count),
        "noise_floor": _numbers(made.noise_floor),
        "compared": _numbers(made.compared),
        "method": _same(made.method, count),
        "guarantee": _same(asked.metric.guarantee.value, count),
        "open": _flags(spans.open[span]),
        "partial": _flags(spans.partial[span]),
        "maturity": _maturity(places, asked),
        "seq": _same(header.seq, count),
    }
    return pa.table([columns[name] for name in schemas.POINTS.names], schema=schemas.POINTS)


def _key(places: Places, header: Header, asked: Request, baseline: str) -> dict[str, Any]:
    count = len(places.cells)
    version, key, value = places.words
    return {
        "monitor": _same(header.monitor, count),
        "metric": _same(asked.identity, count),
        "column": _same(asked.column, count),
        "model_version": version,
        "segment_key": key,
        "segment_value": value,
        "window_start": _plain(places.cells.window_start, schemas.TIME),
        "window_end": _plain(places.spans.end[places.span], schemas.TIME),
        "baseline": _same(baseline, count),
        "monitor_version": _same(header.monitor_version, count),
    }


def _same(value: str | float, count: int) -> Any:
    return pa.repeat(_scalar(value), count)


@lru_cache(maxsize=1024, typed=True)
def _scalar(value: str | float) -> Any:
    return pa.scalar(value)


def _plain(values: NDArray[Any], type_: Any, known: NDArray[np.bool_] | None = None) -> Any:
    """An Arrow array over the memory of 64-bit numbers; ``pa.array`` would look for pandas on every call."""
    bits = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(type_, len(values), [bits, pa.py_buffer(np.ascontiguousarray(values))])


def _flags(values: NDArray[np.bool_]) -> Any:
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(np.packbits(values, bitorder="little"))])


def _numbers(values: Floats | None, count: int = 0) -> Any:
    """Null stands for every number that is not finite."""
    if values is None:
        return pa.nulls(count, pa.float64())
    return _plain(np.asarray(values, np.float64), pa.float64(), np.isfinite(values))


def _words(words: NDArray[np.str_], meaning: Mapping[str, str]) -> Any:
    """Text of each word: its meaning, or itself where all meanings are left out."""
    found, at = np.unique(words, return_inverse=True)
    said = pa.array([meaning.get(str(word), "") if meaning else str(word) for word in found], pa.string())
    return said.take(_plain(at.astype(np.int64), pa.int64()))


def _baseline_n(made: Estimates, base: Estimates | None) -> Floats:
    rows = made.baseline_n if base is None else base.n_eff
    return np.where(rows > 0, rows, np.nan)


def _reasons(metric: Metric, baseline: str) -> dict[str, str]:
    no_baseline = _NO_BASELINE.get(baseline, _NO_ROLLING)
    return {**_REASONS, Status.NO_BASELINE.value: no_baseline, **metric.reasons}


def _maturity(places: Places, asked: Request) -> Any:
    if not (asked.metric.needs_labels or asked.column == LABEL):
        return pa.nulls(len(places.cells), pa.string())
    words = np.where(places.spans.matured, Maturity.MATURED.value, Maturity.DEVELOPING.value)
    return _words(words[places.span], {})
