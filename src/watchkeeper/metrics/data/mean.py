"""Mean."""

from __future__ import annotations

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.intervals import mean_of
from watchkeeper.statistics.moments import Moments
from watchkeeper.terms import Role


def mean(current: Moments) -> Estimates:
    """Weighted mean of the finite values, in the unit of the column.

    ``n`` are the finite values, ``n_eff`` the effective number of them. Student's t interval.

    Source: Hájek (1971), comment on an essay by Basu; Kish (1965), Survey Sampling.
    """
    return mean_of(current)


METRIC = Metric(
    mean,
    reads=(Moments,),
    family="mean",
    unit="",
    roles=(Role.FEATURE, Role.SCORE, Role.SERVICE),
    source="Hájek (1971), comment on an essay by Basu",
)
