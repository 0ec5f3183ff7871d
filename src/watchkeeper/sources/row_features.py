"""The features of a table of rows: which columns they are, of which types, and their values in those types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from watchkeeper.sources import assembly, casts, identity
from watchkeeper.sources.base import MOST_COLUMNS, ColumnMap, UnpackOptions, missing_column, wrong_type
from watchkeeper.sources.frames import Misfits
from watchkeeper.sources.naming import column_names, keys_of
from watchkeeper.sources.values import NAMED_TYPES, Misfit, json_text

MOSTLY = 0.9
"""The share of a text column's values that must spell a number for it to be one."""
_TEXT_KINDS: tuple[tuple[pa.DataType, Callable[[pa.Array], tuple[pa.Array, list[Misfit]]]], ...] = (
    (pa.float64(), casts.doubles),
    (pa.bool_(), casts.booleans),
)


def mapped(columns: ColumnMap) -> list[str]:
    """The columns that the map names for something else than features."""
    decision = columns.decision if isinstance(columns.decision, str) else None
    parts = (columns.id, columns.time, columns.score, decision, columns.version, columns.weight, columns.label)
    return [path for path in parts if path is not None]


def candidates(schema: pa.Schema, columns: ColumnMap) -> list[str]:
    """The features that the map asks for: those named, or every column that is nothing else."""
    only, without = columns.features.only, columns.features.without
    if only is not None:
        absent = [name for name in only if casts.root_of(schema, name)[0] is None]
        if absent:
            raise missing_column("columns.features", absent[0], schema.names)
        return [name for name in only if name not in without]
    taken = {*mapped(columns), *without}
    return [name for name in dict.fromkeys(schema.names) if name not in taken]


def inferred(batch: pa.RecordBatch, options: UnpackOptions) -> tuple[pa.StructType, tuple[str, ...]]:
    """Types of the features, and the columns left out since they have none."""
    all_text = len(batch) > 0 and all(casts.is_text(each.type) for each in batch.schema)
    types: dict[str, pa.DataType] = {}
    names = candidates(batch.schema, options.columns)
    for name in names:
        type_ = _declared(name, options.columns) or _type(batch, name, options.columns, all_text)
        if type_ is not None and len(types) < MOST_COLUMNS:
            types[name] = type_
    kept = column_names((name, 1) for name in types)
    fields = sorted((column, types[name]) for (name, _), column in kept.items())
    return pa.struct([pa.field(*each) for each in fields]), tuple(name for name in names if name not in types)


def _declared(name: str, columns: ColumnMap) -> pa.DataType | None:
    named = columns.types.get(name)
    return None if named is None else NAMED_TYPES[named]


def _type(batch: pa.RecordBatch, name: str, columns: ColumnMap, all_text: bool) -> pa.DataType | None:
    column = casts.find(batch, name)
    if column is None or pa.types.is_null(column.type):
        return None
    kind = column.type
    if casts.is_number(kind) or pa.types.is_boolean(kind):
        return pa.bool_() if pa.types.is_boolean(kind) else pa.float64()
    if casts.is_text(kind):
        return _spelt_type(column) if all_text else pa.string()
    if columns.features.only is None:
        return None
    if pa.types.is_temporal(kind):
        return pa.float64()
    if pa.types.is_nested(kind):
        return pa.string()
    raise wrong_type("columns.features", name, kind, "a feature", "leave it out, or derive a number or text from it")


def _spelt_type(column: pa.Array) -> pa.DataType | None:
    """What the values of a text file's column spell; None where all are empty."""
    said = sum(1 for text in casts.readable(column) if text and text.strip())
    if not said:
        return None
    for type_, read in _TEXT_KINDS:
        array, _ = read(column)
        if (len(array) - array.null_count) >= MOSTLY * said:
            return type_
    return pa.string()


def unwatched(schema: pa.Schema, options: UnpackOptions) -> tuple[str, ...]:
    """Columns of the table that no kept type reads and the map does not name."""
    if options.columns.features.only is not None:
        return ()
    kept = {name for name, _ in keys_of(each.name for each in options.inputs or ())}
    roots = {casts.root_of(schema, name)[0] for name in kept}
    return tuple(name for name in candidates(schema, options.columns) if name not in roots)


def struct_of(batch: pa.RecordBatch, inputs: pa.StructType, options: UnpackOptions, misfits: Misfits) -> pa.StructArray:
    arrays = arrays_of(batch, inputs, options, misfits)
    return assembly.struct(list(arrays.values()), inputs, len(batch))


def arrays_of(
    batch: pa.RecordBatch, inputs: pa.StructType, options: UnpackOptions, misfits: Misfits
) -> dict[str, pa.Array]:
    """The features by the names and in the types they are kept in; adds what does not fit to ``misfits``."""
    names = {column: name for (name, _), column in keys_of(each.name for each in inputs).items()}
    return {each.name: _feature(batch, each, names[each.name], options.columns, misfits) for each in inputs}


def _feature(batch: pa.RecordBatch, kept: pa.Field, name: str, columns: ColumnMap, misfits: Misfits) -> pa.Array:
    """A feature in its kept type; a column that the table no longer has is null."""
    column = casts.find(batch, name)
    if column is None:
        return pa.nulls(len(batch), kept.type)
    try:
        array, unfit = _converted(column, kept.type, _declared(name, columns) is not None)
    except TypeError:
        fix = f"set columns.types.{name}, or let the monitor learn its columns again"
        raise wrong_type("columns.features", name, column.type, str(kept.type), fix) from None
    for at, text in unfit:
        misfits.setdefault(at, []).append((kept.name, text))
    return array


def _converted(column: pa.Array, type_: pa.DataType, declared: bool) -> tuple[pa.Array, list[Misfit]]:
    """A column as double, bigint, boolean or string, and what does not fit.

    Raises:
        TypeError: nothing of that type is made of such a column.
    """
    kind = column.type
    if pa.types.is_null(kind):
        return pa.nulls(len(column), type_), []
    if casts.is_text(type_):
        return _as_text(column, declared), []
    if pa.types.is_boolean(type_):
        if casts.is_number(kind) and not declared:
            raise TypeError
        return casts.booleans(column)
    if pa.types.is_integer(type_):
        return casts.integers(column)
    if pa.types.is_temporal(kind):
        return casts.seconds(column), []
    if pa.types.is_boolean(kind) and declared:
        return column.cast(pa.float64()), []
    return casts.doubles(column)


def _as_text(column: pa.Array, declared: bool) -> pa.Array:
    if casts.is_text(column.type):
        return column if pa.types.is_dictionary(column.type) else column.cast(pa.string())
    if pa.types.is_nested(column.type):
        return pa.array([None if each is None else _json(each) for each in column.to_pylist()], pa.string())
    if not declared:
        raise TypeError
    return identity.key_texts(column)


def _json(value: Any) -> str:
    try:
        return json_text(value)
    except TypeError:
        return json_text(_plain(value))


def _plain(value: Any) -> Any:
    """A nested value in terms of JSON; times, decimals and bytes as their texts."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
