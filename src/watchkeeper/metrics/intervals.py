"""Intervals of shares and means from their sufficient statistics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from watchkeeper.metrics.base import LEVEL, Estimates
from watchkeeper.statistics.counts import Counts, Floats, Ints
from watchkeeper.statistics.moments import Moments


def normal_quantile(level: float) -> float:
    """The z of a two-sided interval: 1.96 for 0.95."""
    return float(special.ndtri((1 + level) / 2))


def simultaneous(level: float, count: int) -> float:
    """Level of each of ``count`` intervals that together hold at ``level`` (Bonferroni).

    >>> round(simultaneous(0.95, 5), 6)
    0.99
    """
    return 1 - (1 - level) / count


def wilson(share: Floats, n_eff: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Score interval of a proportion; NaN where there are no rows.

    Shares of 0 and 1 give limits of exactly 0 and 1. Source: Wilson (1927).

    Args:
        share: observed share, any shape.
        n_eff: rows it rests on, or Kish's effective number of them.
        level: two-sided level.

    >>> low, high = wilson(np.array([0.3]), np.array([10.0]))
    >>> float(low[0].round(4)), float(high[0].round(4))
    (0.1078, 0.6032)
    """
    z2 = normal_quantile(level) ** 2
    n = np.where(n_eff > 0, n_eff, np.nan)
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    spread = np.sqrt(z2 * (np.clip(share * (1 - share), 0, None) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    low = np.where(share <= 0, 0.0, np.clip(centre - spread, 0, share))
    high = np.where(share >= 1, 1.0, np.clip(centre + spread, share, 1))
    known = np.isfinite(n) & np.isfinite(share)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def student(mean: Floats, se: Floats, n_eff: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Interval of a mean by Student's t with ``n_eff - 1`` degrees of freedom; NaN below two rows."""
    freedom = np.where(n_eff > 1, n_eff - 1, np.nan)
    reach = special.stdtrit(freedom, (1 + level) / 2) * se
    return mean - reach, mean + reach


def share_of(chosen: NDArray[np.bool_], whole: Counts, level: float = LEVEL) -> Estimates:
    """The share that some slots have in ``whole``, with its Wilson interval.

    ``n`` and ``n_eff`` are the rows of the whole and the effective rows of the share.

    Args:
        chosen: whether the rows of a slot belong to the share, shape (slots,).
        whole: all the rows the share is taken of, shape (cells, slots).
        level: two-sided level.
    """
    share, squared = (
        _ratio(part[:, chosen].sum(axis=1), part.sum(axis=1)) for part in (whole.weight, whole.squared_weight)
    )
    return share_with_interval(share, whole.rows, effective_rows(share, squared, whole.n_eff), level)


def effective_rows(share: Floats, squared: Floats, n_eff: Floats) -> Floats:
    """Rows of a simple random sample that would tell a share as exactly as these weighted rows do.

    ``p (1 - p)`` over the variance of the weighted share, ``sum w^2 (x - p)^2 / (sum w)^2``. Where weights have
    nothing to do with the outcome this is Kish's effective size; where failures are always logged and successes
    rarely, a share of failures is known far better than that, and in the opposite case far worse. Shares of 0 and 1
    have no variance to tell: Kish's size.

    Source: Hájek (1971); Korn and Graubard (1998), Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data.

    Args:
        share: weighted share p of the chosen rows, any shape.
        squared: share that the chosen rows have in the sum of squared weights.
        n_eff: Kish's effective size of all rows.

    >>> effective_rows(np.array([0.5, 0.5]), np.array([0.5, 0.1]), np.array([100.0, 100.0])).round(1)
    array([100., 100.])
    >>> effective_rows(np.array([0.05]), np.array([0.005]), np.array([1047.0])).round()
    array([7105.])
    """
    spread = share * (1 - share)
    weighted = (1 - share) ** 2 * squared + share**2 * (1 - squared)
    known = (spread > 0) & (weighted > 0)
    return np.where(known, n_eff * np.divide(spread, weighted, out=np.ones(np.shape(share)), where=known), n_eff)


def mean_of(moments: Moments) -> Estimates:
    """The weighted mean with its Student interval.

    ``n`` are the finite values, ``n_eff`` the variance of the values over the variance of the mean: the number of
    rows without weights that would tell the mean as exactly.
    """
    mean, se, variance = moments.mean, moments.se_mean, moments.variance
    known = (se > 0) & np.isfinite(variance) & (moments.w2 != moments.w)  # else every weight is 1
    n_eff = np.where(known, np.divide(variance, se * se, out=np.ones(mean.shape), where=known), moments.n_eff)
    low, high = student(mean, se, n_eff)
    return Estimates.of(mean, n=moments.n, n_eff=n_eff, se=se, low=low, high=high, method="student")


def share_with_interval(share: Floats, n: Ints, n_eff: Floats, level: float = LEVEL) -> Estimates:
    """A share with its Wilson interval and its standard error ``sqrt(p (1 - p) / n_eff)``."""
    share = np.where(np.isnan(share), np.nan, np.clip(share, 0, 1))
    low, high = wilson(share, n_eff, level)
    se = np.sqrt(_ratio(share * (1 - share), n_eff))
    return Estimates.of(share, n=n, n_eff=n_eff, se=se, low=low, high=high, level=level, method="wilson")


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
