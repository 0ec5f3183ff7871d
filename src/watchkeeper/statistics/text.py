"""A column as text: a code per row and the distinct values, whatever Arrow type it came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.statistics.counts import Ints


@dataclass(frozen=True, slots=True)
class Texts:
    """Values of a text column.

    Args:
        code: index into ``vocabulary`` of each row, -1 where it is null, shape (rows,).
        vocabulary: distinct values without nulls, an Arrow string array; it may hold values that no row has.
    """

    code: Ints
    vocabulary: Any

    @classmethod
    def of(cls, array: Any) -> Self:
        """Encode an Arrow array; numbers, booleans and times become their Arrow text, ``true`` and ``1``."""
        if pa.types.is_null(array.type):
            array = array.cast(pa.string())
        if pa.types.is_string_view(array.type):
            array = array.cast(pa.string())
        if not pa.types.is_dictionary(array.type):
            array = array.dictionary_encode()
        indices = array.indices
        if indices.null_count:
            indices = pc.fill_null(indices, -1)
        code = indices.to_numpy(zero_copy_only=False).astype(np.int64)
        return cls._without_repeats(code, array.dictionary.cast(pa.string()))

    def take(self, rows: Ints | None) -> Texts:
        """The values of these rows in this order; all of them for None."""
        return self if rows is None else Texts(self.code.take(rows, mode="clip"), self.vocabulary)

    def positions(self, values: Sequence[str]) -> Ints:
        """Index of each row's text in ``values``; -1 where it is null or not among them, shape (rows,)."""
        found = pc.fill_null(pc.index_in(self.vocabulary, value_set=pa.array(values, pa.string())), -1)
        return np.append(found.to_numpy(zero_copy_only=False).astype(np.int64), -1).take(self.code, mode="wrap")

    @classmethod
    def _without_repeats(cls, code: Ints, dictionary: Any) -> Self:
        """A file's dictionary may hold a value twice, or null."""
        again = dictionary.dictionary_encode()
        if again.null_count == 0 and len(again.dictionary) == len(dictionary):
            return cls(code, dictionary)
        moved = pc.fill_null(again.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        return cls(np.append(moved, -1)[code], again.dictionary)
