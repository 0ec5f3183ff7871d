"""The coarse view of two stacks of counts that distances between distributions are taken on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.errors import GridMismatch
from watchkeeper.metrics.drift.divergence import smoothed
from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.counts import Floats, Ints
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import Status

DECILES = 10
"""Bins of a numeric column."""
MOST_ATOMS = 20
"""A column whose baseline rows take at most this many separate values is compared value by value."""
RARE = 0.005
"""Values with a smaller baseline share form one bin, so that every bin expects rows in a window of a few hundred."""
DRIFT_REASONS = {
    Status.INSUFFICIENT.value: "too few rows for the number of bins",
    Status.DEGENERATE.value: "one bin holds all rows",
}
SMALLEST_WINDOW = 50
ROWS_PER_BIN = 10


@dataclass(frozen=True, slots=True)
class Shares:
    """Baseline shares ``p`` and current shares ``q`` over the same bins, shape (cells, bins), missing values left out.

    Bins that hold no rows on either side have shares of 0 and are not ``used``. ``n`` are current rows; ``n_eff``
    and ``baseline_n`` are Kish's effective rows of the two sides; all of shape (cells,).
    """

    p: Floats
    q: Floats
    n: Ints
    n_eff: Floats
    baseline_n: Floats

    @property
    def used(self) -> NDArray[np.bool_]:
        """Whether a bin holds rows on either side, shape (cells, bins)."""
        return (self.p > 0) | (self.q > 0)

    @property
    def bins(self) -> Floats:
        """Number of bins with baseline rows, shape (cells,)."""
        return (self.p > 0).sum(axis=1).astype(np.float64)

    @property
    def s(self) -> Floats:
        """``1 / n + 1 / m``, the scale of every noise term; infinite where a side is empty."""
        with np.errstate(divide="ignore"):
            return 1 / self.n_eff + 1 / self.baseline_n

    def smoothed(self, pseudo_count: float) -> tuple[Floats, Floats]:
        """Both sides after adding ``pseudo_count`` rows to every used bin."""
        used = self.used.astype(np.float64)
        p = smoothed(self.p, self.baseline_n, pseudo_count, used)
        return p, smoothed(self.q, self.n_eff, pseudo_count, used)

    @property
    def status(self) -> NDArray[np.str_]:
        """Whether a distance can be told from noise, shape (cells,).

        ``insufficient``: fewer than 50 rows or 10 a bin, or the baseline expects fewer than 1 row in some bin, or
        fewer than 5 in more than a fifth of them. ``degenerate``: all rows of both sides are in one bin.
        """
        words = np.full(self.n.shape, Status.OK.value, "<U12")
        words[~self._enough] = Status.INSUFFICIENT
        words[self.used.sum(axis=1) == 1] = Status.DEGENERATE
        words[self.baseline_n == 0] = Status.NO_BASELINE
        return words

    @property
    def _enough(self) -> NDArray[np.bool_]:
        expected = np.where(self.p > 0, self.p * self.n_eff[:, None], np.inf)
        thin = (expected < 5).sum(axis=1)
        rows = self.n_eff >= np.maximum(SMALLEST_WINDOW, ROWS_PER_BIN * self.bins)
        return rows & (expected.min(axis=1, initial=np.inf) >= 1) & (thin <= 0.2 * self.bins)


def drift_shares(current: Histogram | Categories, baseline: Histogram | Categories) -> Shares:
    """Fold two stacks on one grid into the bins that the baseline's own shares call for.

    Numeric columns: at most ten bins at the baseline's deciles, or one bin a value where all baseline rows lie in at
    most 20 atoms. Categories: one bin a value. Values that are rare in the baseline share one bin; values it never
    had share another. The bins follow the baseline cell, never the current one.

    Args:
        current: shape (cells,).
        baseline: shape (cells,), or (1,) for all.

    Raises:
        GridMismatch: the two were counted on different grids.
    """
    current, baseline = _aligned(current, baseline)
    p, q = baseline.counts.weight, current.counts.weight
    bins = np.broadcast_to(_bins(baseline, p), q.shape)
    count = int(bins.max(initial=0)) + 1
    return Shares(
        _normal(_folded(np.broadcast_to(p, q.shape), bins, count)),
        _normal(_folded(q, bins, count)),
        current.counts.rows,
        current.counts.n_eff,
        np.broadcast_to(baseline.counts.n_eff, q.shape[:1]),
    )


def _aligned(
    current: Histogram | Categories, baseline: Histogram | Categories
) -> tuple[Histogram | Categories, Histogram | Categories]:
    """Both sides over the same slots; categories counted without a grid may name different values."""
    if isinstance(current, Categories) and isinstance(baseline, Categories):
        if current.values == baseline.values:
            return current, baseline
        cells, all_cells = current.counts.cells, current.counts.cells + baseline.counts.cells
        both = Categories.stacked([current, baseline])
        return both.take(np.arange(cells)), both.take(np.arange(cells, all_cells))
    if isinstance(current, Histogram) and isinstance(baseline, Histogram) and current.grid == baseline.grid:
        return current, baseline
    raise GridMismatch("the current and the baseline statistic were counted on different grids")


def _bins(baseline: Histogram | Categories, weight: Floats) -> Ints:
    share = _normal(weight)
    if isinstance(baseline, Categories):
        return _value_bins(share)
    held = share > 0
    by_value = (held <= baseline.grid.is_atom).all(axis=1) & (held.sum(axis=1) <= MOST_ATOMS) & held.any(axis=1)
    bins = _decile_bins(share)
    bins[by_value] = _value_bins(share[by_value])
    return bins


def _decile_bins(share: Floats) -> Ints:
    before = np.cumsum(share, axis=1) - share
    decile = np.floor(before * DECILES + 1e-9)
    last = np.where(share > 0, decile, 0).max(axis=1, keepdims=True, initial=0)
    return np.minimum(decile, last).astype(np.int64)


def _value_bins(share: Floats) -> Ints:
    slots = share.shape[1]
    rare = (share > 0) & (share < RARE)
    together = np.where(rare, share, 0).sum(axis=1)
    common = share >= RARE
    smallest = np.where(common, share, np.inf).argmin(axis=1)
    lacking = (together > 0) & (together < RARE) & (common.sum(axis=1) >= 2)
    rare[lacking, smallest[lacking]] = True
    return np.where(share == 0, slots + 1, np.where(rare, slots, np.arange(slots)))


def _folded(weight: Floats, bins: Ints, count: int) -> Floats:
    cells = weight.shape[0]
    code = np.arange(cells)[:, None] * count + bins
    summed = np.bincount(code.ravel(), weights=weight.ravel(), minlength=cells * count)
    return summed.astype(np.float64).reshape(cells, count)


def _normal(weight: Floats) -> Floats:
    total = weight.sum(axis=1, keepdims=True)
    return np.divide(weight, total, out=np.zeros(weight.shape), where=total > 0)
