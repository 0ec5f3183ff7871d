"""Weights of rows: where only few different ones occur they tell rows apart as a segment does.

Counting by class of weight is exact and costs no pass over the weights: sums of weights and of their squares follow
from the counts of each class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Counts, Floats, Ints

_MOST = 8
"""Different weights up to which they are classes."""
_LOOKED_AT = 2048
"""Rows whose weights are looked at for the classes, before all rows are."""
ONE = np.ones(1)


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of the rows of a batch.

    Args:
        classes: the different weights, shape (classes,); one class of weight 1 where ``each`` is given.
        code: class of each row; None where there is one class.
        each: weight of each row, shape (rows,), where there are too many different ones; else None.
    """

    classes: Floats
    code: Ints | None = None
    each: Floats | None = None

    @classmethod
    def of(cls, weight: Floats) -> Self:
        """Tell weights apart; their classes are in ascending order.

        >>> Weights.of(np.array([2.0, 1.0, 2.0]))
        Weights(classes=array([1., 2.]), code=array([1, 0, 1]), each=None)
        """
        if len(weight) == 0 or bool((weight == weight[0]).all()):
            return cls(weight[:1].copy() if len(weight) else ONE)
        for looked_at in (weight[:_LOOKED_AT], weight):
            classes = np.unique(looked_at)
            if len(classes) > _MOST:
                break
            code = np.searchsorted(classes, weight)
            if bool((classes.take(code, mode="clip") == weight).all()):
                return cls(classes, code)
        return cls(ONE, None, weight)

    @property
    def size(self) -> int:
        return len(self.classes)

    def cells(self, cell: Ints) -> Ints:
        """Cells told apart by class: that of cell i and class c is ``i * size + c``; negative cells stay so."""
        if self.code is None:
            return cell
        return np.where(cell < 0, -1, cell * self.size + self.code)

    def take(self, rows: Ints | None) -> Weights:
        """The weights of these rows in this order; all of them for None."""
        if rows is None:
            return self
        code = None if self.code is None else self.code.take(rows, mode="clip")
        return Weights(self.classes, code, None if self.each is None else self.each.take(rows, mode="clip"))


def summed(per_class: NDArray[Any], classes: int) -> NDArray[Any]:
    """Sums over the classes of each cell: shape (cells · classes, …) becomes (cells, …)."""
    return per_class if classes == 1 else per_class.reshape(-1, classes, *per_class.shape[1:]).sum(axis=1)


def weighed(per_class: NDArray[Any], weights: Floats) -> Floats:
    """Sums over the classes of each cell, each times its weight; shapes as in ``summed``."""
    if len(weights) == 1:
        return per_class.astype(np.float64) if weights[0] == 1.0 else per_class * weights[0]
    by_class = per_class.reshape(-1, len(weights), *per_class.shape[1:])
    out: Floats = by_class[:, 0] * weights[0]
    for number in range(1, len(weights)):
        out += by_class[:, number] * weights[number]
    return out


def of_classes(n: Ints, weights: Floats) -> Counts:
    """Counts by cell from rows by cell and class of weight, shape (cells · classes, slots)."""
    if len(weights) == 1 and weights[0] == 1.0:
        return Counts(n)
    return Counts(summed(n, len(weights)), weighed(n, weights), weighed(n, weights * weights))
