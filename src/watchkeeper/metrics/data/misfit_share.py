"""Share of values of the wrong type."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.intervals import share_of
from watchkeeper.metrics.slots import with_missing
from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import Role


def misfit_share(current: Histogram | Categories) -> Estimates:
    """Share of rows whose value does not fit the type of the column, such as text where a number belongs.

    From 0 to 1, of all readable rows. ``n`` and ``n_eff`` are those rows and the effective number of them. Wilson
    interval.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    rows = with_missing(current)
    return share_of(np.arange(rows.slots) == rows.slots - 1, rows)


METRIC = Metric(
    misfit_share,
    reads=(Histogram, Categories),
    family="data_share",
    unit="share",
    bounds=(0, 1),
    better="lower",
    roles=(Role.FEATURE, Role.SCORE),
    source="Wilson (1927), Probable inference, the law of succession, and statistical inference",
)
