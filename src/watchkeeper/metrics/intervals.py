"""Intervals of shares and means from their sufficient statistics."""

from __future__ import annotations

import numpy as np
from scipy import special

from watchkeeper.metrics.base import LEVEL, Estimates
from watchkeeper.statistics.counts import Counts, Floats, Ints


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


def share_of(part: Floats, whole: Counts, level: float = LEVEL) -> Estimates:
    """The share that ``part`` has in ``whole``, with its Wilson interval.

    ``n`` and ``n_eff`` are the rows, and Kish's effective rows, of the whole.

    Args:
        part: sum of weights, shape (cells,).
        whole: all the rows the share is taken of, shape (cells, slots).
        level: two-sided level.
    """
    return share_with_interval(_ratio(part, whole.weight.sum(axis=1)), whole.rows, whole.n_eff, level)


def share_with_interval(share: Floats, n: Ints, n_eff: Floats, level: float = LEVEL) -> Estimates:
    """A share with its Wilson interval and its standard error ``sqrt(p (1 - p) / n_eff)``."""
    share = np.where(np.isnan(share), np.nan, np.clip(share, 0, 1))
    low, high = wilson(share, n_eff, level)
    se = np.sqrt(_ratio(share * (1 - share), n_eff))
    return Estimates.of(share, n=n, n_eff=n_eff, se=se, low=low, high=high, level=level, method="wilson")


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
