"""How many windows must be joined before a series has rows enough to be judged."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from watchkeeper.rules.families import QUALITY
from watchkeeper.rules.series import Bools
from watchkeeper.statistics.counts import Floats, Ints
from watchkeeper.windows import Calendar

LENGTHS = (1, 2, 7, 28)
"""Numbers of windows that are joined to one."""
FIRST = 28
_WEEK = timedelta(days=7)


def lengths(family: str, calendar: Calendar) -> tuple[int, ...]:
    """The numbers of windows that may be joined to judge a family.

    Quality is judged on a week or more, so that all versions and segments of a model are judged on the same windows
    and can be told apart.

    >>> from watchkeeper.windows import Duration
    >>> lengths("roc_auc", Calendar(Duration(1, "day"))), lengths("mean", Calendar(Duration(1, "day")))
    ((7, 28), (1, 2, 7, 28))
    """
    if family not in QUALITY:
        return LENGTHS
    return tuple(length for length in LENGTHS if length * calendar.size.about >= _WEEK) or LENGTHS[-1:]


def smallest_merge(
    n_eff: Floats,
    counted: Bools,
    *,
    minimum: float,
    target: float | None = None,
    lengths: tuple[int, ...] = LENGTHS,
) -> Ints:
    """The smallest number of windows whose join has rows enough, by how many windows have gone by.

    It is the first of 1, 2, 7, 28 by which the median ``n_eff`` of the first (up to 28) windows with rows reaches
    ``target``; 28 where only ``minimum`` is reached; 0 where not even that, and such a series is not judged. As the
    first 28 windows come in, the answer settles; what it was for a window never changes later.

    Args:
        n_eff: effective rows of single windows, shape (series, windows).
        counted: the windows that are final and have rows, same shape.
        minimum: rows below which nothing is judged.
        target: rows that are wanted; the minimum where none is given.
        lengths: the numbers of windows that may be joined, ascending.

    Returns:
        Shape (series, windows + 1): entry k speaks after k windows.

    >>> smallest_merge(np.full((1, 3), 20.0), np.ones((1, 3), bool), minimum=30)
    array([[0, 2, 2, 2]])
    """
    typical = _typical(n_eff, counted)
    merge = np.where(typical * lengths[-1] >= minimum, lengths[-1], 0)
    for length in reversed(lengths):
        merge = np.where(typical * length >= (minimum if target is None else target), length, merge)
    return merge


def _typical(n_eff: Floats, counted: Bools) -> Floats:
    """Median of the first (up to 28) counted windows, 0 before the first; shape (series, windows + 1)."""
    seen = np.minimum(np.cumsum(counted, axis=1), FIRST)
    seen = np.concatenate([np.zeros((len(counted), 1), np.int64), seen], axis=1)
    first = np.argsort(~counted, axis=1, kind="stable")[:, :FIRST]
    rows = np.take_along_axis(n_eff, first, axis=1)
    medians = [np.zeros(len(rows)), *(np.median(rows[:, :m], axis=1) for m in range(1, rows.shape[1] + 1))]
    return np.take_along_axis(np.stack(medians, axis=1), seen, axis=1)
