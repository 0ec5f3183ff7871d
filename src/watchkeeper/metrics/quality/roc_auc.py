"""Area under the ROC curve."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.quality.ranking import auc, auc_interval, delong
from watchkeeper.statistics.score_bins import ScoreBins
from watchkeeper.terms import Status

MINIMUM = 10


def roc_auc(current: ScoreBins) -> Estimates:
    """Chance that a positive row has a higher score than a negative one, ties counted half.

    1 for perfect ranking, 0.5 for none. Taken on the fine bins of the score, within half the share of tied pairs of
    the area of the unbinned scores. ``n`` are the labelled rows with a score; ``n_eff`` is Kish's effective number of
    the smaller class, at least 10 for a value; one class only is undefined. DeLong interval.

    Source: DeLong, DeLong and Clarke-Pearson (1988), Comparing the areas under two or more correlated ROC curves.
    """
    positives, negatives = current.positives, current.negatives
    p, n = positives.n_eff, negatives.n_eff
    area = auc(positives.shares, negatives.shares)
    se = delong(positives, negatives)
    low, high = auc_interval(area, se, p, n)
    return Estimates.of(
        np.clip(area, 0, 1),
        n=positives.rows + negatives.rows,
        n_eff=np.minimum(p, n),
        se=se,
        low=low,
        high=high,
        minimum=MINIMUM,
        method="delong",
    )


METRIC = Metric(
    roc_auc,
    reads=(ScoreBins,),
    family="roc_auc",
    unit="area",
    bounds=(0, 1),
    better="higher",
    column="score",
    needs_labels=True,
    minimum_n=MINIMUM,
    reasons={
        Status.UNDEFINED.value: "labels of one class only",
        Status.INSUFFICIENT.value: f"fewer than {MINIMUM} rows of one class",
    },
    source="DeLong, DeLong and Clarke-Pearson (1988), Comparing the areas under two or more correlated ROC curves",
)
