"""Parquet files read as they are: dictionaries kept where the file has them, row groups outside the spans skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from watchkeeper.engines import spans
from watchkeeper.engines.base import BATCH_ROWS, TableRef
from watchkeeper.engines.location import Location
from watchkeeper.engines.normal import normal, plain_schema
from watchkeeper.errors import Fault, Faulty
from watchkeeper.terms import Window

_INDEX_BYTES = 3.5
"""A text column that takes fewer bytes a value can only be indices into a dictionary: plain text has a length of 4."""


@dataclass(frozen=True)
class Part:
    """One file, and the columns whose one value its place tells: partition columns."""

    path: Location
    fixed: Mapping[str, Any] = field(default_factory=dict)


PART_BYTES = 16 * 2**20
"""Files are read together until they have so many bytes: batches of whole size, and still many parts."""
_File = TypeVar("_File")


def grouped(files: Iterable[tuple[_File, int]]) -> list[list[_File]]:
    """Files in their order, in groups of about ``PART_BYTES``.

    Args:
        files: each with its size in bytes.

    >>> grouped([("a", 2**20), ("b", 2**24), ("c", 5)])
    [['a', 'b'], ['c']]
    """
    groups: list[list[_File]] = []
    held = PART_BYTES
    for file, size in files:
        if held >= PART_BYTES:
            groups.append([])
            held = 0
        groups[-1].append(file)
        held += size
    return groups


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


def schema(paths: Iterable[Location]) -> pa.Schema:
    """Plain schema of several files: all columns, numbers widened where the files differ.

    Raises:
        pa.ArrowInvalid: the same column has types that do not go together.
    """
    read = (pq.read_schema(path.path, filesystem=path.files) for path in paths)
    return pa.unify_schemas([plain_schema(schema) for schema in read], promote_options="permissive")


def metadata_of(path: Location) -> pq.FileMetaData:
    """The footer of a file."""
    return pq.read_metadata(path.path, filesystem=path.files)


def opened(path: Location, **options: Any) -> pq.ParquetFile:
    """A file to read; what it needs of an object store is fetched ahead."""
    return pq.ParquetFile(path.path, filesystem=path.files, pre_buffer=path.is_remote, **options)


def batches(
    parts: Iterable[Part],
    whole: pa.Schema,
    wanted: pa.Schema,
    time_column: str | None,
    within: Sequence[Window] | None,
    *,
    use_threads: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Rows of the files with the wanted columns, and of the spans only.

    Args:
        use_threads: decode the columns of one batch at once; without it files may be read at once, which is faster.
    """
    timed = time_column is not None and within is not None
    extra = [whole.field(time_column)] if timed and time_column not in wanted.names else []
    read = pa.schema([*wanted, *extra])
    for part in parts:
        for batch in _rows(part, read, time_column if timed else None, within or (), use_threads):
            yield batch.select(wanted.names) if extra else batch


def _rows(
    part: Part, read: pa.Schema, time_column: str | None, within: Sequence[Window], use_threads: bool
) -> Iterator[pa.RecordBatch]:
    metadata = metadata_of(part.path)
    texts = dictionaries(metadata)
    with opened(part.path, metadata=metadata, read_dictionary=texts) as file:
        groups = _groups(file, read, time_column, within)
        there = set(file.schema_arrow.names) - part.fixed.keys()
        names = [name for name in read.names if name in there]
        if not groups:
            return
        for batch in file.iter_batches(BATCH_ROWS, row_groups=groups, columns=names, use_threads=use_threads):
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


def dictionaries(metadata: pq.FileMetaData) -> list[str]:
    """Text columns that a file stores as indices into a dictionary throughout; reading them as such is free."""
    texts = {field.name for field in metadata.schema.to_arrow_schema() if _is_text(field.type)}
    at = [(i, name) for i in range(metadata.num_columns) if (name := metadata.schema.column(i).path) in texts]
    found = {name: metadata.num_row_groups > 0 for _, name in at}
    for group in (metadata.row_group(number) for number in range(metadata.num_row_groups)):
        for index, name in at:
            found[name] = found[name] and _has_indices(group.column(index))
    return [name for name, throughout in found.items() if throughout]


def _has_indices(chunk: pq.ColumnChunkMetaData) -> bool:
    if not chunk.has_dictionary_page or not chunk.num_values:
        return False
    return bool(chunk.total_uncompressed_size / chunk.num_values < _INDEX_BYTES)


def _is_text(type_: pa.DataType) -> bool:
    return pa.types.is_string(type_)
