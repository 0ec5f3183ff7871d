"""Exact counts of text values by cell while counting, kept sparse: most values occur in few cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.statistics.categories import MISFIT, MISSING, MOST_UNSEEN, NULL, Categories, Unseen
from watchkeeper.statistics.counts import Counts, Floats, Ints
from watchkeeper.statistics.distinct import Distinct, text_hashes
from watchkeeper.statistics.grid import NAMED, Grid
from watchkeeper.statistics.text import Texts
from watchkeeper.statistics.weights import of_classes

_DENSE = 2**18
"""Joint codes up to which rows are counted in a table; beyond it they are sorted."""


class Sums(NamedTuple):
    """Rows, sum of weights and of squared weights per entry; the latter None while every weight is 1."""

    n: Ints
    w: Floats | None
    w2: Floats | None

    @classmethod
    def of_weights(cls, weight: Floats | None, rows: int) -> Self:
        """Each row as an entry of its own."""
        return cls(np.ones(rows, np.int64), weight, None if weight is None else weight * weight)

    def each(self, change: Callable[[NDArray[Any]], Any]) -> Sums:
        """The same change to every part that is there."""
        return Sums(change(self.n), *(None if part is None else change(part) for part in self[1:]))

    def at(self, entries: Any) -> Sums:
        return self.each(lambda part: part[entries])


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of (cell, value) pairs that occurred.

    Args:
        cells: number of cells.
        vocabulary: distinct values, an Arrow string array.
        cell: cell of each entry, ascending; ``code``: index of its value in the vocabulary.
        sums: rows and weights of each entry.
        missing: null and misfit rows, shape (cells, 2).
    """

    cells: int
    vocabulary: Any
    cell: Ints
    code: Ints
    sums: Sums
    missing: Counts

    @classmethod
    def of(
        cls, values: Any, cell: Ints, weight: Floats | None, cells: int, misfit: NDArray[np.bool_] | None = None
    ) -> Self:
        """Count rows; rows of a negative cell are left out."""
        return cls.of_texts(Texts.of(values), np.asarray(cell), weight, cells, misfit)

    @classmethod
    def of_texts(
        cls, texts: Texts, cell: Ints, weight: Floats | None, cells: int, misfit: NDArray[np.bool_] | None = None
    ) -> Self:
        """Count rows whose values are encoded already."""
        size = len(texts.vocabulary)
        code = texts.code
        if bool((code < 0).any()):
            code = np.where(code < 0, size + NULL, code)
            if misfit is not None:
                code[misfit & (texts.code < 0)] = size + MISFIT
        if cell.min(initial=0) < 0:
            kept = cell >= 0
            cell, code = cell[kept], code[kept]
            weight = None if weight is None else weight[kept]
        key, sums = _grouped(cell * (size + MISSING) + code, weight, cells * (size + MISSING))
        cell, code = np.divmod(key, size + MISSING)
        absent = code >= size
        missing = _dense(cell[absent], code[absent] - size, sums.at(absent), cells, MISSING)
        return cls(cells, texts.vocabulary, cell[~absent], code[~absent], sums.at(~absent), missing)

    def weighed(self, weights: Floats) -> Tally:
        """Counts by cell, where so far the cells were pairs of cell and class of weight."""
        if len(weights) == 1 and weights[0] == 1.0:
            return self
        size, classes = max(len(self.vocabulary), 1), len(weights)
        cell, weight = self.cell // classes, weights[self.cell % classes]
        sums = Sums(self.sums.n, self.sums.n * weight, self.sums.n * weight * weight)
        key, sums = _added(cell * size + self.code, sums, self.cells // classes * size)
        missing = of_classes(self.missing.n, weights)
        return Tally(self.cells // classes, self.vocabulary, *np.divmod(key, size), sums, missing)

    @classmethod
    def merged(cls, parts: Sequence[Tally], into: Sequence[Ints], cells: int) -> Self:
        """Merge tallies; cell i of a part goes to ``into[part][i]``, or nowhere where that is negative."""
        vocabulary, codes = _unified(parts)
        size = max(len(vocabulary), 1)
        cell = np.concatenate([to[part.cell] for part, to in zip(parts, into, strict=True)])
        kept = cell >= 0
        key = (cell * size + np.concatenate(codes))[kept]
        key, sums = _added(key, _joined([part.sums for part in parts]).at(kept), cells * size)
        missing = Counts.stacked([part.missing for part in parts]).merged(np.concatenate(into), cells)
        return cls(cells, vocabulary, *np.divmod(key, size), sums, missing)

    def value_counts(self) -> dict[str, int]:
        """Rows of each value over all cells."""
        totals = np.bincount(self.code, self.sums.n, minlength=len(self.vocabulary)).astype(np.int64)
        return dict(zip(self.vocabulary.to_pylist(), totals.tolist(), strict=True))

    def distinct(self, into: Ints, cells: int) -> Distinct:
        """The smallest hashes of the values; cell i goes to ``into[i]``, or nowhere where that is negative."""
        target = into[self.cell]
        kept = target >= 0
        hashes = text_hashes(self.vocabulary.to_pylist())[self.code[kept]]
        n = np.bincount(target[kept], self.sums.n[kept], minlength=cells)
        return Distinct.of_hashes(hashes, target[kept], cells, n)

    def categories(self, grid: Grid | None) -> Categories:
        """Counts by value: those named by the grid; without one the 100 most frequent of each cell, then by text."""
        return self.summed([np.arange(self.cells)], self.cells, grid)

    def summed(self, into: Sequence[Ints], cells: int, grid: Grid | None) -> Categories:
        """Counts by value of sums of cells, in several ways at once.

        Args:
            into: for each way, where each cell goes; nowhere where that is negative.
            cells: number of cells that come out.
            grid: as in ``categories``.
        """
        everywhere = np.concatenate(into)
        missing = Counts.stacked([self.missing] * len(into)).merged(everywhere, cells)
        if grid is None:
            whole = Tally.merged([self] * len(into), into, cells)
            slot, values = whole._most_frequent()
            counts = _dense(whole.cell, slot, whole.sums, cells, len(values) + 2)
            return Categories(values, counts, missing, ((),) * cells)
        slot, values = self._slots_of(grid)
        counts = _dense(self.cell, slot, self.sums, self.cells, len(values) + 2)
        counts = Counts.stacked([counts] * len(into)).merged(everywhere, cells)
        unseen = self._only(slot == len(values) + 1)
        names = Tally.merged([unseen] * len(into), into, cells)._names()
        return Categories(values, counts, missing, names, grid)

    def _only(self, entries: NDArray[np.bool_]) -> Tally:
        none = Counts.empty(self.cells, MISSING)
        return Tally(self.cells, self.vocabulary, self.cell[entries], self.code[entries], self.sums.at(entries), none)

    def _slots_of(self, grid: Grid) -> tuple[Ints, tuple[str, ...]]:
        named = len(grid.named)
        listed = pc.index_in(self.vocabulary, value_set=pa.array(grid.categories, pa.string()))
        slot = pc.fill_null(listed, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        slot = np.where(slot < 0, named + 1, np.minimum(slot, named))
        return slot[self.code], grid.named

    def _most_frequent(self) -> tuple[Ints, tuple[str, ...]]:
        order = self._ranked()
        cell = self.cell[order]
        rank = np.arange(len(cell)) - np.searchsorted(cell, cell)
        kept = np.zeros(len(cell), bool)
        kept[order] = rank < NAMED
        words = self.vocabulary.to_pylist()
        values = tuple(sorted(words[i] for i in np.unique(self.code[kept])))
        at = {value: i for i, value in enumerate(values)}
        position = np.array([at.get(word, len(values)) for word in words], np.int64)
        return np.where(kept, np.append(position, 0)[self.code], len(values)), values

    def _names(self) -> tuple[Unseen, ...]:
        """The most frequent values of each cell with their rows."""
        found: list[list[tuple[str, int]]] = [[] for _ in range(self.cells)]
        for entry in self._ranked() if len(self.code) else ():
            top = found[self.cell[entry]]
            if len(top) < MOST_UNSEEN:
                top.append((self.vocabulary[int(self.code[entry])].as_py(), int(self.sums.n[entry])))
        return tuple(map(tuple, found))

    def _ranked(self) -> Ints:
        """Entries by cell, then by rows from most to least, then by text."""
        text_rank = np.empty(len(self.vocabulary), np.int64)
        text_rank[pc.array_sort_indices(self.vocabulary).to_numpy()] = np.arange(len(self.vocabulary))
        return np.lexsort((text_rank[self.code], -self.sums.n, self.cell))


def _unified(parts: Sequence[Tally]) -> tuple[Any, list[Ints]]:
    first = parts[0].vocabulary
    if all(part.vocabulary is first or part.vocabulary.equals(first) for part in parts[1:]):
        return first, [part.code for part in parts]
    chunks = [
        pa.DictionaryArray.from_arrays(pa.array(np.arange(len(part.vocabulary)), pa.int32()), part.vocabulary)
        for part in parts
    ]
    unified = pa.chunked_array(chunks).unify_dictionaries()
    moved = [chunk.indices.to_numpy(zero_copy_only=False).astype(np.int64) for chunk in unified.chunks]
    return unified.chunk(0).dictionary, [to[part.code] for part, to in zip(parts, moved, strict=True)]


def _joined(parts: Sequence[Sums]) -> Sums:
    n = np.concatenate([part.n for part in parts])
    if all(part.w is None for part in parts):
        return Sums(n, None, None)
    w = np.concatenate([part.n.astype(float) if part.w is None else part.w for part in parts])
    return Sums(n, w, np.concatenate([part.n.astype(float) if part.w2 is None else part.w2 for part in parts]))


def _grouped(key: Ints, weight: Floats | None, size: int) -> tuple[Ints, Sums]:
    """Rows counted by key; the keys come ascending."""
    if size <= _DENSE:
        n = np.bincount(key, minlength=size)
        found = np.flatnonzero(n)
        if weight is None:
            return found, Sums(n[found], None, None)
        w, w2 = (np.bincount(key, power, minlength=size).astype(np.float64) for power in (weight, weight * weight))
        return found, Sums(n[found], w[found], w2[found])
    return _added(key, Sums.of_weights(weight, len(key)), size)


def _added(key: Ints, sums: Sums, size: int) -> tuple[Ints, Sums]:
    """Entries of equal keys below ``size`` added up; the keys come ascending."""
    if len(key) == 0:
        return key, sums
    if size <= max(_DENSE, 4 * len(key)):
        found = np.flatnonzero(np.bincount(key, minlength=size))
        table = sums.each(lambda part: np.bincount(key, part, minlength=size)[found])  # exact below 2^53
        return found, Sums(table.n.astype(np.int64), table.w, table.w2)
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.concatenate([[0], np.flatnonzero(key[1:] != key[:-1]) + 1])
    return key[starts], sums.each(lambda part: np.add.reduceat(part[order], starts))


def _dense(cell: Ints, slot: Ints, sums: Sums, cells: int, slots: int) -> Counts:
    def table(part: NDArray[Any] | None) -> Any:
        if part is None:
            return None
        out = np.zeros(cells * slots, part.dtype)
        np.add.at(out, cell * slots + slot, part)
        return out.reshape(cells, slots)

    return Counts(table(sums.n), table(sums.w), table(sums.w2))
