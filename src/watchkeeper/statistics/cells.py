"""Cells: which window, model version and segment a row of a stack stands for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Ints
from watchkeeper.terms import ALL_ROWS, ANY_VERSION

NO_WINDOW = int(np.iinfo(np.int64).min)
"""Window start of a statistic that belongs to no window: that of a baseline."""
Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One window (its start in microseconds since 1970), model version and segment."""

    window_start: int
    version: str = ANY_VERSION
    segment_key: str = ALL_ROWS
    segment_value: str = ALL_ROWS


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells in columns, each of shape (cells,); the texts are Python strings."""

    window_start: Ints
    version: Texts
    segment_key: Texts
    segment_value: Texts

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> Self:
        """Columns of single cells."""
        cells = list(cells)
        return cls(
            np.array([cell.window_start for cell in cells], np.int64),
            texts([cell.version for cell in cells]),
            texts([cell.segment_key for cell in cells]),
            texts([cell.segment_value for cell in cells]),
        )

    def __len__(self) -> int:
        return len(self.window_start)

    def __getitem__(self, i: int) -> Cell:
        return Cell(int(self.window_start[i]), self.version[i], self.segment_key[i], self.segment_value[i])

    def take(self, cells: Any) -> Self:
        """The cells of these indices, or where a mask holds."""
        columns = (self.window_start, self.version, self.segment_key, self.segment_value)
        return type(self)(*(column[cells] for column in columns))

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        return cls(
            np.concatenate([part.window_start for part in parts]),
            np.concatenate([part.version for part in parts]),
            np.concatenate([part.segment_key for part in parts]),
            np.concatenate([part.segment_value for part in parts]),
        )

    def with_windows(self, starts: Ints) -> Self:
        """The same versions and segments in other windows."""
        return type(self)(starts, self.version, self.segment_key, self.segment_value)

    def grouped(self) -> tuple[Self, Ints]:
        """The distinct cells in ascending order, and the index of each cell among them, shape (cells,)."""
        columns = [self.window_start, *map(_ranked, (self.version, self.segment_key, self.segment_value))]
        order = np.lexsort(columns[::-1])
        fresh = np.zeros(len(order), bool)
        fresh[:1] = True
        for column in columns:
            fresh[1:] |= column[order][1:] != column[order][:-1]
        into = np.empty(len(order), np.int64)
        into[order] = np.cumsum(fresh) - 1
        return self.take(order[fresh]), into

    def find(self, others: Cells) -> Ints:
        """Index among these (distinct) cells of each other cell, -1 where it is not among them, shape (others,)."""
        distinct, into = type(self).stacked([self, type(self)(*_columns(others))]).grouped()
        at = np.full(len(distinct), -1, np.int64)
        at[into[: len(self)]] = np.arange(len(self))
        return at[into[len(self) :]]


def texts(values: Sequence[str]) -> Texts:
    """An array of Python strings, which unlike fixed-width text keeps every character."""
    out = np.empty(len(values), object)
    out[:] = values
    return out


def _columns(cells: Cells) -> tuple[Ints, Texts, Texts, Texts]:
    return cells.window_start, cells.version, cells.segment_key, cells.segment_value


def _ranked(values: Texts) -> Ints:
    encoded = pa.array(values, pa.string()).dictionary_encode()
    rank = np.argsort(np.argsort(texts(encoded.dictionary.to_pylist())))
    return rank.astype(np.int64)[encoded.indices.to_numpy(zero_copy_only=False)]
