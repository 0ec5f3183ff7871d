"""Mean."""

from __future__ import annotations

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.intervals import student
from watchkeeper.statistics.moments import Moments
from watchkeeper.terms import Role


def mean(current: Moments) -> Estimates:
    """Weighted mean of the finite values, in the unit of the column.

    ``n`` are the finite values, ``n_eff`` Kish's effective number of them. Student's t interval.

    Source: Hájek (1971), comment on an essay by Basu; Kish (1965), Survey Sampling.
    """
    low, high = student(current.mean, current.se_mean, current.n_eff)
    return Estimates.of(
        current.mean, n=current.n, n_eff=current.n_eff, se=current.se_mean, low=low, high=high, method="student"
    )


METRIC = Metric(
    mean,
    reads=(Moments,),
    family="mean",
    unit="",
    roles=(Role.FEATURE, Role.SCORE, Role.SERVICE),
    source="Hájek (1971), comment on an essay by Basu",
)
