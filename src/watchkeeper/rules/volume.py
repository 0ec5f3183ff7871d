"""Traffic against its own past: how many rows a window has, and how old the newest is."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from watchkeeper.rules.base import Comparison
from watchkeeper.rules.families import ASSUMED
from watchkeeper.rules.series import Bools, SeriesBlock
from watchkeeper.rules.spread import AT_LEAST, Z
from watchkeeper.statistics.counts import Floats, Ints
from watchkeeper.terms import Status
from watchkeeper.windows import Calendar, moment

MINIMUM_ROWS = 30
_HISTORY, _LEAST_HISTORY, RESIDUALS, AGES = 8, 3, 26, 28
_OVERDISPERSION = 1.2
_TOLERANCE = float(np.log(1.25))
_TIMES_LARGEST, _LEAST_SHARE = 3, 0.05


def strata(starts: Ints, calendar: Calendar) -> Ints:
    """Which windows resemble each other, shape (windows,): the weekday of days, the hour of the week below a day."""
    zone, size = ZoneInfo(calendar.timezone), calendar.size
    if size.about > timedelta(days=1) or size.unit == "month":
        return np.zeros(len(starts), np.int64)
    local = [moment(int(start)).astimezone(zone) for start in starts]
    return np.asarray([at.weekday() * 1440 + at.hour * 60 + at.minute for at in local], np.int64)


def counted(block: SeriesBlock) -> Floats:
    """Rows of each window; a window without rows has none, whatever its status says. NaN where there is no point."""
    empty = (block.status == Status.NO_DATA.value) & (block.n_eff == 0)
    return np.where(empty, 0.0, block.value)


def row_count(block: SeriesBlock, calendar: Calendar) -> Comparison:
    """Logarithm of the rows against the median of the last 8 whole windows of the stratum.

    Sampling variance of the difference: 1.2 / expected rows. Spread between windows:
    ``(1.4826 MAD)^2`` of the last 26 differences less their sampling variance.
    """
    groups = strata(block.starts, calendar)
    rows = counted(block)
    history = np.where(block.final & ~block.partial, rows, np.nan)
    expected, seen = _median_of_last(history, groups, _HISTORY)
    sizes, _ = _median_of_last(np.where(np.isnan(history), np.nan, block.n_eff), groups, _HISTORY)
    sizes = np.where(seen >= _LEAST_HISTORY, sizes, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        x, x0, v = np.log(rows + 0.5), np.log(expected + 0.5), _OVERDISPERSION / sizes
        few = (seen >= _LEAST_HISTORY) & (sizes < MINIMUM_ROWS)
        residual = np.where(np.isfinite(history) & ~few & np.isfinite(v), x - x0, np.nan)
        tau2, learnt = _residual_spread(residual, v)
        sd = np.sqrt(v + tau2)
    return Comparison(
        x,
        x0,
        sd,
        Z,
        _TOLERANCE,
        0,
        _rows_of,
        few=few,
        young=seen < _LEAST_HISTORY,
        learnt=learnt,
    )


def freshness(block: SeriesBlock, calendar: Calendar) -> Comparison:
    """Age of the newest event against 3 times the largest of the last 28 (at least 14) windows of the stratum."""
    groups = strata(block.starts, calendar)
    history = np.where(block.final & ~block.partial & block.known, block.value, np.nan)
    largest, seen = _largest_of_last(history, groups, AGES)
    seconds = (block.ends - block.starts) / 1e6
    limit = np.maximum(_TIMES_LARGEST * largest, _LEAST_SHARE * seconds)
    zero, none = np.zeros(block.shape), np.zeros(block.shape, np.bool_)
    return Comparison(
        block.value, zero, zero, 0.0, limit, 1, lambda x: x, few=none, young=seen < AT_LEAST, learnt=~none
    )


def _rows_of(x: Floats) -> Floats:
    return np.maximum(np.exp(x) - 0.5, 0)


def _residual_spread(residual: Floats, noise: Floats) -> tuple[Floats, Bools]:
    last, noises = _last(residual, RESIDUALS), _last(np.where(np.isnan(residual), np.nan, noise), RESIDUALS)
    middle, seen = _median(last)
    deviation, _ = _median(np.abs(last - middle[..., None]))
    known = seen >= AT_LEAST
    sampling = np.where(np.isnan(noises), 0, noises).sum(axis=-1) / np.maximum(seen, 1)
    tau2 = np.maximum(0, (1.4826 * deviation) ** 2 - sampling)
    return np.where(known, tau2, ASSUMED**2), known


def _median_of_last(values: Floats, groups: Ints, size: int) -> tuple[Floats, Ints]:
    """Median of the last ``size`` earlier windows of the same group, and how many of them there are."""
    out, seen = np.full(values.shape, np.nan), np.zeros(values.shape, np.int64)
    for group in np.unique(groups):
        here = np.flatnonzero(groups == group)
        out[:, here], seen[:, here] = _median(_last(values[:, here], size))
    return out, seen


def _largest_of_last(values: Floats, groups: Ints, size: int) -> tuple[Floats, Ints]:
    out, seen = np.full(values.shape, np.nan), np.zeros(values.shape, np.int64)
    for group in np.unique(groups):
        here = np.flatnonzero(groups == group)
        last = _last(values[:, here], size)
        seen[:, here] = np.isfinite(last).sum(axis=-1)
        out[:, here] = np.where(np.isnan(last), -np.inf, last).max(axis=-1)
    return np.where(seen > 0, out, np.nan), seen


def _last(values: Floats, size: int) -> Floats:
    """The ``size`` columns before each column, shape (series, windows, size); NaN before the first."""
    padded = np.concatenate([np.full((len(values), size), np.nan), values], axis=1)
    return np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, :-1]


def _median(values: Floats) -> tuple[Floats, Ints]:
    """Median along the last axis without NaN, and how many numbers it is of."""
    ordered = np.sort(values, axis=-1)
    seen = np.isfinite(values).sum(axis=-1)
    low, high = np.maximum(seen - 1, 0) // 2, np.minimum(seen // 2, values.shape[-1] - 1)
    pick = np.stack([low, high], axis=-1)
    return np.take_along_axis(ordered, pick, axis=-1).mean(axis=-1), seen
