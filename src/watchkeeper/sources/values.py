"""JSON values as typed columns, and the values that do not fit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from watchkeeper.sources.bodies import Json

NAMED_TYPES: Mapping[str, pa.DataType] = {
    "double": pa.float64(),
    "bigint": pa.int64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
}
"""The types a monitor file may name."""
LONGEST_MISFIT = 200
"""A misfit is kept as its first so many characters."""

Misfit = tuple[int, str]
"""The place of a value in its column, and its JSON text."""

_NULL = type(None)
_INT64 = range(-(2**63), 2**63)


def inferred(kinds: Mapping[type, int]) -> pa.DataType | None:
    """The type of a column from how often each kind of value occurs.

    Numbers are doubles, whole or not, since clients send either. Lists and objects are JSON texts. Of several kinds
    the most frequent wins, text in a tie, and the others are misfits. None where all values are null.
    """
    counts = {
        pa.string(): kinds.get(str, 0) + kinds.get(list, 0) + kinds.get(dict, 0),
        pa.float64(): kinds.get(int, 0) + kinds.get(float, 0),
        pa.bool_(): kinds.get(bool, 0),
    }
    best = max(counts, key=lambda type_: counts[type_])
    return best if counts[best] else None


def kinds_of(values: Iterable[Json]) -> Counter[type]:
    """How often each kind of value occurs."""
    return Counter(map(type, values))


def typed(values: Sequence[Json], type_: pa.DataType, any_text: bool = False) -> tuple[pa.Array, list[Misfit]]:
    """A column of one of the types double, bigint, string and boolean; a value that does not fit is null and told.

    A whole number fits a double, lists and objects fit a string as JSON text; nothing else is converted.

    Args:
        values: JSON values.
        type_: the column's type.
        any_text: numbers and booleans fit a string too, as JSON text.
    """
    fits, convert = _RULES[type_]
    kinds = set(map(type, values))
    if kinds <= fits:
        try:
            return pa.array(values, type_), []
        except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
            pass
    return _one_by_one(values, type_, lambda value: convert(value, any_text))


def _one_by_one(values: Sequence[Json], type_: pa.DataType, convert: Any) -> tuple[pa.Array, list[Misfit]]:
    kept: list[Any] = []
    misfits: list[Misfit] = []
    for place, value in enumerate(values):
        fitted = None if value is None else convert(value)
        kept.append(fitted)
        if fitted is None and value is not None:
            misfits.append((place, misfit_text(value)))
    return pa.array(kept, type_), misfits


def _double(value: Json, _any_text: bool) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _bigint(value: Json, _any_text: bool) -> int | None:
    return value if type(value) is int and value in _INT64 else None


def _boolean(value: Json, _any_text: bool) -> bool | None:
    return value if isinstance(value, bool) else None


def _string(value: Json, any_text: bool) -> str | None:
    if isinstance(value, str):
        return clean(value)
    return json_text(value) if any_text or isinstance(value, list | dict) else None


_RULES: dict[pa.DataType, tuple[set[type], Any]] = {
    pa.float64(): ({int, float, _NULL}, _double),
    pa.int64(): ({int, _NULL}, _bigint),
    pa.string(): ({str, _NULL}, _string),
    pa.bool_(): ({bool, _NULL}, _boolean),
}


def clean(text: str) -> str:
    """Text without lone surrogates, which UTF-8 cannot hold: they are spelt out in hex."""
    return text.encode("utf-8", "backslashreplace").decode()


def json_text(value: Json) -> str:
    """Compact JSON; a value nested too deeply to be written says so."""
    try:
        return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except RecursionError:
        return '"nested too deeply"'


def misfit_text(value: Json) -> str:
    """A value as it stands among misfits: JSON, cut after ``LONGEST_MISFIT`` characters."""
    return json_text(value)[:LONGEST_MISFIT]
