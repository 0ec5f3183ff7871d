"""Parquet files read as they are: dictionaries kept where the file has them, row groups outside the spans skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from watchkeeper.engines import spans
from watchkeeper.engines.base import BATCH_ROWS, TableRef
from watchkeeper.engines.normal import normal, plain_schema
from watchkeeper.errors import Fault, Faulty
from watchkeeper.terms import Window

_INDEX_BYTES = 3.5
"""A text column that takes fewer bytes a value can only be indices into a dictionary: plain text has a length of 4."""


@dataclass(frozen=True)
class Part:
    """One file, and the columns whose one value its place tells: partition columns."""

    path: Path
    fixed: Mapping[str, Any] = field(default_factory=dict)


def projected(table: TableRef, whole: pa.Schema, columns: Sequence[str] | None) -> pa.Schema:
    """The fields asked for.

    Raises:
        Faulty: E302 one of them is not there.
    """
    if columns is None:
        return whole
    missing = [name for name in columns if name not in whole.names]
    if missing:
        there = f"It has: {', '.join(whole.names)}."
        raise Faulty([Fault("E302", f"{table.name} has no column {name!r}", there, path=name) for name in missing])
    return pa.schema([whole.field(name) for name in columns])


def schema(paths: Iterable[Path]) -> pa.Schema:
    """Plain schema of several files: all columns, numbers widened where the files differ.

    Raises:
        pa.ArrowInvalid: the same column has types that do not go together.
    """
    return pa.unify_schemas([plain_schema(pq.read_schema(path)) for path in paths], promote_options="permissive")


def batches(
    parts: Iterable[Part],
    whole: pa.Schema,
    wanted: pa.Schema,
    time_column: str | None,
    within: Sequence[Window] | None,
) -> Iterator[pa.RecordBatch]:
    """Rows of the files with the wanted columns, and of the spans only."""
    timed = time_column is not None and within is not None
    extra = [whole.field(time_column)] if timed and time_column not in wanted.names else []
    read = pa.schema([*wanted, *extra])
    for part in parts:
        for batch in _rows(part, read, time_column if timed else None, within or ()):
            yield batch.select(wanted.names) if extra else batch


def _rows(part: Part, read: pa.Schema, time_column: str | None, within: Sequence[Window]) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(part.path, read_dictionary=dictionaries(part.path), pre_buffer=False) as file:
        groups = _groups(file, read, time_column, within)
        names = [name for name in read.names if name in file.schema_arrow.names and name not in part.fixed]
        for batch in file.iter_batches(BATCH_ROWS, row_groups=groups, columns=names) if groups else ():
            rows = normal(_with_fixed(batch, part.fixed, read), read)
            yield rows if time_column is None else spans.within(rows, time_column, within)


def _with_fixed(batch: pa.RecordBatch, fixed: Mapping[str, Any], read: pa.Schema) -> pa.RecordBatch:
    for name in read.names:
        if name in fixed:
            value = pa.scalar(fixed[name], read.field(name).type)
            batch = batch.append_column(name, pa.repeat(value, batch.num_rows))
    return batch


def _groups(file: pq.ParquetFile, read: pa.Schema, time_column: str | None, within: Sequence[Window]) -> list[int]:
    every = range(file.metadata.num_row_groups)
    index = _leaf(file, time_column)
    if index is None or time_column is None:
        return list(every)
    type_ = read.field(time_column).type
    return [group for group in every if _group_may_hold(file.metadata.row_group(group).column(index), type_, within)]


def _leaf(file: pq.ParquetFile, name: str | None) -> int | None:
    paths = [file.schema.column(index).path for index in range(len(file.schema))]
    return paths.index(name) if name in paths else None


def _group_may_hold(chunk: pq.ColumnChunkMetaData, type_: pa.DataType, within: Sequence[Window]) -> bool:
    statistics = chunk.statistics
    if statistics is None or not statistics.has_min_max:
        return True
    low, high = pa.scalar(statistics.min), pa.scalar(statistics.max)
    if not spans.tells_time(low.type):
        return True
    return spans.may_hold(low.cast(type_, safe=False).as_py(), high.cast(type_, safe=False).as_py(), type_, within)


def dictionaries(path: Path) -> list[str]:
    """Text columns that the file stores as indices into a dictionary throughout; reading them as such is free."""
    metadata = pq.read_metadata(path)
    flat = [field.name for field in metadata.schema.to_arrow_schema() if _is_text(field.type)]
    sizes: dict[str, list[float]] = {}
    for group in range(metadata.num_row_groups):
        for index in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(index)
            if chunk.path_in_schema in flat:
                plain = not chunk.has_dictionary_page or not chunk.num_values
                size = float("inf") if plain else chunk.total_uncompressed_size / chunk.num_values
                sizes.setdefault(chunk.path_in_schema, []).append(size)
    return [name for name, found in sizes.items() if max(found) < _INDEX_BYTES]


def _is_text(type_: pa.DataType) -> bool:
    return pa.types.is_string(type_)
