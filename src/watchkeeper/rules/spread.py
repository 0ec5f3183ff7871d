"""How much windows differ from each other when nothing is wrong, beyond what the number of rows explains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from watchkeeper.rules.families import Family, Scaled
from watchkeeper.rules.series import FIXED, PREVIOUS, Bools, SeriesBlock
from watchkeeper.statistics.counts import Floats, Ints
from watchkeeper.terms import Window
from watchkeeper.windows import Calendar, micros

AT_LEAST = 14
"""Windows needed to learn the spread."""
AT_MOST = 28
"""Windows it is learnt from where the baseline has none of its own."""
ALPHA = 0.001
"""Chance that a window without a change is beyond, for each side, before the tolerance."""
Z = 3.0902323061678132
"""Normal quantile of 1 - ALPHA."""


@dataclass(frozen=True)
class Spread:
    """Variance of a window's number that comes from its time, shape (series, windows); ``learnt`` or assumed."""

    variance: Floats
    learnt: Bools


def spread(
    block: SeriesBlock,
    scaled: Scaled,
    base: SeriesBlock,
    base_scaled: Scaled,
    family: Family,
    *,
    span: Window | None,
    calendar: Calendar,
) -> Spread:
    """Between-window variance ``c tau^2`` for each window of a block.

    ``tau^2 = max(0, S^2 - mean v)`` over H calibrating windows of ``base`` (single windows, all versions):
    the baseline's own windows if at least 14 count, else the first 28 final ones. ``c = (t / z)^2`` makes up for
    the few windows, ``1 + 1/m`` for a baseline of m windows that itself has moved. A window is never judged by
    itself or by a later one, except that windows before the baseline are judged by the baseline.

    Args:
        base: the block of single windows of the same metric; ``base_scaled`` is it on the scale of comparison.
        span: the time of a baseline taken from the monitored windows.
    """
    row = block.calibrators(base)
    found = row >= 0
    at = np.where(found, row, 0)
    learnt, variance = _at_windows(block, base, base_scaled, family, span, at)
    learnt = learnt & found[:, None]
    variance = variance * _baseline_factor(block, base, span, calendar)[:, None]
    return Spread(np.where(learnt, variance, np.broadcast_to(scaled.assumed, block.shape) ** 2), learnt)


def _at_windows(
    block: SeriesBlock, base: SeriesBlock, scaled: Scaled, family: Family, span: Window | None, row: Ints
) -> tuple[Bools, Floats]:
    deviation, noise, halves = _deviations(base, scaled)
    usable = calibrating(base, scaled, family)
    before = np.searchsorted(base.ends, block.starts, side="right")
    first = usable & (np.cumsum(usable, axis=1) <= AT_MOST)
    count, variance = _variance(deviation, noise, first)
    learnt, tau2 = count[row][:, before], variance[row][:, before]
    if span is not None:
        own = usable & inside(base, span)
        own_before = np.where(outside(block, span), base.shape[1], before)
        own_count, own_variance = _variance(deviation, noise, own)
        enough = own_count[row][:, own_before] >= AT_LEAST
        learnt = np.where(enough, own_count[row][:, own_before], learnt)
        tau2 = np.where(enough, own_variance[row][:, own_before], tau2)
    return learnt >= AT_LEAST, _student(learnt) * tau2 * halves[row][:, None]


def calibrating(base: SeriesBlock, scaled: Scaled, family: Family) -> Bools:
    """Which single windows can tell how much windows differ, shape (series, windows)."""
    deviation, noise, _ = _deviations(base, scaled)
    enough = (base.n_eff >= family.minimum_n) & (base.baseline_n >= family.minimum_n)
    return base.final & base.known & np.isfinite(deviation + noise) & enough


def _deviations(base: SeriesBlock, scaled: Scaled) -> tuple[Floats, Floats, Floats]:
    """Distance to the baseline, its sampling variance, and 1/2 where the baseline is itself one window."""
    moving = base.baselines == PREVIOUS
    noise = np.broadcast_to(scaled.v, base.shape) + np.where(moving[:, None], scaled.v0, 0)
    return scaled.x - scaled.x0, noise, np.where(moving, 0.5, 1.0)


def _variance(deviation: Floats, noise: Floats, used: Bools) -> tuple[Ints, Floats]:
    """Number of windows used and ``max(0, S^2 - mean v)``, by how many windows have gone by: (series, windows + 1)."""
    kept, explained = np.where(used, deviation, 0), np.where(used, noise, 0)
    count = _running(used.astype(np.float64))
    total, squares, sampling = _running(kept), _running(kept**2), _running(explained)
    n = np.maximum(count, 2)
    observed = np.maximum(0, squares - total**2 / n) / (n - 1)
    return count.astype(np.int64), np.maximum(0, observed - sampling / n)


def _running(values: Floats) -> Floats:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _student(windows: Ints) -> Floats:
    """``(t / z)^2``: what a spread learnt from so few windows must be multiplied by."""
    from scipy import special

    distinct, place = np.unique(np.maximum(windows, 2), return_inverse=True)
    return ((special.stdtrit(distinct - 1, 1 - ALPHA) / Z) ** 2)[place].reshape(windows.shape)


def _baseline_factor(block: SeriesBlock, base: SeriesBlock, span: Window | None, calendar: Calendar) -> Floats:
    """``1 + 1/m`` for a baseline of m monitored windows, 1 for one from elsewhere; shape (series,)."""
    own = 0 if span is None else int(inside(base, span).sum())
    by_name = {name: _windows_in(name, own, calendar) for name in set(block.baselines)}
    return np.asarray([1 + 1 / by_name[name] for name in block.baselines], np.float64)


def _windows_in(baseline: str, own: int, calendar: Calendar) -> float:
    if baseline == PREVIOUS:
        return 1.0
    if baseline.startswith("rolling:"):
        return max(1.0, timedelta(days=int(baseline[8:-1])) / calendar.size.about)
    return float(own) if baseline == FIXED and own else np.inf


def inside(block: SeriesBlock, span: Window) -> Bools:
    """Which windows lie within a span, shape (windows,)."""
    return (block.starts >= micros(span.start)) & (block.ends <= micros(span.end))


def outside(block: SeriesBlock, span: Window) -> Bools:
    """Which windows share no moment with a span, shape (windows,)."""
    return (block.ends <= micros(span.start)) | (block.starts >= micros(span.end))
