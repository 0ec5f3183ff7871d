"""Rows per cell of a numeric grid: what quantiles, shares above a value and distances are read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from watchkeeper.errors import GridMismatch
from watchkeeper.statistics.base import counts_from, stored, stored_counts
from watchkeeper.statistics.counts import Counts, Floats, Ints
from watchkeeper.statistics.grid import Grid
from watchkeeper.statistics.lattice import cells_of
from watchkeeper.statistics.numbers import Numbers

NULL, NAN, MISFIT = 0, 1, 2
"""Slots of ``Histogram.missing``."""
MISSING = 3


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts over the cells of a grid.

    Args:
        counts: shape (cells, grid.cells); infinite values are in the outermost cells.
        missing: null, NaN and misfit rows, shape (cells, 3).
        grid: the numeric grid.
    """

    counts: Counts
    missing: Counts
    grid: Grid

    kind: ClassVar[str] = "histogram@1"

    @classmethod
    def of(
        cls,
        values: Any,
        cell: Ints,
        weight: Floats | None,
        cells: int,
        grid: Grid | None,
        misfit: NDArray[np.bool_] | None = None,
    ) -> Self:
        """Count rows (see ``Statistic.of``); ``misfit`` marks nulls that stand for a value of the wrong type."""
        grid = _needed(grid)
        slot = slots_of(Numbers.of(values), grid, misfit)
        return cls.of_counts(Counts.of(np.asarray(cell), slot, weight, cells, grid.cells + MISSING), grid)

    @classmethod
    def of_counts(cls, counts: Counts, grid: Grid) -> Self:
        """From counts over the slots of ``slots_of``."""
        return cls(counts.columns(0, grid.cells), counts.columns(grid.cells, grid.cells + MISSING), grid)

    @classmethod
    def empty(cls, cells: int, grid: Grid | None) -> Self:
        grid = _needed(grid)
        return cls(Counts.empty(cells, grid.cells), Counts.empty(cells, MISSING), grid)

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        grid = same_grid([part.grid for part in parts])
        return cls(
            Counts.stacked([part.counts for part in parts]), Counts.stacked([part.missing for part in parts]), grid
        )

    @property
    def rows(self) -> Ints:
        return self.counts.rows + self.missing.rows

    @property
    def weight(self) -> Floats:
        return self.counts.weight.sum(axis=1) + self.missing.weight.sum(axis=1)

    @property
    def n_eff(self) -> Floats:
        """Effective number of values that are present."""
        return self.counts.n_eff

    @property
    def cdf(self) -> Floats:
        """Weighted share of present values in this grid cell and those below, shape (cells, grid.cells)."""
        return self.counts.reached

    def quantile(self, p: float) -> tuple[Floats, Floats, Floats]:
        """The weighted p-quantile by inverse CDF, with bounds that hold for certain; each of shape (cells,).

        Inside a grid cell the value is interpolated linearly; the bounds are the cell's. In an open-ended cell the
        value is its finite bound. NaN where there are no values.
        """
        weight = self.counts.weight
        reached = np.cumsum(weight, axis=1)
        target = p * reached[:, -1:]
        at = np.argmax((reached >= target * (1 - 1e-12)) & (weight > 0), axis=1)
        each = np.arange(len(at))
        held = weight[each, at]
        inside = np.divide(
            target[:, 0] - (reached[each, at] - held), held, out=np.full(len(at), np.nan), where=held > 0
        )
        low, high = (np.where(held > 0, bound[at], np.nan) for bound in (self.grid.lower, self.grid.upper))
        return _interpolated(low, high, np.clip(inside, 0.0, 1.0)), low, high

    def share_above(self, x: float | Floats) -> Floats:
        """Weighted share of present values above x, shape (cells,); x is one value or one per cell.

        Exact where x is an edge or an atom, else interpolated inside its grid cell (see ``share_above_bounds``).
        """
        low, high, part = self._above(x)
        return low + part * (high - low)

    def share_above_bounds(self, x: float | Floats) -> tuple[Floats, Floats]:
        """The smallest and the largest share above x that the counts allow, each of shape (cells,)."""
        low, high, _ = self._above(x)
        return low, high

    def _above(self, x: float | Floats) -> tuple[Floats, Floats, Floats]:
        points = np.broadcast_to(np.asarray(x, np.float64), (self.counts.cells,))
        known = ~np.isnan(points)
        at = cells_of(np.where(known, points, 0.0), self.grid)
        shares, each = self.counts.shares, np.arange(self.counts.cells)
        above = np.cumsum(shares[:, ::-1], axis=1)[:, ::-1]
        high = np.where(known, above[each, at], np.nan)
        held = np.where(known, shares[each, at], np.nan)
        lower, upper = self.grid.lower[at], self.grid.upper[at]
        closed = self.grid.is_atom[at] | (upper == points)
        low = high - held
        with np.errstate(over="ignore"):
            width, rest = upper - lower, upper - points
        part = np.divide(rest, width, out=np.full(len(at), 0.5), where=np.isfinite(width) & (width > 0))
        return low, np.where(closed, low, high), np.where(closed, 0.0, part)

    def fold(self, bins: Ints) -> Counts:
        """Counts over coarser bins: grid cell i goes to ``bins[i]``."""
        bins = np.asarray(bins)
        return self.counts.folded(bins, int(bins.max(initial=-1)) + 1)

    def take(self, cells: Ints) -> Self:
        return type(self)(self.counts.take(cells), self.missing.take(cells), self.grid)

    def merged(self, into: Ints, cells: int) -> Self:
        into = np.asarray(into)
        return type(self)(self.counts.merged(into, cells), self.missing.merged(into, cells), self.grid)

    def to_arrow(self) -> Any:
        return stored(*stored_counts(self.counts, self.missing))

    @classmethod
    def from_arrow(cls, array: Any, grid: Grid | None) -> Self:
        grid = _needed(grid)
        counts, missing = counts_from(array, grid.cells, MISSING)
        return cls(counts, missing, grid)


def slots_of(numbers: Numbers, grid: Grid, misfit: NDArray[np.bool_] | None = None) -> Ints:
    """Slot of each row: its grid cell, or after those null, NaN, misfit; shape (rows,)."""
    slot = cells_of(numbers.values, grid)
    nan = np.isnan(numbers.values)
    if nan.any():
        slot[nan] = grid.cells + NAN
    if numbers.null is not None:
        slot[numbers.null] = grid.cells + NULL
        if misfit is not None:
            slot[numbers.null & misfit] = grid.cells + MISFIT
    return slot


def same_grid(grids: Sequence[Grid]) -> Grid:
    """The grid that all share.

    Raises:
        GridMismatch: they do not share one.
    """
    first = grids[0]
    for other in grids[1:]:
        if other is not first and other != first:
            raise GridMismatch(f"column {first.column!r} was counted on two grids: {first.grid_id}, {other.grid_id}")
    return first


def _needed(grid: Grid | None) -> Grid:
    if grid is None:
        raise GridMismatch("a histogram needs the grid that it was counted on")
    return grid


def _interpolated(low: Floats, high: Floats, part: Floats) -> Floats:
    with np.errstate(invalid="ignore", over="ignore"):
        between = low * (1 - part) + high * part
        between = np.clip(between, low, high)  # rounding may step over a bound
    return np.where(np.isinf(low), high, np.where(np.isinf(high), low, between))
