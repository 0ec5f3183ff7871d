"""Which of several rows of one key is the current one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_ROOM = 2**62


def newest(rows: pa.Table, key: Sequence[str], order: str = "seq") -> pa.Table:
    """Of the rows that share a key the one with the highest ``order``; of equals the last.

    Rows keep their order. Vectorised: a million rows take about a second.

    >>> newest(pa.table({"k": ["a", "b", "a"], "seq": [1, 1, 2], "v": [5, 6, 7]}), ["k"])["v"].to_pylist()
    [6, 7]
    """
    if rows.num_rows < 2:
        return rows
    code = _code(rows, key)
    by_key = np.lexsort((_ranks(rows[order]), code))  # stable: of equals the later row comes last
    last = np.append(code[by_key][1:] != code[by_key][:-1], True)
    return rows.take(pa.array(np.sort(by_key[last])))


def _code(rows: pa.Table, key: Sequence[str]) -> NDArray[np.int64]:
    """One whole number per row, equal where all key columns are."""
    code = np.zeros(rows.num_rows, np.int64)
    size = 1
    for name in key:
        indices = _ranks(rows[name])
        width = int(indices.max()) + 1
        if size * width > _ROOM:
            code = np.unique(code, return_inverse=True)[1].astype(np.int64)
            size = int(code.max()) + 1
        code, size = code * width + indices, size * width
    return code


def _ranks(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Equal values get equal numbers; numbers and times rise with the value; null is the lowest."""
    plain = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if pa.types.is_integer(plain.type) or pa.types.is_timestamp(plain.type):
        values = pc.fill_null(plain.cast(pa.int64()), np.iinfo(np.int64).min).to_numpy(zero_copy_only=False)
        return np.unique(values, return_inverse=True)[1].astype(np.int64)
    encoded = plain if pa.types.is_dictionary(plain.type) else pc.dictionary_encode(plain)
    return pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
