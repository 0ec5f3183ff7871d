"""Where the events of a monitor are read: stored events of a log, or a table read in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.engines.base import Changes, Engine, TableRef
from watchkeeper.rows import IDENTITY, event_times
from watchkeeper.sources.base import ColumnMap, Source, UnpackOptions
from watchkeeper.store.tables import Tables
from watchkeeper.terms import Window
from watchkeeper.windows import contiguous, micros, moment


class InPlace(Source, Protocol):
    """A log format whose tables are counted where they lie."""

    def flat(self, batch: pa.RecordBatch, options: UnpackOptions) -> pa.RecordBatch:
        """What a scan counts of a batch, features and system columns side by side."""


Times = NDArray[np.int64]
"""Microseconds since 1970 in UTC."""


class Events(Protocol):
    """The events of one source as of one moment."""

    @property
    def cursor(self) -> str:
        """Names the state that is read; a later run compares with it."""

    def inputs(self) -> pa.Schema:
        """The typed features."""

    def read(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        """Batches of ``schemas.events`` whose time lies in the spans; with what arrived twice still twice."""

    def parts(self, spans: Sequence[Window]) -> Iterable[Iterator[pa.RecordBatch]]:
        """Events whose time lies in the spans, in parts that threads may read at once; what arrived twice comes twice.

        Batches of ``schemas.events``, or flat ones (see ``rows.flattened``).
        """

    def identities(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        """The same events with the columns of ``rows.IDENTITY`` alone."""

    def arrived(self, since: str | None) -> Times:
        """Times of the events that came or went since a cursor; all of them where that is None."""

    def read_anew(self, since: str | None) -> bool:
        """Whether events may have gone since a cursor without ``arrived`` telling which."""


@dataclass(frozen=True)
class StoredEvents:
    """Events of a payload log or a text file, unpacked once and kept."""

    tables: Tables
    source_id: str
    cursor: str

    def inputs(self) -> pa.Schema:
        if not self.tables.has_events(self.source_id):
            return pa.schema([])
        schema = self.tables.engine.schema(self.tables.events_table(self.source_id))
        return pa.schema(list(schema.field("inputs").type)) if "inputs" in schema.names else pa.schema([])

    def read(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        return self.tables.scan_events(self.source_id, spans=spans)

    def parts(self, spans: Sequence[Window]) -> Iterable[Iterator[pa.RecordBatch]]:
        if not self.tables.has_events(self.source_id):
            return []
        table = self.tables.events_table(self.source_id)
        return self.tables.engine.scan_parts(table, time_column="event_time", spans=spans)

    def identities(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        return self.tables.scan_events(self.source_id, IDENTITY, spans)

    def arrived(self, since: str | None) -> Times:
        times = self.tables.event_times(self.source_id, int(since or 0))
        return event_times(times.to_batches())

    def read_anew(self, since: str | None) -> bool:  # noqa: ARG002
        return False


@dataclass(frozen=True)
class TableInPlace:
    """A table with one row per prediction: nothing is copied, each scan maps its columns."""

    engine: Engine
    table: TableRef
    source: InPlace
    options: UnpackOptions
    changes: Changes

    @property
    def cursor(self) -> str:
        return self.changes.cursor

    def inputs(self) -> pa.Schema:
        return pa.schema(list(self.options.inputs or ()))

    def read(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        return self._unpacked(self.options, self.options, spans)

    def parts(self, spans: Sequence[Window]) -> Iterable[Iterator[pa.RecordBatch]]:
        found = self.engine.scan_parts(self.table, spans=spans, **self._asked(self.options))
        return [self._flat(part, spans) for part in found]

    def identities(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        columns = self.options.columns
        if columns.id is None and not columns.join:
            return
        told = replace(self.options, inputs=pa.struct([]))
        # the hash of a row is that of all its columns, so both ways must read the same
        yield from self._unpacked(told, told if columns.id is None else self.options, spans)

    def _unpacked(
        self, told: UnpackOptions, reads: UnpackOptions, spans: Sequence[Window] | None
    ) -> Iterator[pa.RecordBatch]:
        for batch in self.engine.scan(self.table, spans=spans, **self._asked(reads)):
            events = self.source.unpack(batch, told)
            yield events if spans is None else _within(events, spans)

    def arrived(self, since: str | None) -> Times:
        changes = self.engine.changed(self.table, since)
        if changes.empty:
            return np.zeros(0, np.int64)
        timed = replace(self.options, inputs=pa.struct([]), columns=ColumnMap(time=self.options.columns.time))
        rows = self.engine.new_rows(self.table, since, changes, self._asked(timed)["columns"], removed=True)
        return event_times(self.source.flat(batch, timed) for batch in rows)

    def read_anew(self, since: str | None) -> bool:
        return since is not None and self.engine.changed(self.table, since).rescan

    def _asked(self, options: UnpackOptions) -> dict[str, Any]:
        """What the engine is asked for: the columns that are read and no others."""
        schema, time = self.engine.schema(self.table, self.cursor), options.columns.time
        comparable = time if time in schema.names else None
        return {"columns": self.source.reads(schema, options), "time_column": comparable, "cursor": self.cursor}

    def _flat(self, part: Iterator[pa.RecordBatch], spans: Sequence[Window]) -> Iterator[pa.RecordBatch]:
        for batch in part:
            yield _within(self.source.flat(batch, self.options), spans)


def _within(events: pa.RecordBatch, spans: Sequence[Window]) -> pa.RecordBatch:
    """Keep the rows of the spans, for tables whose time the engine cannot compare."""
    times, joined = event_times([events]), contiguous(list(spans))
    keep = np.zeros(len(times), bool)
    for span in joined:
        keep |= (times >= micros(span.start)) & (times < micros(span.end))
    return events if keep.all() else events.filter(pa.array(keep))


def first_time(times: Times, not_after: datetime) -> datetime | None:
    """The earliest time that is not ahead of the clock."""
    known = times[times <= micros(not_after)]
    return moment(int(known.min())) if known.size else None
