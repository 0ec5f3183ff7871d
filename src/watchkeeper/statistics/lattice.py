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
_STEEPEST = 2.0**1000
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
    """A coordinate that rises with x: linear, or the leading bits of x − origin. Any such coordinate is exact.

    The first mark laid out is in slot 1.
    """

    origin: float
    scale: float
    first_key: int = 0
    bits: bool = False

    def of(self, x: Floats, out: Ints | None = None) -> Ints:
        """Slot of each value; those of values outside the marks lie outside the table, those of NaN anywhere."""
        d = x - self.origin
        if self.bits:
            return _keys(d) - (self.first_key - 1)
        d *= self.scale
        d += 1.0
        if out is None:
            return d.astype(np.int64)
        out[...] = d  # casts as astype does
        return out


@dataclass(frozen=True)
class Lattice:
    """The marks of a grid, laid out in slots of which nearly all hold one mark or none.

    What a slot does not tell is searched for: that is so of the first and the last slot, where the values beyond the
    marks laid out end up, and of slots that hold several marks.

    Args:
        marks: all marks of the grid, ascending, and ``cell_of_code``: see ``Grid``.
        slots: the coordinate.
        base: per slot the cell that ends at its mark; ``mark`` the mark, infinity where it has none; ``atom`` the
            same of marks that are atoms, None where no mark is.
    """

    marks: Floats
    cell_of_code: Ints
    slots: _Slots
    base: Ints
    mark: Floats
    atom: Floats | None

    def cells_of(self, values: Floats) -> Ints:
        if len(self.marks) == 0:
            return np.zeros(len(values), np.int64)
        out = np.empty(len(values), np.int64)
        work = _Work.of(min(len(values), _BLOCK))
        for start in range(0, len(values), _BLOCK):
            self._fill(values[start : start + _BLOCK], out[start : start + _BLOCK], work)
        return out

    def _fill(self, x: Floats, found: Ints, work: _Work) -> None:
        """Put the cell of each value of a block into ``found``."""
        work = work.cut(len(x))
        with np.errstate(invalid="ignore", over="ignore"):
            self._look_up(x, found, work)
        rows = np.flatnonzero(np.less(found, 0, out=work.above))
        if rows.size:
            self._search(x[rows], found, rows)

    def _look_up(self, x: Floats, found: Ints, work: _Work) -> None:
        slot = self.slots.of(x, work.slot)
        self.base.take(slot, out=found, mode="clip")
        self.mark.take(slot, out=work.mark, mode="clip")
        found += np.greater(x, work.mark, out=work.above)
        if self.atom is not None:
            self.atom.take(slot, out=work.mark, mode="clip")
            found += np.greater_equal(x, work.mark, out=work.above)

    def _search(self, values: Floats, found: Ints, rows: Ints) -> None:
        found[rows] = 0
        known = ~np.isnan(values)  # which is not worth a search
        found[rows[known]] = self.cell_of_code[codes(values[known], self.marks)]


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
        return Lattice(marks, cell_of_code, _Slots(0.0, 0.0), cell_of_code, marks, None)
    slots = min(_candidates(inner), key=lambda slots: max(_crowded(slots, inner) - _BEARABLE, 0))
    base, mark = _table(slots, marks, inner, cell_of_code)
    atoms = marks[np.diff(cell_of_code)[::2] > 0]
    return Lattice(
        marks, cell_of_code, slots, base, mark, np.where(np.isin(mark, atoms), mark, np.inf) if len(atoms) else None
    )


def _body(marks: Floats) -> Floats:
    """The marks between the tails; all of them where a grid has no tails."""
    return marks[TAIL_EDGES:-TAIL_EDGES] if len(marks) > 2 * TAIL_EDGES else marks


def _candidates(marks: Floats) -> list[_Slots]:
    with np.errstate(over="ignore"):
        span = marks[-1] - marks[0]
        scales = [min((n - 1) / span, _STEEPEST) if span > 0 else _STEEPEST for n in _LINEAR_SLOTS]
    linear = [_Slots(float(marks[0]), float(scale)) for scale in scales]
    return (linear if span < np.inf else []) + [
        _bit_slots(marks, origin) for origin in (0.0, float(marks[0]), float(marks[len(marks) // 2]))
    ]


def _bit_slots(marks: Floats, origin: float) -> _Slots:
    with np.errstate(over="ignore"):
        return _Slots(origin, 1.0, int(_keys(marks[:1] - origin)[0]), bits=True)


def _keys(d: Floats) -> Ints:
    """Sign, exponent and leading mantissa bits as an integer that rises with d."""
    raw = (d + 0.0).view(np.int64)
    return (raw ^ ((raw >> 63) & np.int64(2**63 - 1))) >> (52 - _MANTISSA_BITS)


def _crowded(slots: _Slots, marks: Floats) -> int:
    """Marks that share their slot with another."""
    _, counts = np.unique(_slots_of(slots, marks), return_counts=True)
    return int(counts[counts > 1].sum())


def _slots_of(slots: _Slots, marks: Floats) -> Ints:
    with np.errstate(over="ignore", invalid="ignore"):
        return slots.of(marks)


def _table(slots: _Slots, marks: Floats, inner: Floats, cell_of_code: Ints) -> tuple[Ints, Floats]:
    """Per slot: the cell that ends at its mark, ``_SEARCH`` where it does not tell, and the mark, infinity without."""
    end = int(_slots_of(slots, inner[-1:])[0]) + 1
    slot = _slots_of(slots, marks)
    slot[(slot < 1) & (marks > inner[-1])] = end  # too far to be told by an integer
    slot = np.clip(slot, 0, end)
    held = np.bincount(slot, minlength=end + 1)
    base = cell_of_code[2 * (np.cumsum(held) - held)]
    base[held > 1] = _SEARCH
    base[[0, end]] = _SEARCH
    mark = np.full(end + 1, np.inf)
    mark[slot] = marks
    return base, mark
