"""Rows served."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import LEVEL, Estimates, Metric
from watchkeeper.metrics.intervals import normal_quantile
from watchkeeper.metrics.slots import without
from watchkeeper.statistics.categories import Categories
from watchkeeper.terms import ParseStatus, Status


def row_count(current: Categories) -> Estimates:
    """Rows served in the window, duplicates left out.

    The sum of the weights, so where only a share of the requests is logged it estimates all of them, with standard
    error ``sqrt(sum (w^2 - w))`` (independent sampling); 0 where nothing was logged. ``n`` and ``n_eff`` are the
    rows read and Kish's effective number of them.

    Source: Horvitz and Thompson (1952), A generalization of sampling without replacement from a finite universe.
    """
    rows = without(current, ParseStatus.DUPLICATE)
    value = rows.weight.sum(axis=1)
    se = np.sqrt(np.clip(rows.squared_weight.sum(axis=1) - value, 0, None))
    reach = normal_quantile(LEVEL) * se
    nothing = np.full(value.shape, np.nan)
    return Estimates(
        value=value,
        status=np.full(value.shape, Status.OK.value, "<U12"),
        n=rows.rows,
        n_eff=rows.n_eff,
        se=se,
        low=np.clip(value - reach, 0, None),
        high=value + reach,
        noise_floor=nothing,
        compared=nothing,
        baseline_n=nothing,
        method="horvitz-thompson",
    )


METRIC = Metric(
    row_count,
    reads=(Categories,),
    family="row_count",
    unit="rows",
    bounds=(0, None),
    column="parse_status",
    compared_with_baseline=False,
    minimum_n=0,
    source="Horvitz and Thompson (1952), A generalization of sampling without replacement from a finite universe",
)
