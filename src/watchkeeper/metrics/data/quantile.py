"""Quantile."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.intervals import effective_rows, wilson
from watchkeeper.statistics.counts import Counts, Floats, Ints
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import Role, Status

MEDIAN = 0.5


def quantile(current: Histogram, baseline: Histogram | None = None, *, p: float = MEDIAN) -> Estimates:
    """Value that a share p of the rows do not exceed, in the unit of the column.

    Weighted, by inverse distribution function, interpolated inside a fine bin and then ``approximate``. The interval
    reaches from the lower to the upper edge of the bins that hold the ranks of Wilson's interval of p. ``n`` are the
    values present, ``n_eff`` the effective number of them.

    ``compared`` is the share of current rows above the baseline's p-quantile: ``1 - p`` where nothing has changed.
    Rows in the baseline's own bin count in the proportion that gives the baseline exactly ``1 - p``, so that a value
    which many rows take does not look like a change.

    Args:
        current: counts of shape (cells, grid cells).
        baseline: counts on the same grid, of as many cells or one.
        p: from 0 to 1.

    Source: David and Nagaraja (2003), Order Statistics, section 7.1; weighted rows: Woodruff (1952).
    """
    counts = current.counts
    value, inside_low, inside_high = current.quantile(p)
    cdf = current.cdf
    n_eff = effective_rows(np.full(value.shape, p), _squares_up_to(counts, p), counts.n_eff)
    low_rank, high_rank = wilson(np.full(value.shape, p), n_eff)
    return Estimates.of(
        np.where(np.isfinite(value), value, np.nan),
        n=counts.rows,
        n_eff=n_eff,
        low=np.fmin(_edge(cdf, low_rank, current.grid.lower), value),
        high=np.fmax(_edge(cdf, high_rank, current.grid.upper), value),
        compared=None if baseline is None else _share_above_quantile(current, baseline, p),
        baseline_n=None if baseline is None else np.broadcast_to(baseline.counts.n_eff, value.shape),
        status=np.where(inside_low < inside_high, Status.APPROXIMATE, Status.OK),
        method="order statistics of bins",
    )


def _edge(cdf: Floats, p: Floats, edges: Floats) -> Floats:
    """Edge of the bin in which the distribution function reaches p, shape (cells,)."""
    below = (cdf < np.nan_to_num(p)[:, None] - 1e-12).sum(axis=1)
    return edges[np.minimum(below, edges.size - 1)]


def _squares_up_to(counts: Counts, p: float) -> Floats:
    """Share of the sum of squared weights that lies up to the p-quantile, shape (cells,)."""
    at, part = _rank(counts, p)
    squares = counts.squared_weight
    if counts.w2 is None:
        return np.where(counts.rows > 0, p, np.nan)
    up_to = _at(np.cumsum(squares, axis=1), at) - (1 - part) * _at(squares, at)
    total = squares.sum(axis=1)
    return np.divide(up_to, total, out=np.full(total.shape, np.nan), where=total > 0)


def _rank(counts: Counts, p: float) -> tuple[Ints, Floats]:
    """The bin in which the distribution reaches p, shape (cells, 1), and the part of it that is needed for that."""
    shares, reached = counts.shares, counts.reached
    at = np.argmax((reached >= p - 1e-12) & (shares > 0), axis=1)[:, None]
    held, below = _at(shares, at), _at(reached, at) - _at(shares, at)
    return at, np.divide(p - below, held, out=np.full(held.shape, np.nan), where=held > 0)


def _share_above_quantile(current: Histogram, baseline: Histogram, p: float) -> Floats:
    now = current.counts.shares
    at, part = _rank(baseline.counts, p)
    at = np.broadcast_to(at, (now.shape[0], 1))
    up_to = _at(current.counts.reached, at)
    return np.clip(1 - up_to + (1 - part) * _at(now, at), 0, 1)


def _at(values: Floats, at: Ints) -> Floats:
    return np.take_along_axis(values, at, axis=1)[:, 0]


METRIC = Metric(
    quantile,
    reads=(Histogram,),
    family="quantile",
    unit="",
    roles=(Role.FEATURE, Role.SCORE, Role.SERVICE),
    options={"p": MEDIAN},
    uses_baseline=True,
    source="David and Nagaraja (2003), Order Statistics, section 7.1",
)
