"""Finding the cell of a number: a table of slots in place of a binary search, exact at every mark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Floats, Ints
from watchkeeper.statistics.grid import TAIL_EDGES, Grid

_LINEAR_SLOTS = (4096, 16384, 65536)
_MANTISSA_BITS = 8
_SEARCH = -10
"""Base of a slot that holds several marks: its cells come out negative and are searched for."""
_BEARABLE = 2
"""Marks that may share slots before another coordinate is tried: about a percent of the rows is searched for."""
_BLOCK = 16_384
"""Rows looked up at a time, so that the intermediate arrays stay in the cache."""


def codes(values: Floats, marks: Floats) -> Ints:
    """Fine code ``#(marks < x) + #(marks <= x)`` of each value by binary search: even between marks, odd on one.

    >>> codes(np.array([0.5, 1.0, 9.0]), np.array([1.0, 2.0]))
    array([0, 1, 4])
    """
    return np.searchsorted(marks, values, side="left") + np.searchsorted(marks, values, side="right")


def cells_of(values: Floats, grid: Grid) -> Ints:
    """Cell of each value in a numeric grid, shape (rows,); what it gives for NaN means nothing."""
    return _lattice_of(grid).cells_of(values)


@dataclass(frozen=True)
class _Slots:
    """A coordinate that rises with x: linear, or the leading bits of x − origin. Any such coordinate is exact."""

    origin: float
    scale: float
    last: int
    first_key: int = 0
    bits: bool = False

    def of(self, x: Floats, out: Ints | None = None) -> Ints:
        """Slot of each value; those of values outside the marks may lie outside the table and mean nothing."""
        d = x - self.origin
        if self.bits:
            return _keys(d) - self.first_key
        d *= self.scale
        if out is None:
            return d.astype(np.int64)
        out[...] = d  # casts as astype does
        return out


@dataclass(frozen=True)
class Lattice:
    """The marks of a grid, laid out in slots of which nearly all hold one mark or none.

    Args:
        marks: all marks of the grid, ascending, and ``cell_of_code``: see ``Grid``.
        slots: the coordinate.
        base: per slot the cell that ends at its mark; ``mark`` the mark, infinity where it has none; ``atom`` the
            same of marks that are atoms, None where no mark is.
        first: the smallest and ``last`` the greatest mark laid out; values beyond them are searched for.
        crowded: whether any slot holds several marks.
    """

    marks: Floats
    cell_of_code: Ints
    slots: _Slots
    base: Ints
    mark: Floats
    atom: Floats | None
    first: float
    last: float
    crowded: bool

    def cells_of(self, values: Floats) -> Ints:
        out = np.empty(len(values), np.int64)
        work = _Work.of(min(len(values), _BLOCK))
        for start in range(0, len(values), _BLOCK):
            self._fill(values[start : start + _BLOCK], out[start : start + _BLOCK], work)
        return out

    def _fill(self, x: Floats, found: Ints, work: _Work) -> None:
        """Put the cell of each value of a block into ``found``."""
        if len(self.marks) == 0 or len(x) == 0:
            found[...] = 0
            return
        inside = bool(np.fmin.reduce(x) >= self.first) and bool(np.fmax.reduce(x) <= self.last)
        with np.errstate(invalid="ignore", over="ignore"):
            self._look_up(x, found, work.cut(len(x)))
        if inside and not self.crowded:
            return
        rows = np.flatnonzero(found < 0 if inside else (found < 0) | (x < self.first) | (x > self.last))
        found[rows] = self.cell_of_code[codes(x[rows], self.marks)]

    def _look_up(self, x: Floats, found: Ints, work: _Work) -> None:
        slot = self.slots.of(x, work.slot)
        self.base.take(slot, out=found, mode="clip")
        self.mark.take(slot, out=work.mark, mode="clip")
        found += np.greater(x, work.mark, out=work.above)
        if self.atom is not None:
            self.atom.take(slot, out=work.mark, mode="clip")
            found += np.greater_equal(x, work.mark, out=work.above)


@dataclass(frozen=True, slots=True)
class _Work:
    """Arrays that one block after the other is worked out in: fresh ones would cost as much as the work."""

    slot: Ints
    mark: Floats
    above: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: int) -> Self:
        return cls(np.empty(rows, np.int64), np.empty(rows), np.empty(rows, bool))

    def cut(self, rows: int) -> _Work:
        """The same for a block that may be shorter."""
        return self if rows == len(self.slot) else _Work(self.slot[:rows], self.mark[:rows], self.above[:rows])


@lru_cache(maxsize=4096)
def _lattice_of(grid: Grid) -> Lattice:
    return lattice(grid.marks, grid.cell_of_code)


def lattice(marks: Floats, cell_of_code: Ints) -> Lattice:
    """Lay out marks in the coordinate that leaves the fewest of them to a binary search.

    The lattice spans the marks of the baseline's range; values in the tails are searched for.
    """
    inner = _body(marks)
    if len(inner) == 0:
        return Lattice(marks, cell_of_code, _Slots(0.0, 0.0, 0), cell_of_code, marks, None, 0.0, 0.0, crowded=False)
    slots = min(_candidates(inner), key=lambda slots: max(_crowded(slots, inner) - _BEARABLE, 0))
    below = int(np.searchsorted(marks, inner[0]))
    codes_below, mark = _table(slots, inner, below)
    base = np.where(codes_below < 0, _SEARCH, cell_of_code[np.maximum(codes_below, 0)])
    is_atom = np.diff(cell_of_code)[::2][below : below + len(inner)] > 0
    atom = np.where(np.isin(mark, inner[is_atom]), mark, np.inf) if is_atom.any() else None
    crowded = bool((base < 0).any())
    return Lattice(marks, cell_of_code, slots, base, mark, atom, float(inner[0]), float(inner[-1]), crowded)


def _body(marks: Floats) -> Floats:
    """The marks between the tails; all of them where a grid has no tails."""
    return marks[TAIL_EDGES:-TAIL_EDGES] if len(marks) > 2 * TAIL_EDGES else marks


def _candidates(marks: Floats) -> list[_Slots]:
    with np.errstate(over="ignore"):
        span = marks[-1] - marks[0]
        scales = [min((n - 1) / span, 2.0**1000) if span > 0 else 0.0 for n in _LINEAR_SLOTS]
    linear = [_Slots(float(marks[0]), float(scale), n - 1) for n, scale in zip(_LINEAR_SLOTS, scales, strict=True)]
    return (linear if span < np.inf else []) + [
        _bit_slots(marks, origin) for origin in (0.0, float(marks[0]), float(marks[len(marks) // 2]))
    ]


def _bit_slots(marks: Floats, origin: float) -> _Slots:
    with np.errstate(over="ignore"):
        first, last = (int(key) for key in _keys(marks[[0, -1]] - origin))
    return _Slots(origin, 1.0, last - first, first, bits=True)


def _keys(d: Floats) -> Ints:
    """Sign, exponent and leading mantissa bits as an integer that rises with d."""
    raw = (d + 0.0).view(np.int64)
    return (raw ^ ((raw >> 63) & np.int64(2**63 - 1))) >> (52 - _MANTISSA_BITS)


def _crowded(slots: _Slots, marks: Floats) -> int:
    """Marks that share their slot with another."""
    with np.errstate(over="ignore"):
        _, counts = np.unique(np.clip(slots.of(marks), 0, slots.last), return_counts=True)
    return int(counts[counts > 1].sum())


def _table(slots: _Slots, marks: Floats, below: int) -> tuple[Ints, Floats]:
    """Per slot: twice the marks below it, and its mark; infinity where it has none."""
    with np.errstate(over="ignore"):
        slot = np.clip(slots.of(marks), 0, slots.last)
    held = np.bincount(slot, minlength=slots.last + 1)
    base = 2 * (below + np.cumsum(held) - held)
    base[held > 1] = _SEARCH
    mark = np.full(slots.last + 1, np.inf)
    mark[slot] = marks
    return base.astype(np.int64), mark
