"""Share of missing values."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.intervals import share_of
from watchkeeper.metrics.slots import with_missing
from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import Role


def null_share(current: Histogram | Categories) -> Estimates:
    """Share of rows whose value is null or not a number.

    From 0 to 1, of all readable rows; values that do not fit the column's type count as present here, see
    ``misfit_share``. ``n`` and ``n_eff`` are those rows and the effective number of them. Wilson interval.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    rows = with_missing(current)
    slot = np.arange(rows.slots)
    return share_of((slot > 0) & (slot < rows.slots - 1), rows)


METRIC = Metric(
    null_share,
    reads=(Histogram, Categories),
    family="data_share",
    unit="share",
    bounds=(0, 1),
    better="lower",
    roles=(Role.FEATURE, Role.SCORE, Role.DECISION),
    source="Wilson (1927), Probable inference, the law of succession, and statistical inference",
)
