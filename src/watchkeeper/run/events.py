"""Where the events of a monitor are read: stored events of a log, or a table read in place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.engines.base import Changes, Engine, TableRef
from watchkeeper.rows import IDENTITY, event_times
from watchkeeper.sources.base import Source, UnpackOptions
from watchkeeper.store.tables import Tables
from watchkeeper.terms import Window
from watchkeeper.windows import micros, moment

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

    def identities(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        """The same events with the columns of ``rows.IDENTITY`` alone."""

    def arrived(self, since: str | None) -> Times:
        """Times of the events that came or went since a cursor; all of them where that is None."""


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

    def identities(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        return self.tables.scan_events(self.source_id, IDENTITY, spans)

    def arrived(self, since: str | None) -> Times:
        times = self.tables.event_times(self.source_id, int(since or 0))
        return event_times(times.to_batches())


class Waiting:
    """Stored events and those that wait in the log, for a plan: their times and features, not their content."""

    def __init__(
        self, known: StoredEvents, rows: Iterator[pa.RecordBatch], source: Source, options: UnpackOptions
    ) -> None:
        self._known = known
        times, self._inputs = [], known.inputs()
        for logged in rows:
            if options.inputs is None:
                inputs, outputs = source.infer(logged, options)
                options, self._inputs = replace(options, inputs=inputs, outputs=outputs), pa.schema(list(inputs))
            times.append(event_times([source.unpack(logged, options)]))
        self._times = np.concatenate(times) if times else np.zeros(0, np.int64)

    @property
    def cursor(self) -> str:
        return self._known.cursor

    def inputs(self) -> pa.Schema:
        return self._inputs

    def read(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        return self._known.read(spans)

    def identities(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        return self._known.identities(spans)

    def arrived(self, since: str | None) -> Times:
        return np.concatenate([self._known.arrived(since), self._times])


@dataclass(frozen=True)
class TableInPlace:
    """A table with one row per prediction: nothing is copied, each scan maps its columns."""

    engine: Engine
    table: TableRef
    source: Source
    options: UnpackOptions
    changes: Changes

    @property
    def cursor(self) -> str:
        return self.changes.cursor

    def inputs(self) -> pa.Schema:
        return pa.schema(list(self.options.inputs or ()))

    def read(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        return self._scan(self.options, spans)

    def identities(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        return self._scan(replace(self.options, inputs=pa.struct([])), spans)

    def arrived(self, since: str | None) -> Times:
        narrow = replace(self.options, inputs=pa.struct([]))
        changes = self.engine.changed(self.table, since)
        if changes.empty:
            return np.zeros(0, np.int64)
        rows = self.engine.new_rows(self.table, since, changes, removed=True)
        return event_times(self.source.unpack(batch, narrow) for batch in rows)

    def _scan(self, options: UnpackOptions, spans: Sequence[Window] | None) -> Iterator[pa.RecordBatch]:
        time = options.columns.time
        for batch in self.engine.scan(self.table, time_column=time, spans=spans, cursor=self.cursor):
            events = self.source.unpack(batch, options)
            yield events if spans is None else _within(events, spans)


def _within(events: pa.RecordBatch, spans: Sequence[Window]) -> pa.RecordBatch:
    """Keep the rows of the spans, for tables whose time the engine cannot compare."""
    times = event_times([events])
    keep = np.zeros(len(times), bool)
    for span in spans:
        keep |= (times >= micros(span.start)) & (times < micros(span.end))
    return events if keep.all() else events.filter(pa.array(keep))


def first_time(times: Times, not_after: datetime) -> datetime | None:
    """The earliest time that is not ahead of the clock."""
    known = times[times <= micros(not_after)]
    return moment(int(known.min())) if known.size else None
