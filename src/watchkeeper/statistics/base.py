"""What a statistic is: mergeable state of one column in a stack of cells, and the form it is stored in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Counts, Floats, Ints
from watchkeeper.statistics.grid import Grid

STORED = pa.struct([("ints", pa.list_(pa.int64())), ("floats", pa.list_(pa.float64())), ("blob", pa.binary())])
"""The stored form of one cell."""


class Statistic(Protocol):
    """A stack of cells: every array has the cells as its leading axis.

    ``merged`` is associative and commutative with ``empty`` as its neutral element, exactly for counts and up to
    rounding for sums, so that a day may be counted in any pieces and any order.
    """

    kind: ClassVar[str]

    @classmethod
    def of(cls, values: Any, cell: Ints, weight: Floats | None, cells: int, grid: Grid | None) -> Self:
        """Count rows.

        Args:
            values: value of each row, an Arrow array of shape (rows,).
            cell: cell of each row, shape (rows,).
            weight: weight of each row, or None where each is 1.
            cells: number of cells.
            grid: how the column is cut, where the kind needs that.
        """

    @classmethod
    def empty(cls, cells: int, grid: Grid | None) -> Self: ...

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        """Put stacks one under the other."""

    @classmethod
    def from_arrow(cls, array: Any, grid: Grid | None) -> Self: ...

    def to_arrow(self) -> Any:
        """One ``STORED`` value a cell."""

    def merged(self, into: Ints, cells: int) -> Self:
        """Merge cells: cell i goes to ``into[i]``, or nowhere where that is negative."""

    def take(self, cells: Ints) -> Self:
        """The cells of these indices, in this order."""

    @property
    def rows(self) -> Ints:
        """Rows counted, missing values included, shape (cells,)."""

    @property
    def weight(self) -> Floats:
        """Sum of the weights of the rows, shape (cells,)."""

    @property
    def n_eff(self) -> Floats:
        """Kish's effective number of values that are present, shape (cells,)."""


def stored(ints: NDArray[Any], floats: NDArray[Any] | None = None, blobs: Sequence[bytes | None] | None = None) -> Any:
    """A ``STORED`` array from matrices of one row a cell."""
    cells = len(ints)
    blob = pa.nulls(cells, pa.binary()) if blobs is None else pa.array(blobs, pa.binary())
    floats = np.zeros((cells, 0)) if floats is None else floats
    return pa.StructArray.from_arrays(
        [_lists(ints, pa.int64()), _lists(floats, pa.float64()), blob], fields=list(STORED)
    )


def _lists(matrix: NDArray[Any], type_: Any) -> Any:
    offsets = np.arange(len(matrix) + 1, dtype=np.int64) * matrix.shape[1]
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(matrix.ravel(), type_))


def matrix(lists: Any, width: int) -> NDArray[Any]:
    """The rows of an Arrow list array as a matrix of shape (cells, width); empty rows become zeros."""
    flat = lists.flatten().to_numpy(zero_copy_only=False)
    if flat.size == len(lists) * width:
        return flat.reshape(len(lists), width)
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    out = np.zeros((len(lists), width), flat.dtype)
    out[lengths > 0] = flat.reshape(-1, width)
    return out


def stored_counts(*counts: Counts) -> tuple[NDArray[Any], NDArray[Any]]:
    """Counts as matrices of ints and floats; without weights the floats have no columns."""
    ints = np.concatenate([part.n for part in counts], axis=1)
    if all(part.w is None for part in counts):
        return ints, np.zeros((len(ints), 0))
    floats = [part.weight for part in counts] + [part.squared_weight for part in counts]
    return ints, np.concatenate(floats, axis=1)


def counts_from(array: Any, *slots: int) -> tuple[Counts, ...]:
    """Undo ``stored_counts`` for parts of so many slots each."""
    width = sum(slots)
    n = matrix(array.field("ints"), width).astype(np.int64)
    floats = array.field("floats")
    weighted = floats.value_lengths().to_numpy(zero_copy_only=False) > 0
    if not weighted.any():
        return tuple(Counts(part) for part in _split(n, slots))
    sums = matrix(floats, 2 * width)
    w = np.where(weighted[:, None], sums[:, :width], n)
    w2 = np.where(weighted[:, None], sums[:, width:], n)
    return tuple(map(Counts, _split(n, slots), _split(w, slots), _split(w2, slots)))


def _split(matrix: NDArray[Any], slots: Sequence[int]) -> list[NDArray[Any]]:
    return np.split(matrix, np.cumsum(slots)[:-1], axis=1)
