"""A bounded look at a table of any size: rows spread evenly over it, and how many rows there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from watchkeeper.engines.base import Sample
from watchkeeper.engines.location import Location
from watchkeeper.engines.normal import normal
from watchkeeper.engines.parquet import Part, metadata_of, opened

MOST_READ = 8
"""Rows that are read for one that is kept, about, before row groups of Parquet are left out."""
FEWEST_GROUPS = 16
"""Row groups that are read in any case, spread evenly."""
_SLICE = 16_384


def every_kth(batches: Iterable[pa.RecordBatch], schema: pa.Schema, most: int) -> Sample:
    """Pass over all batches once and keep every k-th row, k the least power of two that keeps at most ``most``.

    >>> batch = pa.RecordBatch.from_pydict({"at": list(range(10))})
    >>> every_kth([batch], batch.schema, 5).rows["at"].to_pylist()
    [0, 2, 4, 6, 8]
    """
    step, total, kept = 1, 0, list[pa.RecordBatch]()
    for batch in batches:
        kept.append(_strided(batch, -total % step, step))
        total += batch.num_rows
        while sum(map(len, kept)) > most:
            kept, step = _halved(kept), step * 2
    return Sample(_table(kept, schema), total)


def _strided(batch: pa.RecordBatch, start: int, step: int) -> pa.RecordBatch:
    return batch if step == 1 else batch.take(pa.array(np.arange(start, batch.num_rows, step)))


def _halved(batches: Sequence[pa.RecordBatch]) -> list[pa.RecordBatch]:
    at, halves = 0, []
    for batch in batches:
        halves.append(_strided(batch, at % 2, 2))
        at += batch.num_rows
    return halves


def of_parquet(parts: Sequence[Part], schema: pa.Schema, most: int) -> Sample:
    """Every k-th row; of a large table, of row groups that are spread evenly over the files.

    Args:
        parts: the files, in the order of the table.
        schema: the plain columns to read.
        most: how many rows to keep.
    """
    groups = [(part, group, rows) for part in parts for group, rows in _groups(part.path)]
    total = sum(rows for *_, rows in groups)
    count = max(FEWEST_GROUPS, MOST_READ * most * len(groups) // max(1, total))
    chosen = groups
    if count < len(groups):
        chosen = [groups[at] for at in np.linspace(0, len(groups) - 1, count).round().astype(int)]
    read = sum(rows for *_, rows in chosen)
    step = max(1, -(-read // most))
    kept = [batch for part, group, _ in chosen for batch in _of_group(part, group, schema, step)]
    return Sample(_table(kept, schema), total, len(chosen) == len(groups))


def _groups(path: Location) -> list[tuple[int, int]]:
    metadata = metadata_of(path)
    return [(group, metadata.row_group(group).num_rows) for group in range(metadata.num_row_groups)]


def _of_group(part: Part, group: int, schema: pa.Schema, step: int) -> Iterator[pa.RecordBatch]:
    with opened(part.path) as file:
        names = [name for name in schema.names if name in file.schema_arrow.names and name not in part.fixed]
        at = 0
        for batch in file.iter_batches(_SLICE, row_groups=[group], columns=names):
            rows = _strided(batch, -at % step, step)
            at += batch.num_rows
            yield normal(_with_fixed(rows, part, schema), schema)


def _with_fixed(batch: pa.RecordBatch, part: Part, schema: pa.Schema) -> pa.RecordBatch:
    for name, value in part.fixed.items():
        if name in schema.names:
            batch = batch.append_column(name, pa.repeat(pa.scalar(value, schema.field(name).type), batch.num_rows))
    return batch


def _table(batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    """The batches in the plain types of the schema, dictionaries decoded."""
    return pa.Table.from_batches([batch.cast(schema) for batch in batches], schema)
