"""Share of values above a limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.intervals import effective_rows, share_with_interval, wilson
from watchkeeper.statistics.counts import Counts
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import Role, Status


def share_above(current: Histogram, *, value: float = 0.0) -> Estimates:
    """Share of rows whose value lies above a limit, such as the requests slower than was agreed.

    From 0 to 1, of the values present. Exact where the limit is an edge of the fine bins, else interpolated inside
    one, ``approximate``, and its Wilson interval widened to the shares that this bin allows. ``n`` are the values
    present, ``n_eff`` the effective number of them.

    Args:
        current: counts of shape (cells, grid cells).
        value: the limit, in the unit of the column.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    counts, above = current.counts, current.share_above(value)
    fewest, most = current.share_above_bounds(value)
    n_eff = effective_rows(above, _by_squares(current).share_above(value), counts.n_eff)
    share = share_with_interval(above, counts.rows, n_eff)
    low, _ = wilson(np.clip(fewest, 0, 1), n_eff)
    _, high = wilson(np.clip(most, 0, 1), n_eff)
    return Estimates.of(
        share.value,
        n=counts.rows,
        n_eff=n_eff,
        se=share.se,
        low=np.fmin(low, share.low),
        high=np.fmax(high, share.high),
        status=np.where(fewest < most, Status.APPROXIMATE, Status.OK),
        method="wilson",
    )


def _by_squares(histogram: Histogram) -> Histogram:
    """The histogram with squared weights for weights."""
    counts = histogram.counts
    return replace(histogram, counts=Counts(counts.n, counts.squared_weight, counts.squared_weight))


METRIC = Metric(
    share_above,
    reads=(Histogram,),
    family="service_share",
    unit="share",
    bounds=(0, 1),
    better="lower",
    roles=(Role.FEATURE, Role.SCORE, Role.SERVICE),
    options={"value": 0.0},
    source="Wilson (1927), Probable inference, the law of succession, and statistical inference",
)
