"""A column as numbers: one float64 a row, whatever Arrow type it came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Floats


@dataclass(frozen=True, slots=True)
class Numbers:
    """Values with NaN where they are null, and where that is; ``null`` is None without nulls. Shape (rows,)."""

    values: Floats
    null: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, array: Any) -> Self:
        """Widen an Arrow array to float64; times become microseconds since 1970, booleans 0 and 1.

        Integers beyond 2^53 lose their last bits but keep their order.
        """
        array = as_float64(array)
        if array.null_count == 0:
            return cls(array.to_numpy(zero_copy_only=False))
        null = array.is_null().to_numpy(zero_copy_only=False)
        return cls(array.to_numpy(zero_copy_only=False), null)  # which turns null into NaN

    def take(self, rows: NDArray[np.int64] | None) -> Numbers:
        """The values of these rows in this order; all of them for None."""
        if rows is None:
            return self
        null = None if self.null is None else self.null.take(rows, mode="clip")
        return Numbers(self.values.take(rows, mode="clip"), null)

    @property
    def is_null(self) -> NDArray[np.bool_]:
        return np.zeros(len(self.values), bool) if self.null is None else self.null


def as_float64(array: Any) -> Any:
    """Cast an Arrow array to float64 (see ``Numbers.of``)."""
    if pa.types.is_float64(array.type):
        return array
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    if pa.types.is_date(array.type):
        array = array.cast(pa.timestamp("us"))
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("us", array.type.tz), safe=False).cast(pa.int64())
    return array.cast(pa.float64(), safe=False)
