"""Wasserstein-1 distance."""

from __future__ import annotations

import numpy as np

from watchkeeper.errors import GridMismatch
from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.drift.ecdf import wasserstein_bracket, wasserstein_floor
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import Role, Status

MINIMUM = 30


def wasserstein(current: Histogram, baseline: Histogram) -> Estimates:
    """Wasserstein-1 distance from the baseline: how far the average row has moved, in the unit of the column.

    The area between the two distribution functions, with rows spread evenly inside the fine bins; ``low`` and
    ``high`` are the smallest and largest distance that rows inside these bins can have. Undefined where rows lie in
    the open-ended outermost bins. The noise floor is its mean with no drift. ``n_eff`` is Kish's effective size.

    Args:
        current: counts of shape (cells, grid cells).
        baseline: counts on the same grid, of as many cells or one.

    Raises:
        GridMismatch: the two were counted on different grids.

    Source: Ramdas, García Trillos and Cuturi (2017), On Wasserstein two-sample testing.
    """
    if current.grid != baseline.grid:
        raise GridMismatch("the current and the baseline statistic were counted on different grids")
    now, then, grid = current.counts, baseline.counts, current.grid
    bounded = np.isfinite(grid.lower) & np.isfinite(grid.upper)
    width = np.subtract(grid.upper, grid.lower, out=np.zeros(grid.cells), where=bounded)
    p, q = np.broadcast_to(then.shares, now.n.shape), now.shares
    even, low, high = wasserstein_bracket(p, q, width)
    outside = (np.where(bounded, 0, p + q) > 0).any(axis=1)
    n_eff, baseline_n = now.n_eff, np.broadcast_to(then.n_eff, even.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = wasserstein_floor(p, width, 1 / n_eff + 1 / baseline_n)
    status = np.where(high > low, Status.APPROXIMATE, Status.OK)
    return Estimates.of(
        np.where(outside, np.nan, even),
        n=now.rows,
        n_eff=n_eff,
        low=low,
        high=high,
        noise_floor=floor,
        baseline_n=baseline_n,
        status=np.where(baseline_n == 0, Status.NO_BASELINE, status),
        minimum=MINIMUM,
        level=1.0,
        method="bracket of bins",
    )


METRIC = Metric(
    wasserstein,
    reads=(Histogram,),
    family="distance",
    unit="",
    bounds=(0, None),
    better="lower",
    roles=(Role.FEATURE, Role.SCORE),
    needs_baseline=True,
    minimum_n=MINIMUM,
    reasons={Status.UNDEFINED.value: "rows beyond the ends of the grid"},
    source="Ramdas, García Trillos and Cuturi (2017), On Wasserstein two-sample testing",
)
