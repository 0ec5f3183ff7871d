"""Population stability index."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import LEVEL, Estimates, Metric
from watchkeeper.metrics.drift.divergence import JEFFREYS, psi_floor, psi_terms
from watchkeeper.metrics.drift.psi_law import psi_spread
from watchkeeper.metrics.drift.shares import DRIFT_REASONS, drift_shares
from watchkeeper.metrics.intervals import normal_quantile
from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import Role


def psi(
    current: Histogram | Categories, baseline: Histogram | Categories, *, pseudo_count: float = JEFFREYS
) -> Estimates:
    """Population stability index: how far a column has moved from its baseline, in nats.

    ``sum (q - p) ln(q / p)`` over bins, p the baseline's shares and q the current ones. It is 0 when they agree,
    symmetric, and unbounded above. With no drift it is close to ``(1/n + 1/m) chi2(bins - 1)``, whose mean is the
    noise floor; in small windows most of a value of 0.1 is noise. ``n_eff`` is Kish's effective size.

    Args:
        current: counts of shape (cells, slots).
        baseline: counts on the same grid, of as many cells or one.
        pseudo_count: rows added to every bin that holds rows on either side; 0.5 keeps the law above.

    Raises:
        GridMismatch: the two were counted on different grids.

    Source: Yurdakul (2018), Statistical Properties of Population Stability Index.
    """
    shares = drift_shares(current, baseline)
    p, q = shares.smoothed(pseudo_count)
    with np.errstate(invalid="ignore"):
        value = np.where(shares.used.sum(axis=1) == 1, 0.0, psi_terms(p, q).sum(axis=1))
        se = psi_spread(value, shares.bins, shares.s)
        reach = normal_quantile(LEVEL) * se
        floor = psi_floor(shares.bins, shares.s)
    return Estimates.of(
        value,
        n=shares.n,
        n_eff=shares.n_eff,
        se=se,
        low=np.clip(value - reach, 0, None),
        high=value + reach,
        noise_floor=floor,
        baseline_n=shares.baseline_n,
        status=shares.status,
        method="chi-square law",
    )


METRIC = Metric(
    psi,
    reads=(Histogram, Categories),
    family="distance",
    unit="nats",
    bounds=(0, None),
    better="lower",
    roles=(Role.FEATURE, Role.SCORE, Role.DECISION),
    options={"pseudo_count": JEFFREYS},
    needs_baseline=True,
    minimum_n=50,
    reasons=DRIFT_REASONS,
    source="Yurdakul (2018), Statistical Properties of Population Stability Index",
)
