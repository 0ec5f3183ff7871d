"""How many different values a column has, from the smallest hashes of its values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.statistics.base import matrix, stored
from watchkeeper.statistics.counts import Floats, Ints
from watchkeeper.statistics.grid import Grid
from watchkeeper.statistics.numbers import as_float64
from watchkeeper.statistics.text import Texts

K = 1024
"""Hashes kept per cell: a relative standard error of 3 percent."""
Hashes = NDArray[np.uint64]
_SEED = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_SHIFT = np.uint64(32)
_MOST_SORTED = 0.4
"""Share of the hashes up to which sorting only the smallest is faster than first setting repeats aside."""
_BLOCK = 16_384
"""Hashes made at a time, so that they stay in the cache."""


@dataclass(frozen=True, slots=True)
class Distinct:
    """The K smallest 64-bit hashes of the distinct values of each cell (Bar-Yossef et al. 2002; Giroire 2009).

    Args:
        hashes: those of all cells one after the other, ascending within a cell.
        offsets: where each cell's hashes begin, and the end, shape (cells + 1,).
        n: values that were present, shape (cells,).

    A merge is exact and does not depend on order. Under row sampling it is the distinct count of the sample.
    """

    hashes: Hashes
    offsets: Ints
    n: Ints

    kind: ClassVar[str] = "distinct@1"

    @classmethod
    def of(cls, values: Any, cell: Ints, weight: Floats | None, cells: int, grid: Grid | None = None) -> Self:
        """Count rows (see ``Statistic.of``); null and NaN are not values, and weights do not matter."""
        hashes, present = row_hashes(values)
        present &= np.asarray(cell) >= 0
        cell = np.asarray(cell)[present]
        return cls.of_hashes(hashes[present], cell, cells, np.bincount(cell, minlength=cells))

    @classmethod
    def of_hashes(cls, hashes: Hashes, cell: Ints, cells: int, n: Ints) -> Self:
        """Keep the K smallest distinct hashes of each cell.

        Args:
            hashes: hashes of values, with repeats or without, shape (m,).
            cell: the cell of each, shape (m,).
            n: values that were present, shape (cells,).
        """
        order = np.argsort(_small(np.asarray(cell), cells), kind="stable")
        hashes, ends = hashes[order], np.cumsum(np.bincount(cell, minlength=cells))
        starts = np.concatenate([[0], ends[:-1]]) if cells else ends
        kept = [_sorted_distinct(hashes[a:b])[:K] for a, b in zip(starts, ends, strict=True)]
        counts = [len(part) for part in kept]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(np.concatenate([np.zeros(0, np.uint64), *kept]), offsets, n.astype(np.int64))

    @classmethod
    def empty(cls, cells: int, grid: Grid | None = None) -> Self:
        return cls(np.zeros(0, np.uint64), np.zeros(cells + 1, np.int64), np.zeros(cells, np.int64))

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        lengths = np.concatenate([np.diff(part.offsets) for part in parts])
        hashes = np.concatenate([part.hashes for part in parts])
        n = np.concatenate([part.n for part in parts])
        return cls(hashes, np.concatenate([[0], np.cumsum(lengths)]), n)

    @property
    def rows(self) -> Ints:
        """Rows with a value."""
        return self.n

    @property
    def weight(self) -> Floats:
        return self.n.astype(np.float64)

    @property
    def n_eff(self) -> Floats:
        return self.n.astype(np.float64)

    @property
    def estimate(self) -> Floats:
        """Distinct values, shape (cells,): exact below K, else (K − 1)/h with h the K-th smallest hash in (0, 1]."""
        held = np.diff(self.offsets)
        full = held == K
        largest = np.ones(len(held))
        largest[full] = (self.hashes[self.offsets[1:][full] - 1].astype(np.float64) + 1.0) / 2.0**64
        return np.where(full, (K - 1) / largest, held)

    @property
    def cell(self) -> Ints:
        """Cell of each hash, shape (hashes,)."""
        return np.repeat(np.arange(len(self.n)), np.diff(self.offsets))

    def take(self, cells: Ints) -> Self:
        cells = np.asarray(cells)
        lengths = np.diff(self.offsets)[cells]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        at = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1][cells] - offsets[:-1], lengths)
        return type(self)(self.hashes[at], offsets, self.n[cells])

    def merged(self, into: Ints, cells: int) -> Self:
        part = self.take(np.flatnonzero(np.asarray(into) >= 0))
        into = np.asarray(into)[np.asarray(into) >= 0]
        n = np.zeros(cells, np.int64)
        np.add.at(n, into, part.n)
        return self.of_hashes(part.hashes, into[part.cell], cells, n)

    def to_arrow(self) -> Any:
        data = self.hashes.astype("<u8")
        blobs = [data[a:b].tobytes() for a, b in zip(self.offsets[:-1], self.offsets[1:], strict=True)]
        return stored(self.n[:, None], None, blobs)

    @classmethod
    def from_arrow(cls, array: Any, grid: Grid | None = None) -> Self:
        blobs = array.field("blob").to_pylist()
        lengths = np.array([len(blob) // 8 for blob in blobs], np.int64)
        hashes = np.frombuffer(b"".join(blobs), "<u8").astype(np.uint64)
        return cls(
            hashes, np.concatenate([[0], np.cumsum(lengths)]), matrix(array.field("ints"), 1)[:, 0].astype(np.int64)
        )


def row_hashes(values: Any) -> tuple[Hashes, NDArray[np.bool_]]:
    """Hash of each row of an Arrow array, and which rows have a value; both of shape (rows,)."""
    if is_number(values.type):
        return number_hashes(values)
    texts = Texts.of(values)
    hashes = np.append(text_hashes(texts.vocabulary.to_pylist()), np.uint64(0))
    return hashes[texts.code], texts.code >= 0


def is_number(type_: Any) -> bool:
    """Whether values of an Arrow type are hashed as numbers; decimals are hashed as their text."""
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_temporal(type_))


def number_hashes(values: Any) -> tuple[Hashes, NDArray[np.bool_]]:
    """Hashes of numbers: integers by their own bits, floats by those of the double; -0.0 is 0.0."""
    present = values.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_integer(values.type):
        bits = values.cast(pa.int64(), safe=False).fill_null(0).to_numpy(zero_copy_only=False).view(np.uint64)
        return mixed(bits), present
    numbers = as_float64(values).fill_null(np.nan).to_numpy(zero_copy_only=False)
    return float_hashes(numbers), present & ~np.isnan(numbers)


def float_hashes(numbers: Floats) -> Hashes:
    """Hashes of doubles, shape (rows,); what it gives for NaN means nothing."""
    return mixed((numbers + 0.0).view(np.uint64))


def mixed(bits: Hashes) -> Hashes:
    """Spread 64 bits evenly over 64 bits (kept one to one)."""
    hashes = np.empty(len(bits), np.uint64)
    high = np.empty(min(len(bits), _BLOCK), np.uint64)
    for start in range(0, len(hashes), _BLOCK):
        h = np.bitwise_xor(bits[start : start + _BLOCK], _SEED, out=hashes[start : start + _BLOCK])
        h *= _FIRST
        h ^= np.right_shift(h, _SHIFT, out=high[: len(h)])
        h *= _SECOND
    return hashes


def text_hashes(values: Iterable[str]) -> Hashes:
    """Hashes of texts: the first 8 bytes of BLAKE2b, little-endian."""
    return np.frombuffer(
        b"".join(hashlib.blake2b(value.encode(), digest_size=8).digest() for value in values), "<u8"
    ).astype(np.uint64)


def _small(cell: Ints, cells: int) -> NDArray[Any]:
    """Cells in the type that sorts fastest."""
    return cell.astype(np.int16) if cells < 2**15 else cell


def smallest_of_runs(hashes: Hashes, present: NDArray[np.bool_], starts: Ints, ends: Ints) -> Distinct:
    """Distinct values of runs of rows, a cell each.

    Args:
        hashes: hash of each row, and ``present``: whether it has a value that counts; shape (rows,).
        starts: first row of each run, and ``ends``: the row after its last.
    """
    everything = bool(present.all())
    kept, n = [], []
    for start, end in zip(starts, ends, strict=True):
        run = hashes[start:end]
        own = run if everything else run[present[start:end]]
        kept.append(smallest(own))
        n.append(len(own))
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in kept])]).astype(np.int64)
    return Distinct(np.concatenate([*kept, np.zeros(0, np.uint64)]), offsets, np.array(n, np.int64))


def smallest(hashes: Hashes) -> Hashes:
    """The K smallest distinct hashes, ascending.

    >>> smallest(np.array([5, 1, 5], np.uint64))
    array([1, 5], dtype=uint64)
    """
    share = 4 * K / max(len(hashes), 1)
    while share < _MOST_SORTED:
        few = _sorted_distinct(hashes[hashes < np.uint64(int(share * 2**64))])
        if len(few) >= K:
            return few[:K]
        share *= 2 * K / max(len(few), 1)  # values repeat: so many more hold K different ones
    return _sorted_distinct(_nearly_distinct(hashes) if len(hashes) > 8 * K else hashes)[:K]


def _nearly_distinct(hashes: Hashes) -> Hashes:
    """The same values with fewer repeats: one pass through a table of 4,096 places instead of a sort."""
    place = (hashes >> np.uint64(52)).astype(np.int64)
    table = np.zeros(4096, np.uint64)
    table[place] = hashes
    rest = hashes[table.take(place) != hashes]
    return np.concatenate([table[np.bincount(place, minlength=4096) > 0], rest])


def _sorted_distinct(hashes: Hashes) -> Hashes:
    ordered = np.sort(hashes)
    fresh = np.ones(len(ordered), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return ordered[fresh]
