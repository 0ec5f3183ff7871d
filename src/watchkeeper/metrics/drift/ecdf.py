"""Distances between distribution functions known at the edges of common bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Floats


def ks_bracket(p: Floats, q: Floats, is_atom: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Smallest and largest Kolmogorov-Smirnov distance that rows in these bins can have, each of shape (cells,).

    The distance lies between them wherever the rows lie inside their bins; an atom is a single value and adds
    nothing to the upper limit.

    Args:
        p: baseline shares from low to high, shape (cells, bins).
        q: current shares over the same bins.
        is_atom: whether a bin is a single value, shape (bins,).

    >>> low, high = ks_bracket(np.array([[0.5, 0.5]]), np.array([[0.75, 0.25]]), np.array([True, False]))
    >>> float(low[0]), float(high[0])
    (0.25, 0.5)
    """
    above_f, above_g = np.cumsum(p, axis=-1), np.cumsum(q, axis=-1)
    lower = np.abs(above_f - above_g).max(axis=-1, initial=0)
    inside = np.maximum(above_f - (above_g - q), above_g - (above_f - p))
    upper = np.where(is_atom, 0, inside).max(axis=-1, initial=0)
    return np.clip(lower, 0, 1), np.clip(np.maximum(lower, upper), 0, 1)


def wasserstein_bracket(p: Floats, q: Floats, width: Floats) -> tuple[Floats, Floats, Floats]:
    """Wasserstein-1 distance with rows spread evenly inside bins, and the limits it lies between.

    Args:
        p: baseline shares from low to high, shape (cells, bins).
        q: current shares over the same bins.
        width: width of each bin, 0 for a single value, shape (bins,).

    Returns:
        even, lower and upper, each of shape (cells,), in the unit of the width.
    """
    f1, g1 = np.cumsum(p, axis=-1), np.cumsum(q, axis=-1)
    f0, g0 = f1 - p, g1 - q
    held = p + q > 0
    width = width * (np.cumsum(held[..., ::-1], axis=-1)[..., ::-1] > 0)  # a wide empty tail makes much of rounding
    lower = width * np.maximum(0, np.maximum(f0 - g1, g0 - f1))
    upper = width * np.maximum(f1 - g0, g1 - f0)
    return (width * _even(f0 - g0, f1 - g1)).sum(axis=-1), lower.sum(axis=-1), upper.sum(axis=-1)


def wasserstein_floor(p: Floats, width: Floats, s: Floats) -> Floats:
    """Mean of the Wasserstein-1 distance when nothing has changed, ``integral of sqrt(2 F (1 - F) s / pi)``.

    Args:
        p: baseline shares from low to high, shape (cells, bins).
        width: width of each bin, shape (bins,).
        s: ``1 / n + 1 / m`` of baseline and current rows, shape (cells,).
    """
    middle = np.clip(np.cumsum(p, axis=-1) - p / 2, 0, 1)
    return (width * np.sqrt(2 * middle * (1 - middle) / np.pi)).sum(axis=-1) * np.sqrt(s)


def _even(before: Floats, after: Floats) -> Floats:
    total = np.abs(before) + np.abs(after)
    crossing = np.divide(before**2 + after**2, 2 * total, out=np.zeros_like(total), where=total > 0)
    return np.where(before * after >= 0, total / 2, crossing)
