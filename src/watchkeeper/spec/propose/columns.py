"""What a sample shows of each column: its kind, how full it is, its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.spec.propose import words

_SHOWN_VALUES = 50
_LONG_TEXT = 40
_NUMBER = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$"


class Kind(StrEnum):
    NUMBER = "number"
    WHOLE = "whole number"
    BOOLEAN = "boolean"
    TEXT = "text"
    TIME = "time"
    OTHER = "other"


@dataclass(frozen=True)
class Column:
    """One column of the sample.

    Args:
        name: as the table says.
        values: its values in the order of the rows, dictionaries decoded.
        at: the values as UTC moments, where they can be read as such.
    """

    name: str
    values: pa.Array
    at: pa.Array | None = None

    @cached_property
    def kind(self) -> Kind:
        type_ = self.values.type
        if pa.types.is_boolean(type_):
            return Kind.BOOLEAN
        if pa.types.is_string(type_):
            return Kind.TEXT
        if pa.types.is_temporal(type_):
            return Kind.TIME
        if pa.types.is_integer(type_) or pa.types.is_floating(type_):
            return Kind.WHOLE if self._all_whole() else Kind.NUMBER
        return Kind.OTHER

    def _all_whole(self) -> bool:
        if pa.types.is_integer(self.values.type):
            return True
        known = self.numbers[~np.isnan(self.numbers)]
        return bool(known.size) and bool((np.isfinite(known) & (known == np.rint(known))).all())

    @property
    def rows(self) -> int:
        return len(self.values)

    @property
    def nulls(self) -> int:
        return int(self.values.null_count)

    @property
    def known(self) -> int:
        return self.rows - self.nulls

    @property
    def is_numeric(self) -> bool:
        return self.kind in (Kind.NUMBER, Kind.WHOLE)

    @cached_property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """The most frequent values as text with their rows, the most frequent first; at most 50."""
        if self.kind is Kind.OTHER or not self.known:
            return ()
        found = pc.value_counts(self.values.drop_null())
        numbers = found.field("counts").to_numpy(zero_copy_only=False)
        at = np.argsort(-numbers, kind="stable")[:_SHOWN_VALUES]
        values = found.field("values").take(pa.array(at)).to_pylist()
        return tuple((said(value), int(numbers[i])) for value, i in zip(values, at, strict=True))

    @cached_property
    def distinct(self) -> int:
        """Different values; 0 for what cannot be compared."""
        return 0 if self.kind is Kind.OTHER else int(pc.count_distinct(self.values, mode="only_valid").as_py())

    @property
    def uniqueness(self) -> float:
        """Different values of one row that has a value."""
        return self.distinct / self.known if self.known else 0.0

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """The values as doubles, NaN where there is none; booleans as 0 and 1."""
        return np.asarray(self.values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """A number for each different value, from 0; -1 for null. Values of what cannot be compared are one."""
        if self.kind is Kind.OTHER:
            return np.zeros(self.rows, np.int64)
        indices = self.values.dictionary_encode().indices
        return np.asarray(indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)

    @cached_property
    def range(self) -> tuple[float, float]:
        """Least and greatest number."""
        known = self.numbers[np.isfinite(self.numbers)]
        return (float(known.min()), float(known.max())) if known.size else (np.nan, np.nan)

    @cached_property
    def micros(self) -> NDArray[np.int64]:
        """The moments in microseconds since 1970; those of rows without one are left out."""
        assert self.at is not None
        return np.asarray(self.at.drop_null().cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)

    @cached_property
    def is_free_text(self) -> bool:
        """Sentences rather than names of classes: long, or nearly all different and of several words."""
        if self.kind is not Kind.TEXT or not self.known:
            return False
        texts = self.values.drop_null().slice(0, 2_000)
        long = float(pc.mean(pc.utf8_length(texts)).as_py()) > _LONG_TEXT
        worded = float(pc.mean(pc.cast(pc.greater(pc.count_substring(texts, " "), 1), pa.float64())).as_py()) > 0.5
        return self.distinct > _SHOWN_VALUES and (long or (worded and self.uniqueness > 0.5))

    @cached_property
    def spelt_numbers(self) -> float:
        """Share of the texts that spell a number; blank ones do not count."""
        if self.kind is not Kind.TEXT or not self.known:
            return 0.0
        texts = self.values.drop_null()
        said = texts.filter(pc.not_equal(pc.utf8_trim_whitespace(texts), ""))
        return float(pc.mean(pc.match_substring_regex(said, _NUMBER).cast(pa.float64())).as_py() or 0.0)

    def hints(self, of: frozenset[str]) -> list[str]:
        """The words of its name that are among these."""
        return words.hints(self.name, of)


def said(value: object) -> str:
    """A value as the file would say it: whole numbers without a point."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def columns_of(sample: pa.Table, times: Mapping[str, pa.Array]) -> dict[str, Column]:
    """The columns of a sample by name.

    Args:
        sample: rows in the order of the table, in the plain types of an engine.
        times: the columns that can be read as moments, as such (timestamps in UTC).
    """
    return {
        name: Column(name, _decoded(sample.column(place)), times.get(name))
        for place, name in enumerate(sample.schema.names)
    }


def _decoded(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    return whole.cast(whole.type.value_type) if pa.types.is_dictionary(whole.type) else whole
