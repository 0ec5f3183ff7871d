"""Scores of a binary model by label: what rank metrics such as ROC AUC are read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from watchkeeper.errors import GridMismatch
from watchkeeper.statistics.base import counts_from, stored, stored_counts
from watchkeeper.statistics.counts import Counts, Floats, Ints
from watchkeeper.statistics.grid import Grid
from watchkeeper.statistics.histogram import same_grid, slots_of
from watchkeeper.statistics.numbers import Numbers
from watchkeeper.statistics.text import Texts

BINARY = ("0", "1")
"""Labels of a binary model as text: negative, positive."""


@dataclass(frozen=True, slots=True)
class ScoreBins:
    """Counts over the cells of the score's grid, first of label 0 and then of label 1.

    Args:
        counts: shape (cells, 2 · grid.cells). Rows without score or label are left out.
        grid: the numeric grid of the score.
    """

    counts: Counts
    grid: Grid

    kind: ClassVar[str] = "score_bins@1"

    @classmethod
    def of(cls, values: Any, cell: Ints, weight: Floats | None, cells: int, grid: Grid | None) -> Self:
        """Count rows; ``values`` is an Arrow struct array of ``score`` (number) and ``label`` ("0" or "1")."""
        grid = _needed(grid)
        slot = slots_of(Numbers.of(values.field("score")), grid)
        slots = score_slots(slot, Texts.of(values.field("label")).positions(BINARY), grid)
        return cls(Counts.of(np.asarray(cell), slots, weight, cells, 2 * grid.cells), grid)

    @classmethod
    def empty(cls, cells: int, grid: Grid | None) -> Self:
        grid = _needed(grid)
        return cls(Counts.empty(cells, 2 * grid.cells), grid)

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        return cls(Counts.stacked([part.counts for part in parts]), same_grid([part.grid for part in parts]))

    @property
    def rows(self) -> Ints:
        return self.counts.rows

    @property
    def weight(self) -> Floats:
        return self.counts.weight.sum(axis=1)

    @property
    def n_eff(self) -> Floats:
        return self.counts.n_eff

    @property
    def negatives(self) -> Counts:
        """Counts of label 0, shape (cells, grid.cells)."""
        return self.counts.columns(0, self.grid.cells)

    @property
    def positives(self) -> Counts:
        """Counts of label 1, shape (cells, grid.cells)."""
        return self.counts.columns(self.grid.cells, 2 * self.grid.cells)

    def take(self, cells: Ints) -> Self:
        return type(self)(self.counts.take(cells), self.grid)

    def merged(self, into: Ints, cells: int) -> Self:
        return type(self)(self.counts.merged(np.asarray(into), cells), self.grid)

    def to_arrow(self) -> Any:
        return stored(*stored_counts(self.counts))

    @classmethod
    def from_arrow(cls, array: Any, grid: Grid | None) -> Self:
        grid = _needed(grid)
        (counts,) = counts_from(array, 2 * grid.cells)
        return cls(counts, grid)


def score_slots(slot: Ints, label: Ints, grid: Grid) -> Ints:
    """Slot of each row from that of its score and the position of its label; -1 where either is missing."""
    return np.where((slot < grid.cells) & (label >= 0), label * grid.cells + slot, -1)


def _needed(grid: Grid | None) -> Grid:
    if grid is None:
        raise GridMismatch("scores by label need the grid of the score")
    return grid
