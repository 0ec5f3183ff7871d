"""All statistics of one monitor that are at hand, a stack per column and kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa

from watchkeeper.errors import GridMismatch
from watchkeeper.statistics.cells import NO_WINDOW, Cells, texts
from watchkeeper.statistics.counts import Ints
from watchkeeper.statistics.grid import Grid
from watchkeeper.statistics.kinds import KINDS
from watchkeeper.windows import Calendar, micros, moment

Stack = tuple[Cells, Any]
"""Cells, each at most once, and the statistic stacked in their order."""
Key = tuple[str, str]
"""Column and kind."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Statistics by column and kind. Those of a baseline stand in the window ``cells.NO_WINDOW``."""

    stacks: Mapping[Key, Stack]

    @classmethod
    def from_table(cls, table: Any, grids: Mapping[str, Grid]) -> Self:
        """Read rows of ``schemas.STATISTICS``; rows of one cell are merged.

        Args:
            table: an Arrow table; monitor, digest, role and baseline are not looked at, so give rows of one only.
            grids: the grids that the rows name, by id.

        Raises:
            GridMismatch: a grid is not among ``grids``, or one column was counted on two.
        """
        table = table.combine_chunks()
        parts: dict[Key, list[Stack]] = {}
        for (column, kind, grid_id), rows in _groups(table, "column", "kind", "grid_id"):
            found = table.take(pa.array(rows))
            statistic = KINDS[kind].from_arrow(_struct(found), _grid(grids, grid_id, column))
            parts.setdefault((column, kind), []).append((_cells(found), statistic))
        return cls({key: _merged(stacks) for key, stacks in parts.items()})

    @classmethod
    def joined(cls, shelves: Sequence[Shelf]) -> Self:
        """Put shelves together; statistics of one cell are merged."""
        parts: dict[Key, list[Stack]] = {}
        for shelf in shelves:
            for key, stack in shelf.stacks.items():
                parts.setdefault(key, []).append(stack)
        return cls({key: _merged(stacks) for key, stacks in parts.items()})

    def stack(self, column: str, kind: str) -> Stack | None:
        """The cells and the statistic of a column, or None where it was not counted."""
        return self.stacks.get((column, kind))

    def columns(self, kind: str) -> tuple[str, ...]:
        """The columns that have a statistic of this kind, in order of their names."""
        return tuple(sorted(column for column, other in self.stacks if other == kind))

    @property
    def window_starts(self) -> Ints:
        """Starts of all windows, ascending; microseconds since 1970."""
        starts = [np.unique(cells.window_start) for cells, _ in self.stacks.values()]
        return np.unique(np.concatenate(starts)) if starts else np.zeros(0, np.int64)

    def within(self, start: int, end: int) -> Self:
        """The statistics of windows that start in ``[start, end)``; microseconds since 1970."""
        out: dict[Key, Stack] = {}
        for key, (cells, statistic) in self.stacks.items():
            kept = np.flatnonzero((cells.window_start >= start) & (cells.window_start < end))
            if len(kept):
                out[key] = cells.take(kept), statistic.take(kept)
        return type(self)(out)

    def total(self) -> Self:
        """All windows merged into one, without a window: a baseline."""
        return self.rewindowed(lambda starts: np.full(len(starts), NO_WINDOW, np.int64))

    def blocks(self, calendar: Calendar, count: int) -> Self:
        """Statistics merged over aligned runs of ``count`` windows, each under the start of its run."""
        return self.rewindowed(lambda starts: _block_starts(starts, calendar, count))

    def rewindowed(self, change: Callable[[Ints], Ints]) -> Self:
        """Statistics merged under other window starts, which ``change`` gives for the distinct old ones."""
        out: dict[Key, Stack] = {}
        for key, (cells, statistic) in self.stacks.items():
            old, at = np.unique(cells.window_start, return_inverse=True)
            moved, into = cells.with_windows(change(old)[at]).grouped()
            out[key] = moved, statistic.merged(into, len(moved))
        return type(self)(out)


def _block_starts(starts: Ints, calendar: Calendar, count: int) -> Ints:
    blocks = (calendar.block(calendar.window_of(moment(int(start))), count) for start in starts)
    return np.array([micros(block.start) for block in blocks], np.int64)


def _merged(stacks: list[Stack]) -> Stack:
    cells, into = Cells.stacked([cells for cells, _ in stacks]).grouped()
    statistic = type(stacks[0][1]).stacked([statistic for _, statistic in stacks])
    return cells, statistic.merged(into, len(cells))


def _groups(table: Any, *names: str) -> list[tuple[tuple[Any, ...], Ints]]:
    """Row numbers by the values of some text columns."""
    code = np.zeros(table.num_rows, np.int64)
    words: list[list[Any]] = []
    for name in names:
        encoded = table[name].combine_chunks().dictionary_encode(null_encoding="encode")
        words.append(encoded.dictionary.to_pylist())
        code = code * max(len(words[-1]), 1) + encoded.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(code, kind="stable")
    found, starts = np.unique(code[order], return_index=True)
    places = np.unravel_index(found, [max(len(word), 1) for word in words])
    keys = [tuple(word[i] for word, i in zip(words, place, strict=True)) for place in zip(*places, strict=True)]
    return list(zip(keys, np.split(order, starts[1:]), strict=True)) if len(found) else []


def _struct(table: Any) -> Any:
    columns = [table[name].combine_chunks() for name in ("ints", "floats", "blob")]
    return pa.StructArray.from_arrays(columns, names=["ints", "floats", "blob"])


def _cells(table: Any) -> Cells:
    starts = table["window_start"].combine_chunks().cast(pa.int64()).fill_null(NO_WINDOW)
    words = (texts(table[name].to_pylist()) for name in ("model_version", "segment_key", "segment_value"))
    return Cells(starts.to_numpy(zero_copy_only=False), *words)


def _grid(grids: Mapping[str, Grid], grid_id: str | None, column: str) -> Grid | None:
    if grid_id is None:
        return None
    if grid_id not in grids:
        raise GridMismatch(f"column {column!r} was counted on grid {grid_id}, which is not stored")
    return grids[grid_id]
