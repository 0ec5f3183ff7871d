"""Jensen-Shannon distance."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import LEVEL, Estimates, Metric
from watchkeeper.metrics.drift.divergence import jensen_shannon, jensen_shannon_floor
from watchkeeper.metrics.drift.psi_law import psi_spread
from watchkeeper.metrics.drift.shares import DRIFT_REASONS, drift_shares
from watchkeeper.metrics.intervals import normal_quantile
from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import Role


def js_distance(current: Histogram | Categories, baseline: Histogram | Categories) -> Estimates:
    """Jensen-Shannon distance from the baseline, base 2: 0 when the shares agree, 1 when they never meet.

    The square root of the Jensen-Shannon divergence in bits, over raw shares: symmetric, bounded and finite also for
    values the baseline never had. Near 0 its square is the population stability index divided by ``8 ln 2``, from
    which its noise floor and interval come. ``n_eff`` is Kish's effective size.

    Args:
        current: counts of shape (cells, slots).
        baseline: counts on the same grid, of as many cells or one.

    Raises:
        GridMismatch: the two were counted on different grids.

    Source: Lin (1991), Divergence measures based on the Shannon entropy.
    """
    shares = drift_shares(current, baseline)
    bits = jensen_shannon(shares.p, shares.q) / np.log(2)
    value = np.sqrt(bits)
    with np.errstate(invalid="ignore", divide="ignore"):
        floor = np.sqrt(jensen_shannon_floor(shares.bins, shares.s) / np.log(2))
        spread = psi_spread(8 * np.log(2) * bits, shares.bins, shares.s) / (8 * np.log(2))
        reach = normal_quantile(LEVEL) * spread
        se = np.where(value > 0, spread / (2 * value), np.nan)
    return Estimates.of(
        value,
        n=shares.n,
        n_eff=shares.n_eff,
        se=se,
        low=np.sqrt(np.clip(bits - reach, 0, None)),
        high=np.sqrt(np.clip(bits + reach, None, 1)),
        noise_floor=floor,
        baseline_n=shares.baseline_n,
        status=shares.status,
        method="chi-square law",
    )


METRIC = Metric(
    js_distance,
    reads=(Histogram, Categories),
    family="distance",
    unit="distance",
    bounds=(0, 1),
    better="lower",
    roles=(Role.FEATURE, Role.SCORE, Role.DECISION),
    needs_baseline=True,
    minimum_n=50,
    reasons=DRIFT_REASONS,
    source="Lin (1991), Divergence measures based on the Shannon entropy",
)
