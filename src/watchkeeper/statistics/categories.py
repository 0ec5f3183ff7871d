"""Rows per value of a category column."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.errors import GridMismatch
from watchkeeper.statistics.base import counts_from, stored, stored_counts
from watchkeeper.statistics.counts import Counts, Floats, Ints
from watchkeeper.statistics.grid import NAMED, Grid

NULL, MISFIT = 0, 1
"""Slots of ``Categories.missing``."""
MISSING = 2
MOST_UNSEEN = 10
"""Unseen values that are kept by name in each cell."""
Unseen = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Categories:
    """Counts over the values of a column.

    Args:
        values: the values that are counted one by one: those named by the grid, in its order, or without a grid those
            observed, in order of their text.
        counts: shape (cells, len(values) + 2). The last two slots are ``__other__`` (in the baseline's list but not
            named; without a grid: cut) and ``__unseen__`` (not in the baseline's list; 0 without a grid).
        missing: null and misfit rows, shape (cells, 2).
        unseen: per cell the most frequent unseen values with their rows, most frequent first.
        grid: the category grid, or None while the baseline is learnt.
    """

    values: tuple[str, ...]
    counts: Counts
    missing: Counts
    unseen: tuple[Unseen, ...]
    grid: Grid | None = None

    kind: ClassVar[str] = "categories@1"

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
        from watchkeeper.statistics.tally import Tally  # a tally gives categories, so neither can come first

        found = Tally.of(values, cell, weight, cells, misfit).categories(grid)
        return cls(found.values, found.counts, found.missing, found.unseen, grid)

    @classmethod
    def empty(cls, cells: int, grid: Grid | None) -> Self:
        values = () if grid is None else grid.named
        return cls(values, Counts.empty(cells, len(values) + 2), Counts.empty(cells, MISSING), ((),) * cells, grid)

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        grid = _same_grid([part.grid for part in parts])
        values = parts[0].values if grid else tuple(sorted({value for part in parts for value in part.values}))
        return cls(
            values,
            Counts.stacked([part._over(values) for part in parts]),
            Counts.stacked([part.missing for part in parts]),
            tuple(cell for part in parts for cell in part.unseen),
            grid,
        )

    def _over(self, values: tuple[str, ...]) -> Counts:
        if values == self.values:
            return self.counts
        at = {value: i for i, value in enumerate(values)}
        slot = [at[value] for value in self.values] + [len(values), len(values) + 1]
        return self.counts.folded(np.array(slot, np.int64), len(values) + 2)

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

    def share(self, value: str) -> Floats:
        """Weighted share of one value among those present, shape (cells,); 0 where it is not among ``values``."""
        if value in self.values:
            return self.counts.shares[:, self.values.index(value)]
        return np.where(self.counts.rows > 0, 0.0, np.nan)

    def take(self, cells: Ints) -> Self:
        unseen = tuple(self.unseen[i] for i in cells)
        return type(self)(self.values, self.counts.take(cells), self.missing.take(cells), unseen, self.grid)

    def merged(self, into: Ints, cells: int) -> Self:
        into = np.asarray(into)
        return type(self)(
            self.values,
            self.counts.merged(into, cells),
            self.missing.merged(into, cells),
            _merged_unseen(self.unseen, into, cells),
            self.grid,
        )

    def to_arrow(self) -> Any:
        """One ``STORED`` value a cell; without a grid each cell names its own values, at most 100 of them."""
        if self.grid is not None:
            blobs = [_json({"unseen": cell[:MOST_UNSEEN]}) if cell else None for cell in self.unseen]
            return stored(*stored_counts(self.counts, self.missing), blobs)
        return _stacked_arrow([self._cut(cell) for cell in range(self.counts.cells)])

    def _cut(self, cell: int) -> Any:
        n = self.counts.n[cell, :-2]
        ranked = sorted(np.flatnonzero(n), key=lambda i: (-n[i], self.values[i]))[:NAMED]
        kept = np.sort(np.array(ranked, np.int64))
        slot = np.full(self.counts.slots, len(kept), np.int64)
        slot[kept] = np.arange(len(kept))
        slot[-1] = len(kept) + 1
        counts = self.counts.take(np.array([cell])).folded(slot, len(kept) + 2)
        blob = _json({"values": [self.values[i] for i in kept]})
        return stored(*stored_counts(counts, self.missing.take(np.array([cell]))), [blob])

    @classmethod
    def from_arrow(cls, array: Any, grid: Grid | None) -> Self:
        contents = [{} if blob is None else json.loads(blob) for blob in array.field("blob").to_pylist()]
        if grid is not None:
            unseen = tuple(tuple((value, n) for value, n in content.get("unseen", ())) for content in contents)
            counts, missing = counts_from(array, len(grid.named) + 2, MISSING)
            return cls(grid.named, counts, missing, unseen, grid)
        cells = [cls._observed(array[i : i + 1], tuple(content["values"])) for i, content in enumerate(contents)]
        return cls.stacked(cells) if cells else cls.empty(0, None)

    @classmethod
    def _observed(cls, array: Any, values: tuple[str, ...]) -> Self:
        counts, missing = counts_from(array, len(values) + 2, MISSING)
        return cls(values, counts, missing, ((),))


def _stacked_arrow(arrays: list[Any]) -> Any:
    return pa.concat_arrays(arrays) if arrays else stored(np.zeros((0, 0), np.int64))


def _merged_unseen(unseen: tuple[Unseen, ...], into: Ints, cells: int) -> tuple[Unseen, ...]:
    totals: list[dict[str, int]] = [{} for _ in range(cells)]
    for cell, target in zip(unseen, into, strict=True):
        if target >= 0:
            for value, n in cell:
                totals[target][value] = totals[target].get(value, 0) + n
    return tuple(tuple(sorted(total.items(), key=lambda item: (-item[1], item[0]))) for total in totals)


def _same_grid(grids: list[Grid | None]) -> Grid | None:
    first = grids[0]
    for other in grids[1:]:
        if other is not first and other != first:
            raise GridMismatch("a category column was counted on two grids")
    return first


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
