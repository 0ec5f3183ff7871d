"""How well a score ranks positives above negatives, from counts of both over bins of the score."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import LEVEL
from watchkeeper.metrics.intervals import normal_quantile
from watchkeeper.statistics.counts import Floats

LOGIT_FROM = 0.95
"""Above this area the interval is made on the logit scale."""


def auc(positives: Floats, negatives: Floats) -> Floats:
    """Area under the ROC curve, ties counted half: NaN where a class has no rows.

    Args:
        positives: shares of the positive class from low to high score, shape (cells, bins), each row summing to 1.
        negatives: the same of the negative class.

    >>> float(auc(np.array([[0.3, 0.7]]), np.array([[0.9, 0.1]]))[0].round(6))
    0.8
    """
    return (positives * (np.cumsum(negatives, axis=-1) - negatives / 2)).sum(axis=-1)


def auc_reach(positives: Floats, negatives: Floats) -> Floats:
    """How far the area of the unbinned scores can be from ``auc``, either way: half the share of tied pairs."""
    return (positives * negatives).sum(axis=-1) / 2


def delong(positives: Floats, negatives: Floats, p: Floats, n: Floats) -> Floats:
    """Standard error of the area on binned scores; NaN where a class has fewer than 2 rows.

    Args:
        positives: shares of the positive class from low to high score, shape (cells, bins).
        negatives: the same of the negative class.
        p: effective number of positives, shape (cells,).
        n: effective number of negatives.

    Source: DeLong, DeLong and Clarke-Pearson (1988).
    """
    area = auc(positives, negatives)[..., None]
    won = np.cumsum(negatives, axis=-1) - negatives / 2
    lost = 1 - np.cumsum(positives, axis=-1) + positives / 2
    # shares times n/(n-1) is the sample variance of the placements
    of_positives = (positives * (won - area) ** 2).sum(axis=-1) / np.where(p > 1, p - 1, np.nan)
    of_negatives = (negatives * (lost - area) ** 2).sum(axis=-1) / np.where(n > 1, n - 1, np.nan)
    return np.sqrt(of_positives + of_negatives)


def auc_interval(area: Floats, se: Floats, p: Floats, n: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Interval of an area: normal, on the logit scale above 0.95, and never of width 0.

    Perfect separation has no standard error; its lower limit is ``(alpha / 2)^(1 / k)`` for the k disjoint pairs of
    a positive and a negative that the smaller class allows, all of them won.
    """
    z = normal_quantile(level)
    low, high = area - z * se, area + z * se
    near_one = (area > LOGIT_FROM) & (area < 1)
    inside = np.where(near_one, area, 0.5)
    logit = np.log(inside / (1 - inside))
    reach = z * se / (inside * (1 - inside))
    low = np.where(near_one, _expit(logit - reach), low)
    high = np.where(near_one, _expit(logit + reach), high)
    pairs = np.floor(np.minimum(p, n))
    won_all = ((1 - level) / 2) ** (1 / np.where(pairs > 0, pairs, np.nan))
    flat = se == 0
    low = np.where(flat & (area >= 0.5), np.minimum(won_all, area), low)
    high = np.where(flat & (area < 0.5), np.maximum(1 - won_all, area), high)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def _expit(x: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))
