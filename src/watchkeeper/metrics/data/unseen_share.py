"""Share of values that the baseline never had."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.intervals import share_of
from watchkeeper.metrics.slots import UNSEEN_VALUE, slots_where
from watchkeeper.statistics.categories import Categories
from watchkeeper.terms import Role, Status


def unseen_share(current: Categories) -> Estimates:
    """Share of rows with a category that the baseline does not list.

    From 0 to 1, of the rows that have a value. Without the baseline's list there is nothing to be unseen:
    ``no_baseline``. ``n`` and ``n_eff`` are those rows and the effective number of them. Wilson interval.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    estimates = share_of(slots_where(current, lambda name: name == UNSEEN_VALUE), current.counts)
    if current.grid is not None:
        return estimates
    nothing = np.full(estimates.n.shape, np.nan)
    status = np.full(estimates.n.shape, Status.NO_BASELINE.value)
    return Estimates.of(nothing, n=estimates.n, n_eff=estimates.n_eff, status=status, method=estimates.method)


METRIC = Metric(
    unseen_share,
    reads=(Categories,),
    family="data_share",
    unit="share",
    bounds=(0, 1),
    better="lower",
    roles=(Role.FEATURE, Role.DECISION),
    reasons={Status.NO_BASELINE.value: "the baseline's categories are not known yet"},
    source="Wilson (1927), Probable inference, the law of succession, and statistical inference",
)
