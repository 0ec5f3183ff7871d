"""Quantile."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.intervals import wilson
from watchkeeper.statistics.counts import Floats
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import Role, Status

MEDIAN = 0.5


def quantile(current: Histogram, baseline: Histogram | None = None, *, p: float = MEDIAN) -> Estimates:
    """Value that a share p of the rows do not exceed, in the unit of the column.

    Weighted, by inverse distribution function, interpolated inside a fine bin and then ``approximate``. The interval
    reaches from the lower to the upper edge of the bins that hold the ranks of Wilson's interval of p. ``n`` are the
    values present, ``n_eff`` Kish's effective number of them.

    ``compared`` is the share of current rows above the baseline's p-quantile: ``1 - p`` where nothing has changed.
    Rows in the baseline's own bin count in the proportion that gives the baseline exactly ``1 - p``, so that a value
    which many rows take does not look like a change.

    Args:
        current: counts of shape (cells, grid cells).
        baseline: counts on the same grid, of as many cells or one.
        p: from 0 to 1.

    Source: David and Nagaraja (2003), Order Statistics, section 7.1.
    """
    counts = current.counts
    value, inside_low, inside_high = current.quantile(p)
    cdf = current.cdf
    low_rank, high_rank = wilson(np.full(value.shape, p), counts.n_eff)
    return Estimates.of(
        np.where(np.isfinite(value), value, np.nan),
        n=counts.rows,
        n_eff=counts.n_eff,
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


def _share_above_quantile(current: Histogram, baseline: Histogram, p: float) -> Floats:
    then, now = baseline.counts.shares, current.counts.shares
    reached = np.cumsum(then, axis=1)
    at = np.argmax((reached >= p - 1e-12) & (then > 0), axis=1)[:, None]
    held, below = _at(then, at), _at(reached, at) - _at(then, at)
    part = np.divide(p - below, held, out=np.full(held.shape, np.nan), where=held > 0)
    at = np.broadcast_to(at, (now.shape[0], 1))
    up_to = _at(np.cumsum(now, axis=1), at)
    return np.clip(1 - up_to + (1 - part) * _at(now, at), 0, 1)


def _at(values: Floats, at: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Floats:
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
