"""Precision."""

from __future__ import annotations

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.quality.confusion import POSITIVE, UNDEFINED_WITHOUT, conditional_share, decided, labelled
from watchkeeper.statistics.confusion import Confusion


def precision(current: Confusion, *, positive: str = POSITIVE) -> Estimates:
    """Share of rows decided as positive that are labelled positive.

    From 0 to 1; undefined where there are no rows decided as positive. ``n`` are the labelled rows, ``n_eff``
    the effective number of rows decided as positive. Wilson interval.

    Args:
        current: decisions against labels.
        positive: the class that counts as positive.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    return conditional_share(current, chosen=labelled(current, positive), among=decided(current, positive))


METRIC = Metric(
    precision,
    reads=(Confusion,),
    family="quality_share",
    unit="share",
    bounds=(0, 1),
    better="higher",
    column="decision",
    options={"positive": POSITIVE},
    needs_labels=True,
    reasons=UNDEFINED_WITHOUT,
    source="Wilson (1927), Probable inference, the law of succession, and statistical inference",
)
