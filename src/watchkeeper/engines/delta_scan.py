"""Reading Delta tables: as the Parquet files of their log where those tell the rows, else through delta-rs.

Plain files keep their dictionaries and are read a file a thread; deletion vectors and column mapping are honoured by
``DeltaTable.scan`` alone, which gives texts as views and many small batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from watchkeeper.engines import parquet, spans
from watchkeeper.engines.base import TableRef
from watchkeeper.engines.delta import at_cursor, broken, data_file, is_plain
from watchkeeper.engines.normal import normal, plain_schema, rebatched
from watchkeeper.errors import Faulty
from watchkeeper.terms import Window

_SPAN_PARTS = 32
"""Parts that a table is cut into by its spans, at most."""
_READ_AGAIN = 1.25
"""How much of a table may be read twice since its files hold rows of several parts."""


def scan(
    table: TableRef,
    columns: Sequence[str] | None,
    time_column: str | None,
    within: Sequence[Window] | None,
    cursor: str | None,
) -> Iterator[pa.RecordBatch]:
    """Rows at a cursor, of some spans."""
    yield from _Scan.of(table, columns, time_column, within, cursor).rows()


def scan_parts(
    table: TableRef,
    columns: Sequence[str] | None,
    time_column: str | None,
    within: Sequence[Window] | None,
    cursor: str | None,
) -> list[Iterator[pa.RecordBatch]]:
    """The same in parts that may be read at once: some files each, or some spans where files cannot be read alone."""
    return _Scan.of(table, columns, time_column, within, cursor).parts()


def plain_parts(table: TableRef) -> list[parquet.Part] | None:
    """The files that give the rows of the table as it is now; None where the files alone do not tell its rows."""
    scan = _Scan.of(table, None, None, None, None)
    return [part for part, _ in scan.files()] if is_plain(scan.handle) else None


@dataclass(frozen=True)
class _Scan:
    """What is read of a table at a cursor."""

    table: TableRef
    handle: DeltaTable
    whole: pa.Schema
    wanted: pa.Schema
    time_column: str | None
    within: Sequence[Window] | None

    @classmethod
    def of(
        cls,
        table: TableRef,
        columns: Sequence[str] | None,
        time_column: str | None,
        within: Sequence[Window] | None,
        cursor: str | None,
    ) -> _Scan:
        handle = at_cursor(table, cursor)
        whole = plain_schema(pa.schema(handle.schema().to_arrow()))
        wanted = parquet.projected(table, whole, columns)
        if time_column is None or within is None or not spans.tells_time(whole.field(time_column).type):
            time_column, within = None, None
        return cls(table, handle, whole, wanted, time_column, within)

    def rows(self) -> Iterator[pa.RecordBatch]:
        if is_plain(self.handle):
            return self._of_files([part for part, _ in self.files()])
        return self._scanned(self.within)

    def parts(self) -> list[Iterator[pa.RecordBatch]]:
        if not is_plain(self.handle):
            return [self._scanned(within) for within in self._spans()]
        groups = parquet.grouped(self.files()) or [[]]
        return [self._of_files(group, use_threads=len(groups) == 1) for group in groups]

    def _spans(self) -> list[Sequence[Window] | None]:
        """The spans in a few runs, as long as that makes no file be read much more than once."""
        if not self.within:
            return [self.within]
        size = -(-len(self.within) // _SPAN_PARTS)
        ordered = sorted(self.within)
        runs = [ordered[at : at + size] for at in range(0, len(ordered), size)]
        read = sum(size for run in runs for _, size in self.files(run))
        return list(runs) if read <= _READ_AGAIN * sum(size for _, size in self.files()) else [self.within]

    def files(self, within: Sequence[Window] | None = None) -> list[tuple[parquet.Part, int]]:
        """The files that may hold rows of the spans, with their sizes in bytes."""
        partitions = self.handle.metadata().partition_columns
        kept = [
            (self._part(row, partitions), int(row["size_bytes"]))
            for row in pa.table(self.handle.get_add_actions(flatten=True)).to_pylist()
            if self.time_column is None
            or _may_hold(row, self.time_column, self.whole.field(self.time_column).type, within or self.within or ())
        ]
        return sorted(kept, key=lambda file: file[0].path)

    def _part(self, action: dict[str, Any], partitions: Iterable[str]) -> parquet.Part:
        fixed = {name: action.get(f"partition.{name}") for name in partitions}
        return parquet.Part(data_file(self.table.location, action["path"]), fixed)

    def _of_files(self, files: Iterable[parquet.Part], *, use_threads: bool = True) -> Iterator[pa.RecordBatch]:
        asked = self.whole, self.wanted, self.time_column, self.within
        with _told_as_faults(self.table):
            yield from rebatched(parquet.batches(files, *asked, use_threads=use_threads))

    def _scanned(self, within: Sequence[Window] | None) -> Iterator[pa.RecordBatch]:
        predicate = None
        if self.time_column is not None and within is not None:
            predicate = spans.sql(self.time_column, self.whole.field(self.time_column).type, within)
        with _told_as_faults(self.table):
            yield from _scan(self.handle, self.wanted, predicate)


@contextmanager
def _told_as_faults(table: TableRef) -> Iterator[None]:
    try:
        yield
    except (DeltaError, pa.ArrowInvalid, OSError) as error:
        raise Faulty([broken(table, error)]) from error


def _scan(handle: DeltaTable, wanted: pa.Schema, predicate: str | None) -> Iterator[pa.RecordBatch]:
    """Rows through the reader of delta-rs, whose own batches are small."""
    reader = pa.RecordBatchReader.from_stream(handle.scan(columns=wanted.names, predicate=predicate))
    return (normal(batch, wanted) for batch in rebatched(reader))


def _may_hold(action: dict[str, Any], column: str, type_: pa.DataType, within: Sequence[Window]) -> bool:
    low = action.get(f"min.{column}", action.get(f"partition.{column}"))
    high = action.get(f"max.{column}", action.get(f"partition.{column}"))
    return spans.may_hold(low, high, type_, within)


def read(table: TableRef, where: str | None, columns: Sequence[str] | None, cursor: str | None) -> pa.Table:
    """A small result as one table."""
    handle = at_cursor(table, cursor)
    wanted = parquet.projected(table, plain_schema(pa.schema(handle.schema().to_arrow())), columns)
    try:
        return pa.Table.from_batches(list(_scan(handle, wanted, where)), wanted)
    except (DeltaError, pa.ArrowInvalid) as error:
        raise Faulty([broken(table, error)]) from error
