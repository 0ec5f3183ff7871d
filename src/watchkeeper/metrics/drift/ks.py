"""Kolmogorov-Smirnov distance."""

from __future__ import annotations

import numpy as np

from watchkeeper.errors import GridMismatch
from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.drift.ecdf import ks_bracket
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import Role, Status

MEAN_OF_KOLMOGOROV = float(np.sqrt(np.pi / 2) * np.log(2))
"""Mean of Kolmogorov's distribution, 0.8687."""
MINIMUM = 30


def ks(current: Histogram, baseline: Histogram) -> Estimates:
    """Kolmogorov-Smirnov distance from the baseline: the largest gap between the two distribution functions, 0 to 1.

    Taken at the edges of the fine bins, where it is exact; ``low`` and ``high`` are the smallest and largest distance
    that rows inside these bins can have, and the status is ``approximate`` where they differ. With no drift it is on
    average ``0.87 sqrt(1/n + 1/m)``, the noise floor. ``n_eff`` is Kish's effective size.

    Args:
        current: counts of shape (cells, grid cells).
        baseline: counts on the same grid, of as many cells or one.

    Raises:
        GridMismatch: the two were counted on different grids.

    Source: Smirnov (1948); Massey (1951), The Kolmogorov-Smirnov test for goodness of fit.
    """
    if current.grid.grid_id != baseline.grid.grid_id:
        raise GridMismatch("the current and the baseline statistic were counted on different grids")
    now, then = current.counts, baseline.counts
    low, high = ks_bracket(then.shares, now.shares, np.asarray(current.grid.is_atom, bool))
    n_eff, baseline_n = now.n_eff, np.broadcast_to(then.n_eff, now.n_eff.shape)
    with np.errstate(divide="ignore"):
        floor = MEAN_OF_KOLMOGOROV * np.sqrt(1 / n_eff + 1 / baseline_n)
    status = np.where(high > low, Status.APPROXIMATE, Status.OK)
    return Estimates.of(
        low,
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
    ks,
    reads=(Histogram,),
    family="distance",
    unit="distance",
    bounds=(0, 1),
    better="lower",
    roles=(Role.FEATURE, Role.SCORE),
    needs_baseline=True,
    minimum_n=MINIMUM,
    source="Massey (1951), The Kolmogorov-Smirnov test for goodness of fit",
)
