"""A log as a run would find it, looked at without taking anything in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from watchkeeper.rows import event_times
from watchkeeper.run.arrived import Arrived
from watchkeeper.run.events import Events, StoredEvents, Times
from watchkeeper.run.ingest import standing_of
from watchkeeper.run.log import Log, changes_of, knowing, new_rows, part_of, read_as_of, readable
from watchkeeper.run.workplace import Workplace
from watchkeeper.sources.base import UnpackOptions
from watchkeeper.terms import Window


@dataclass(frozen=True)
class Ahead:
    """A log looked at without taking anything in."""

    events: Events
    rescan: bool
    notes: tuple[str, ...]


def look_ahead(place: Workplace, log: Log) -> Ahead:
    """The events as a run would find them; of a log that is not read in place, the times of what would be taken in."""
    stored = place.tables.source_seqs(log.source_id)
    cursors = standing_of(place, log, stored, Arrived()).cursors
    parts = {name: part_of(place, table, cursors.get(name)) for name, table in readable(log, cursors).items()}
    changes, options = changes_of(parts["table"]), log.options(place, 0, parts["table"]["cursor"])
    rescan = changes.rescan and parts["table"]["since"] is not None
    if log.in_place:
        return Ahead(read_as_of(place, log, options, changes, 0), rescan, ())
    there = StoredEvents(place.tables, log.source_id, str(max(stored.values())))
    if all(part["empty"] for part in parts.values()):
        return Ahead(there, False, ())
    rows = (
        batch
        for name, table in readable(log, cursors).items()
        if not parts[name]["empty"]
        for batch in new_rows(place, log, table, parts[name], options)
    )
    return Ahead(Waiting(log, there, rows, options), rescan, ())


class Waiting:
    """Stored events and those that wait in the log, for a plan: their times and features, not their content."""

    def __init__(self, log: Log, stored: StoredEvents, rows: Iterable[pa.RecordBatch], options: UnpackOptions) -> None:
        self._stored, times = stored, []
        for logged in rows:
            options = knowing(log, logged, options)
            times.append(event_times([log.source.unpack(logged, options)]))
        self._inputs = stored.inputs() if options.inputs is None else pa.schema(list(options.inputs))
        self._times = np.concatenate(times) if times else np.zeros(0, np.int64)

    @property
    def cursor(self) -> str:
        return self._stored.cursor

    def inputs(self) -> pa.Schema:
        return self._inputs

    def read(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        return self._stored.read(spans)

    def parts(self, spans: Sequence[Window]) -> Iterable[Iterator[pa.RecordBatch]]:
        return self._stored.parts(spans)

    def identities(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:
        return self._stored.identities(spans)

    def arrived(self, since: str | None) -> Times:
        return np.concatenate([self._stored.arrived(since), self._times])

    def read_anew(self, since: str | None) -> bool:
        return self._stored.read_anew(since)
