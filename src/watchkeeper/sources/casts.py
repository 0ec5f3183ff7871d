"""Columns of a table as the types that events need: times, numbers, texts; with the places of what does not fit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.schemas import TIME
from watchkeeper.sources.values import Misfit, misfit_text
from watchkeeper.windows import micros

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Times outside ``[EARLIEST, LATEST)`` are no times."""
_MAGNITUDES = (1e11, 1e14, 1e17)
_TO_MICROS = (1e6, 1e3, 1.0, 1e-3)
_MICROS_IN = {"s": 1_000_000, "ms": 1_000, "us": 1}
_NUMBER = re.compile(r"^[-+]?\d{9,}(\.\d*)?$")


def is_text(type_: pa.DataType) -> bool:
    """Whether values are texts, however they are laid out."""
    if pa.types.is_dictionary(type_):
        return is_text(type_.value_type)
    return type_ in (pa.string(), pa.large_string(), pa.string_view())


def is_number(type_: pa.DataType) -> bool:
    """Whether values are numbers; booleans are not."""
    return pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)


def plain(column: pa.Array) -> pa.Array:
    """Texts as ``string``, dictionaries decoded."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string()) if is_text(column.type) else column


def texts(column: pa.Array) -> list[str | bytes | None]:
    """Texts as Python values; bytes where a text is not UTF-8."""
    column = plain(column)
    try:
        return column.to_pylist()
    except UnicodeDecodeError:
        return [_text(raw) for raw in column.view(pa.binary()).to_pylist()]


def _text(raw: bytes | None) -> str | bytes | None:
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def readable(column: pa.Array) -> list[str | None]:
    """Texts as Python values that UTF-8 can hold; bytes that are not UTF-8 are spelt out in hex."""
    values = texts(column)
    return [value.decode(errors="backslashreplace") if isinstance(value, bytes) else value for value in values]


def valid_texts(column: pa.Array) -> pa.Array:
    """Texts as ``string``; bytes that are not UTF-8 are spelt out in hex."""
    column = plain(column)
    return column if is_valid(column) else pa.array(readable(column), pa.string())


def is_valid(column: pa.Array) -> bool:
    """Whether all texts are UTF-8."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def doubles(column: pa.Array) -> tuple[pa.Array, list[Misfit]]:
    """Numbers as doubles, texts as the numbers they spell; ``""`` is null.

    Raises:
        TypeError: the column holds neither numbers nor texts.
    """
    if is_number(column.type):
        return column.cast(pa.float64(), safe=False), []
    if pa.types.is_null(column.type):
        return column.cast(pa.float64()), []
    if not is_text(column.type):
        raise TypeError(f"{column.type} is no number")
    return _spelt(column, pa.float64(), _float)


def _spelt(column: pa.Array, type_: pa.DataType, read: Callable[[str], Any]) -> tuple[pa.Array, list[Misfit]]:
    column = plain(column)
    try:
        return column.cast(type_), []
    except pa.ArrowInvalid:
        return _one_by_one(readable(column), type_, read)


def _one_by_one(
    values: Sequence[str | None], type_: pa.DataType, read: Callable[[str], Any]
) -> tuple[pa.Array, list[Misfit]]:
    """Read each distinct text once; the empty text and blanks are null."""
    known = {value: read(value) for value in {*values} if value and value.strip()}
    kept = [known.get(value) if value else None for value in values]
    misfits = [
        (place, misfit_text(value))
        for place, (value, fitted) in enumerate(zip(values, kept, strict=True))
        if fitted is None and value and value in known
    ]
    return pa.array(kept, type_), misfits


def _float(text: str) -> float | None:
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def booleans(column: pa.Array) -> tuple[pa.Array, list[Misfit]]:
    """Booleans, texts that spell ``true`` or ``false``, numbers 1 and 0.

    Raises:
        TypeError: the column holds anything else.
    """
    if pa.types.is_boolean(column.type) or pa.types.is_null(column.type):
        return column.cast(pa.bool_()), []
    if is_text(column.type):
        return _one_by_one(readable(column), pa.bool_(), _truth)
    if not is_number(column.type):
        raise TypeError(f"{column.type} is no boolean")
    return _one_by_one(readable(column.cast(pa.float64(), safe=False).cast(pa.string())), pa.bool_(), _truth)


def _truth(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.strip().lower())


def integers(column: pa.Array) -> tuple[pa.Array, list[Misfit]]:
    """Whole numbers of 64 bits; what has a fraction or is too large does not fit.

    Raises:
        TypeError: the column holds neither numbers nor texts.
    """
    if not (is_number(column.type) or is_text(column.type) or pa.types.is_null(column.type)):
        raise TypeError(f"{column.type} is no number")
    try:
        return plain(column).cast(pa.int64()), []
    except pa.ArrowInvalid:
        return _one_by_one(readable(plain(column).cast(pa.string())), pa.int64(), _whole)


def _whole(text: str) -> int | None:
    value = _float(text)
    if value is None or not math.isfinite(value) or not value.is_integer() or abs(value) >= 2.0**63:
        return None
    return int(text) if text.strip().lstrip("+-").isdigit() else int(value)


def times(column: pa.Array) -> tuple[pa.Array, list[Misfit]]:
    """Times in UTC, microseconds; null where there is none between ``EARLIEST`` and ``LATEST``.

    Timestamps of any unit and zone (without a zone: UTC), dates (midnight), ISO texts, and numbers since 1970 in
    seconds, milliseconds, microseconds or nanoseconds, which their magnitude tells apart.

    Raises:
        TypeError: the column holds anything else.
    """
    column, misfits = _any_times(column)
    return _within(column), misfits


def _any_times(column: pa.Array) -> tuple[pa.Array, list[Misfit]]:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _timestamps(column), []
    if pa.types.is_date(kind):
        days = column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
        return _timestamps(_bounded(days, 86_400_000_000).cast(pa.timestamp("us"))), []
    if is_number(kind):
        return _since_1970(column), []
    if pa.types.is_null(kind):
        return column.cast(TIME), []
    if not is_text(kind):
        raise TypeError(f"{kind} is no time")
    return _one_by_one_times(column)


def _timestamps(column: pa.Array) -> pa.Array:
    kind = column.type
    if kind.unit == "ns":
        return column.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.int64()).cast(TIME)
    return _bounded(column.cast(pa.int64()), _MICROS_IN[kind.unit]).cast(TIME)


def _bounded(ticks: pa.Array, scale: int) -> pa.Array:
    """Ticks times a scale; null where that is far beyond any time."""
    most = micros(LATEST) // scale + 1
    found = pc.min_max(ticks)
    if scale == 1 and found["min"].is_valid and found["min"].as_py() >= -most and found["max"].as_py() <= most:
        return ticks
    near = pc.and_(pc.less_equal(ticks, most), pc.greater_equal(ticks, -most))
    return pc.multiply(pc.if_else(near, ticks, pa.scalar(None, pa.int64())), scale)


def _since_1970(column: pa.Array) -> pa.Array:
    values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    known = np.isfinite(values) & (np.abs(values) < 1e19)
    sizes = np.abs(np.where(known, values, 0))
    scale = np.select([sizes < limit for limit in _MAGNITUDES], _TO_MICROS[:3], _TO_MICROS[3])
    return pa.array(np.rint(np.where(known, values, 0) * scale).astype(np.int64), mask=~known).cast(TIME)


def _within(column: pa.Array) -> pa.Array:
    low, high = pa.scalar(EARLIEST, TIME), pa.scalar(LATEST, TIME)
    found = pc.min_max(column)
    if found["min"].is_valid and found["min"].value >= micros(EARLIEST) and found["max"].value < micros(LATEST):
        return column
    return pc.if_else(pc.and_(pc.greater_equal(column, low), pc.less(column, high)), column, pa.scalar(None, TIME))


def _one_by_one_times(column: pa.Array) -> tuple[pa.Array, list[Misfit]]:
    column = plain(column)
    for zone in (None, "UTC"):
        try:
            return _timestamps(column.cast(pa.timestamp("us", zone))), []
        except pa.ArrowInvalid:
            continue
    read, misfits = _one_by_one(readable(column), pa.int64(), _moment)
    return read.cast(TIME), misfits


def _moment(text: str) -> int | None:
    text = text.strip()
    if _NUMBER.match(text):
        return _since_1970(pa.array([float(text)]))[0].cast(pa.int64()).as_py()
    try:
        at = datetime.fromisoformat(text)
        return micros(at.replace(tzinfo=UTC) if at.tzinfo is None else at)
    except (ValueError, OverflowError):
        return None


def seconds(column: pa.Array) -> pa.Array:
    """Dates, times and lengths of time as seconds, doubles: since 1970, since midnight, or long."""
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return pc.divide(_any_times(column)[0].cast(pa.int64()).cast(pa.float64(), safe=False), 1e6)
    ticks = column.cast(pa.int32() if pa.types.is_time32(kind) else pa.int64()).cast(pa.float64(), safe=False)
    return pc.divide(ticks, {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind.unit])


def find(batch: pa.RecordBatch, path: str) -> pa.Array | None:
    """The column of a name; else, where the name has dots, the field that the path reaches in a struct.

    A name with a dot (``emp.var.rate``) wins over a dotted path. Dictionaries of anything but texts are decoded; bytes
    that are not UTF-8 are spelt out in hex.
    """
    root, steps = root_of(batch.schema, path)
    if root is None:
        return None
    column = batch.column(batch.schema.names.index(root))
    for step in steps:
        column = pc.struct_field(column, step)
    if not is_text(column.type):
        return plain(column)
    return column if is_valid(column) else pa.array(readable(column), pa.string())


def root_of(schema: pa.Schema, path: str) -> tuple[str | None, tuple[str, ...]]:
    """The column that a path starts in and the fields below it; None where it leads nowhere.

    >>> root_of(pa.schema([("p", pa.struct([("score", pa.float64())]))]), "p.score")
    ('p', ('score',))
    """
    if path in schema.names:
        return path, ()
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        root = ".".join(parts[:cut])
        if root in schema.names:
            steps = _steps(schema.field(schema.names.index(root)).type, parts[cut:])
            if steps is not None:
                return root, steps
    return None, ()


def _steps(type_: pa.DataType, parts: list[str]) -> tuple[str, ...] | None:
    if not parts:
        return ()
    if not pa.types.is_struct(type_):
        return None
    for cut in range(len(parts), 0, -1):
        name = ".".join(parts[:cut])
        if type_.get_field_index(name) >= 0:
            below = _steps(type_.field(name).type, parts[cut:])
            if below is not None:
                return (name, *below)
    return None
