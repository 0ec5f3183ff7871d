"""Accuracy."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.quality.confusion import conditional_share, right
from watchkeeper.statistics.confusion import Confusion


def accuracy(current: Confusion) -> Estimates:
    """Share of labelled rows whose decision equals their label.

    From 0 to 1. ``n`` and ``n_eff`` are the labelled rows and the effective number of them. Wilson interval.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    slots = right(current)
    return conditional_share(current, slots, np.ones_like(slots))


METRIC = Metric(
    accuracy,
    reads=(Confusion,),
    family="quality_share",
    unit="share",
    bounds=(0, 1),
    better="higher",
    column="decision",
    needs_labels=True,
    source="Wilson (1927), Probable inference, the law of succession, and statistical inference",
)
