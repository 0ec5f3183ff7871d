"""The one cast at an engine's edge: whatever stored the rows, they leave with the same few types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.engines.base import BATCH_ROWS

_SAME = {
    pa.null(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_string(): pa.string(),
    pa.binary_view(): pa.binary(),
    pa.large_binary(): pa.binary(),
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.float16(): pa.float32(),
    pa.date64(): pa.date32(),
}
_LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)


def plain(type_: pa.DataType) -> pa.DataType:
    """The type a column leaves an engine with.

    Views, large and fixed-size forms become the ordinary ones, small unsigned numbers the next signed one, decimals
    double, times microseconds (in UTC where they carry a zone). Nested types likewise.

    >>> plain(pa.large_list(pa.dictionary(pa.int8(), pa.string_view())))
    ListType(list<element: string>)
    """
    if type_ in _SAME:
        return _SAME[type_]
    for holds, made in _NESTED:
        if holds(type_):
            return made(type_)
    return type_


def _is_list(type_: pa.DataType) -> bool:
    return any(holds(type_) for holds in _LISTS)


def _struct(type_: pa.DataType) -> pa.DataType:
    return pa.struct([pa.field(child.name, plain(child.type)) for child in type_])


_NESTED: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.DataType], pa.DataType]], ...] = (
    (pa.types.is_dictionary, lambda t: plain(t.value_type)),
    (pa.types.is_timestamp, lambda t: pa.timestamp("us", "UTC" if t.tz else None)),
    (pa.types.is_decimal, lambda _: pa.float64()),
    (pa.types.is_fixed_size_binary, lambda _: pa.binary()),
    (_is_list, lambda t: pa.list_(pa.field("element", plain(t.value_type)))),
    (pa.types.is_map, lambda t: pa.map_(plain(t.key_type), plain(t.item_type))),
    (pa.types.is_struct, _struct),
)


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema with plain types; all columns may be null, metadata is dropped."""
    return pa.schema([pa.field(field.name, plain(field.type)) for field in schema])


def normal(batch: pa.RecordBatch, schema: pa.Schema | None = None) -> pa.RecordBatch:
    """Cast a batch to plain types.

    Dictionaries of text stay dictionaries. Digits of a time beyond microseconds are cut.

    Args:
        batch: rows as they were stored.
        schema: plain schema of the whole table; columns the batch lacks become null, others are left out.
    """
    wanted = plain_schema(batch.schema) if schema is None else schema
    columns = [_column(batch, field) for field in wanted]
    fields = [field.with_type(column.type) for field, column in zip(wanted, columns, strict=True)]
    if not columns:
        return batch.select([])
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields))


def _column(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    index = batch.schema.get_field_index(field.name)
    if index < 0:
        return pa.nulls(batch.num_rows, field.type)
    return cast(batch.column(index), field.type)


def cast(column: pa.Array, type_: pa.DataType) -> pa.Array:
    """Cast one column to a plain type; text in a dictionary stays in one."""
    if column.type == type_:
        return column
    if pa.types.is_dictionary(column.type):
        return _dictionary(column, type_)
    if pa.types.is_timestamp(type_) or pa.types.is_nested(type_):
        return pc.cast(column, type_, safe=False)
    return pc.cast(column, type_)


def _dictionary(column: pa.DictionaryArray, type_: pa.DataType) -> pa.Array:
    values = cast(column.dictionary, type_)
    if not pa.types.is_string(type_) or column.indices.type != pa.int32():
        return values.take(column.indices)
    return pa.DictionaryArray.from_arrays(column.indices, values)


def rebatched(batches: Iterable[pa.RecordBatch], rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
    """The same rows in the same order, small batches joined to about ``rows``, large ones cut; no empty batches."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        for start in range(0, batch.num_rows, rows):
            piece = batch.slice(start, rows)
            if held and sum(part.num_rows for part in held) + piece.num_rows > rows:
                yield _joined(held)
                held = []
            held.append(piece)
    if held:
        yield _joined(held)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    if any(batch.schema != batches[0].schema for batch in batches):
        batches = [_without_dictionaries(batch) for batch in batches]
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    return table.to_batches()[0]


def _without_dictionaries(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in batch.columns],
        names=batch.schema.names,
    )
