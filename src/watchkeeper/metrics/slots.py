"""Picking values out of counted categories."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.counts import Counts, Floats, Ints
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import OTHER_VALUE

UNSEEN_VALUE = "__unseen__"
"""Name of the slot of values that the baseline never had."""


def names(current: Categories) -> tuple[str, ...]:
    """Name of each slot, the slots of other and unseen values last."""
    return (*current.values, OTHER_VALUE, UNSEEN_VALUE)


def without(current: Categories, value: str) -> Counts:
    """The counts with the rows of one value left out."""
    return current.counts.folded(_kept(current, lambda name: name != value), len(names(current)))


def slots_where(current: Categories, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
    """Whether the value of each slot ``holds``, shape (slots,)."""
    return np.array([holds(name) for name in names(current)], bool)


def with_missing(current: Histogram | Categories) -> Counts:
    """Present rows in slot 0, then one slot each for what is missing."""
    present, missing = current.counts, current.missing
    n = np.concatenate([present.n.sum(axis=1, keepdims=True), missing.n], axis=1)
    if present.w is None and missing.w is None:
        return Counts(n)
    return Counts(
        n,
        _beside(present.weight, missing.weight),
        _beside(present.squared_weight, missing.squared_weight),
    )


def _beside(present: Floats, missing: Floats) -> Floats:
    return np.concatenate([present.sum(axis=1, keepdims=True), missing], axis=1)


def _kept(current: Categories, holds: Callable[[str], bool]) -> Ints:
    return np.array([i if holds(name) else -1 for i, name in enumerate(names(current))], np.int64)
