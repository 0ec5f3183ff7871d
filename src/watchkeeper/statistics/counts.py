"""Weighted counts of rows over slots, the additive core of every histogram-like statistic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """Rows, sum of weights and sum of squared weights per cell and slot; each of shape (cells, slots).

    ``w`` and ``w2`` are None while every weight is 1, and then equal ``n``. What follows from them is computed once:
    several metrics ask it of the same counts.
    """

    n: Ints
    w: Floats | None = None
    w2: Floats | None = None

    @classmethod
    def empty(cls, cells: int, slots: int) -> Self:
        return cls(np.zeros((cells, slots), np.int64))

    @classmethod
    def of(cls, cell: Ints, slot: Ints, weight: Floats | None, cells: int, slots: int) -> Self:
        """Count rows by cell and slot.

        Args:
            cell: cell of each row, shape (rows,); rows of a negative cell are left out.
            slot: slot of each row, shape (rows,); rows of a negative slot are left out.
            weight: weight of each row, or None where each is 1.
        """
        if min(cell.min(initial=0), slot.min(initial=0)) < 0:
            keep = (cell >= 0) & (slot >= 0)
            cell, slot = cell[keep], slot[keep]
            weight = None if weight is None else weight[keep]
        code = slot if cells == 1 else cell.astype(np.int64, copy=False) * slots + slot
        shape = (cells, slots)
        n = np.bincount(code, minlength=cells * slots).reshape(shape).astype(np.int64, copy=False)
        if weight is None:
            return cls(n)
        w = np.bincount(code, weights=weight, minlength=cells * slots).astype(np.float64).reshape(shape)
        w2 = np.bincount(code, weights=weight * weight, minlength=cells * slots).astype(np.float64).reshape(shape)
        return cls(n, w, w2)

    @property
    def cells(self) -> int:
        return self.n.shape[0]

    @property
    def slots(self) -> int:
        return self.n.shape[1]

    @cached_property
    def weight(self) -> Floats:
        """Sum of weights, shape (cells, slots): estimated rows served, where the log was sampled."""
        return self.n.astype(np.float64) if self.w is None else self.w

    @cached_property
    def squared_weight(self) -> Floats:
        return self.n.astype(np.float64) if self.w2 is None else self.w2

    @cached_property
    def rows(self) -> Ints:
        """Rows per cell, shape (cells,)."""
        return self.n.sum(axis=1)

    @cached_property
    def n_eff(self) -> Floats:
        """Kish's effective size per cell, (sum w)^2 / sum w^2, shape (cells,); 0 where there are no rows."""
        total, squares = self.weight.sum(axis=1), self.squared_weight.sum(axis=1)
        return np.divide(total * total, squares, out=np.zeros_like(total), where=squares > 0)

    @cached_property
    def shares(self) -> Floats:
        """Weighted share of each slot within its cell, shape (cells, slots); NaN where the cell is empty."""
        total = self.weight.sum(axis=1, keepdims=True)
        return np.divide(self.weight, total, out=np.full(self.n.shape, np.nan), where=total > 0)

    @cached_property
    def reached(self) -> Floats:
        """Weighted share of each slot and those before it, shape (cells, slots); NaN where the cell is empty."""
        return np.cumsum(self.shares, axis=1)

    def merged(self, into: Ints, cells: int) -> Self:
        """Add cells up: cell i goes to ``into[i]``, or nowhere where that is negative."""
        return self._each(lambda part: _added(part, into, cells))

    def folded(self, slot: Ints, slots: int) -> Self:
        """Add slots up: slot j goes to ``slot[j]``, or nowhere where that is negative."""
        return self._each(lambda part: _added(part.T, slot, slots).T)

    def take(self, cells: Ints) -> Self:
        """The cells of these indices, in this order."""
        return self._each(lambda part: part[cells])

    def columns(self, start: int, stop: int) -> Self:
        """The slots from ``start`` up to ``stop``."""
        return self._each(lambda part: part[:, start:stop])

    def _each(self, change: Callable[[NDArray[Any]], Any]) -> Self:
        return type(self)(
            change(self.n),
            None if self.w is None else change(self.w),
            None if self.w2 is None else change(self.w2),
        )

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        """Put stacks of the same slots one under the other."""
        n = np.concatenate([part.n for part in parts])
        if all(part.w is None for part in parts):
            return cls(n)
        return cls(
            n,
            np.concatenate([part.weight for part in parts]),
            np.concatenate([part.squared_weight for part in parts]),
        )


def _added(part: NDArray[Any], into: Ints, cells: int) -> NDArray[Any]:
    out = np.zeros((cells, part.shape[1]), part.dtype)
    kept = np.flatnonzero(into >= 0)
    if kept.size == 0:
        return out
    ordered = kept[np.argsort(into[kept], kind="stable")]
    targets, starts = np.unique(into[ordered], return_index=True)
    out[targets] = np.add.reduceat(part[ordered], starts, axis=0) if len(targets) < len(ordered) else part[ordered]
    return out
