"""Share of values above a limit."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.intervals import share_with_interval, wilson
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import Role, Status


def share_above(current: Histogram, *, value: float = 0.0) -> Estimates:
    """Share of rows whose value lies above a limit, such as the requests slower than was agreed.

    From 0 to 1, of the values present. Exact where the limit is an edge of the fine bins, else interpolated inside
    one, ``approximate``, and its Wilson interval widened to the shares that this bin allows. ``n`` are the values
    present, ``n_eff`` Kish's effective number of them.

    Args:
        current: counts of shape (cells, grid cells).
        value: the limit, in the unit of the column.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    counts = current.counts
    fewest, most = current.share_above_bounds(value)
    share = share_with_interval(current.share_above(value), counts.rows, counts.n_eff)
    low, _ = wilson(np.clip(fewest, 0, 1), counts.n_eff)
    _, high = wilson(np.clip(most, 0, 1), counts.n_eff)
    return Estimates.of(
        share.value,
        n=counts.rows,
        n_eff=counts.n_eff,
        se=share.se,
        low=np.fmin(low, share.low),
        high=np.fmax(high, share.high),
        status=np.where(fewest < most, Status.APPROXIMATE, Status.OK),
        method="wilson",
    )


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
