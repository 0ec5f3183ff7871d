"""Rows put in order of their cells, so that every sum over a cell is a sum over a run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Floats, Ints
from watchkeeper.statistics.weights import ONE, weighed

FEW_RUNS = 64
"""Runs up to which counting them one by one is faster."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The rows of a batch by cell.

    Where rows were told apart by few different weights (``classes``), the cells are (cell, class) pairs and what is
    summed over runs is ``weighed`` to come out by cell.

    Args:
        order: the row at each position; None where rows stand in order already and none is left out.
        cell: cell of each position, ascending, shape (positions,).
        starts: first position of each run.
        members: cell of each run.
        weight: weight of each position, or None where each is 1.
        cells: number of cells, classes told apart.
        classes: weight of each class, shape (classes,).
    """

    order: Ints | None
    cell: Ints
    starts: Ints
    members: Ints
    weight: Floats | None
    cells: int
    classes: Floats = field(default_factory=lambda: ONE)

    @classmethod
    def of(cls, cell: NDArray[Any], weight: Floats | None, cells: int, classes: Floats = ONE) -> Self:
        """Order rows by cell; rows of a negative cell are left out."""
        cell = np.asarray(cell)
        order = None
        if cells > 1 or cell.min(initial=0) < 0:
            order, cell = _ordered(cell, cells)
        if weight is not None:
            weight = weight if order is None else weight.take(order)
            weight = None if bool((weight == 1.0).all()) else weight
        members, starts = _boundaries(cell)
        return cls(order, cell.astype(np.int64, copy=False), starts, members, weight, cells, classes)

    @property
    def rows(self) -> Ints:
        """Rows per cell, shape (cells,)."""
        return self._scattered(np.diff(np.append(self.starts, len(self.cell))))

    @property
    def lengths(self) -> Ints:
        """Rows of each run."""
        return np.diff(np.append(self.starts, len(self.cell)))

    def unweighted(self) -> Runs:
        """The same rows, each of weight 1."""
        return replace(self, weight=None, classes=np.ones_like(self.classes))

    def weighed(self, per_class: NDArray[Any], power: int = 1) -> Floats:
        """What was summed over runs times the weight of its class, or its square, by cell."""
        return weighed(per_class, self.classes if power == 1 else self.classes * self.classes)

    def gathered(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of rows, put in the order of the positions."""
        return values if self.order is None else values.take(self.order, mode="clip")

    def sums(self, values: Floats) -> Floats:
        """Sum over each cell, shape (cells,)."""
        return self._reduced(np.add, values, 0.0)

    def counts(self, mask: NDArray[np.bool_]) -> Ints:
        """Positions per cell where the mask holds, shape (cells,)."""
        if not mask.any():
            return np.zeros(self.cells, np.int64)
        if len(self.starts) <= FEW_RUNS:
            parts = pairwise([*self.starts.tolist(), len(mask)])
            return self._scattered(np.array([np.count_nonzero(mask[a:b]) for a, b in parts], np.int64))
        return self._scattered(np.add.reduceat(mask.view(np.int8), self.starts, dtype=np.int64))

    def minima(self, values: Floats) -> Floats:
        """Minimum of each cell, NaN where it is empty."""
        return self._reduced(np.minimum, values, np.nan)

    def maxima(self, values: Floats) -> Floats:
        """Maximum of each cell, NaN where it is empty."""
        return self._reduced(np.maximum, values, np.nan)

    def spread_by_run(self, per_cell: Floats) -> Floats:
        """A number of each cell for each of its runs, which the classes of its weights make several."""
        return per_cell[self.members // len(self.classes)]

    def spread(self, per_cell: Floats) -> Any:
        """A number of each cell at each of its positions; a scalar where there is one run."""
        by_run = self.spread_by_run(per_cell)
        return by_run[0] if len(by_run) == 1 else np.repeat(by_run, self.lengths)

    def _reduced(self, operation: Any, values: Floats, empty: float) -> Floats:
        out = np.full(self.cells, empty)
        if len(self.starts):
            out[self.members] = operation.reduceat(values, self.starts)
        return out

    def _scattered(self, per_run: Ints) -> Ints:
        out = np.zeros(self.cells, np.int64)
        out[self.members] = per_run
        return out


def _ordered(cell: NDArray[Any], cells: int) -> tuple[Ints | None, NDArray[Any]]:
    if cells == 1:
        order = np.flatnonzero(cell >= 0)
        return (None, cell) if len(order) == len(cell) else (order, cell[order])
    left_out = int(np.count_nonzero(cell < 0))
    small = cell.astype(np.int16) if cells < 2**15 else cell
    if left_out == 0 and bool((small[1:] >= small[:-1]).all()):
        return None, small
    order = np.argsort(small, kind="stable")[left_out:]
    return order, small.take(order)


def _boundaries(cell: NDArray[Any]) -> tuple[Ints, Ints]:
    if len(cell) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    starts = np.concatenate([[0], np.flatnonzero(cell[1:] != cell[:-1]) + 1]).astype(np.int64)
    return cell[starts].astype(np.int64), starts
