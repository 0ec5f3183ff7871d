"""How well a score ranks positives above negatives, from counts of both over bins of the score."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import LEVEL
from watchkeeper.metrics.intervals import normal_quantile
from watchkeeper.statistics.counts import Counts, Floats

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


def delong(positives: Counts, negatives: Counts) -> Floats:
    """Standard error of the area on binned scores, shape (cells,); NaN where a class has fewer than 2 rows.

    The root of the variances of both mean placements v, each that of a weighted mean:
    ``n / (n - 1) sum w^2 (v - area)^2 / (sum w)^2``. Without weights this is DeLong's estimate.

    Args:
        positives: counts of the positive class from low to high score, shape (cells, bins).
        negatives: the same of the negative class.

    Source: DeLong, DeLong and Clarke-Pearson (1988); Hájek (1971).
    """
    p, n = positives.shares, negatives.shares
    area = auc(p, n)[..., None]
    won = np.cumsum(n, axis=-1) - n / 2
    lost = 1 - np.cumsum(p, axis=-1) + p / 2
    return np.sqrt(_variance_of_mean(positives, won - area) + _variance_of_mean(negatives, lost - area))


def _variance_of_mean(counts: Counts, deviation: Floats) -> Floats:
    """Variance of the weighted mean of a number that each bin has, given as its deviation from that mean."""
    rows, total = counts.rows, counts.weight.sum(axis=1)
    squares = rows * (counts.squared_weight * deviation**2).sum(axis=1)
    return np.divide(squares, (rows - 1) * total * total, out=np.full(rows.shape, np.nan), where=rows > 1)


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
