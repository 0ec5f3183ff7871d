"""Putting columns together to a batch of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from watchkeeper import schemas
from watchkeeper.sources.base import Notes, with_notes
from watchkeeper.sources.frames import Misfits

_MAP = pa.map_(pa.string(), pa.string())


def events(columns: Mapping[str, Any], size: int, notes: Notes) -> pa.RecordBatch:
    """A batch in ``schemas.events``; a column that is not given is null.

    Args:
        columns: arrays or lists by name; ``inputs`` and ``outputs`` as struct arrays.
        size: rows.
        notes: what is told beside the events.
    """
    structs = [columns[name].type if name in columns else None for name in ("inputs", "outputs")]
    schema = schemas.events(*structs)
    arrays = [_array(columns.get(each.name), each.type, size) for each in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=with_notes(schema, notes))


def _array(column: Any, type_: pa.DataType, size: int) -> pa.Array:
    if column is None:
        return pa.nulls(size, type_)
    return column if isinstance(column, pa.Array) else pa.array(column, type_)


def constant(value: str | int | float, type_: pa.DataType, size: int) -> pa.Array:
    """The same value in every row."""
    return pa.repeat(_scalar(value, type_), size)


@cache
def _scalar(value: str | int | float, type_: pa.DataType) -> pa.Scalar:
    return pa.scalar(value, type_)


def joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Batches of one schema as one."""
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def struct(arrays: Sequence[pa.Array], types: Sequence[pa.Field] | pa.StructType, size: int) -> pa.StructArray:
    """A struct of columns named as the types are; it may have none."""
    if not arrays:
        return pa.StructArray.from_buffers(pa.struct([]), size, [None])
    fields = [pa.field(each.name, array.type) for each, array in zip(types, arrays, strict=True)]
    return pa.StructArray.from_arrays(list(arrays), fields=fields)


def misfit_maps(misfits: Misfits, size: int) -> pa.Array:
    """A map from column to JSON text per row; null where everything fitted."""
    if not misfits:
        return pa.nulls(size, _MAP)
    return pa.array([list(dict(misfits[at]).items()) if at in misfits else None for at in range(size)], _MAP)
