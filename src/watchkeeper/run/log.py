"""The log of a monitor: where it is, how it is read, what else is read with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import pyarrow as pa

from watchkeeper.engines.base import Changes, TableRef
from watchkeeper.errors import Fault, Faulty
from watchkeeper.run.events import Events, InPlace, StoredEvents, TableInPlace
from watchkeeper.run.gone import has_gone
from watchkeeper.run.workplace import Workplace
from watchkeeper.sources.base import ColumnMap, Source, UnpackOptions
from watchkeeper.spec.monitor import Monitor

_INFERRED_ROWS = 20_000
"""First rows that the types of a log are inferred from; they are kept from then on."""
IN_PLACE = "rows"
"""The format whose tables are read in place."""


@dataclass(frozen=True)
class Log:
    """The log of one monitor: where it is, how it is read."""

    monitor: Monitor
    table: TableRef
    source: Source
    schema: pa.Schema
    source_id: str
    former: tuple[TableRef, ...] = ()

    @property
    def in_place(self) -> bool:
        return self.source.name == IN_PLACE

    def options(self, place: Workplace, seq: int, cursor: str) -> UnpackOptions:
        """How to unpack a batch of it; types are those of the stored events, where there are any."""
        labels = self.monitor.labels
        options = UnpackOptions(
            source_id=self.source_id,
            batch_seq=seq,
            table=named(self.table, cursor),
            privacy_key=place.settings.privacy_key(),
            columns=ColumnMap.of(self.monitor.columns, labels.join if labels else ()),
            binary=self.monitor.task in ("binary", "ranking"),
            identities=labels is not None or self.monitor.columns.id is not None or not self.in_place,
        )
        if self.in_place:
            inputs, outputs = self.source.infer(pa.RecordBatch.from_pylist([], self.schema), options)
            return replace(options, inputs=inputs, outputs=outputs)
        inputs, outputs = _kept_types(place, self.source_id)
        return replace(options, inputs=inputs, outputs=outputs)


def find(place: Workplace, monitor: Monitor) -> Log:
    """The log of a monitor; its format by name, or else by the columns of the table.

    Raises:
        Faulty: E301 there is no such table; E201 no format recognises it.
    """
    table = TableRef(monitor.source.table, place.settings.directory)
    schema = place.engine.schema(table)
    source = _source(place, monitor, schema)
    former = tuple(TableRef(name, place.settings.directory) for name in monitor.source.former)
    if former and source.name == IN_PLACE:
        fix = "name all of its files by one glob under source.table"
        fault = Fault("E102", "only a log of requests can have moved", fix, file=monitor.file, path="source.former")
        raise Faulty([fault])
    return Log(monitor, table, source, schema, source_id(monitor, source), former)


def _source(place: Workplace, monitor: Monitor, schema: pa.Schema) -> Source:
    sources: Mapping[str, Source] = place.settings.catalog.all("sources")
    if monitor.source.format != "auto":
        return sources[monitor.source.format]
    best = max(sources.values(), key=lambda source: (source.recognises(schema), source.name))
    if best.recognises(schema) > 0:
        return best
    fix = f"name one under source.format: {', '.join(sorted(sources))}"
    raise Faulty([Fault("E201", "no log format recognises this table", fix, file=monitor.file, path="source.table")])


def source_id(monitor: Monitor, source: Source) -> str:
    """Names what is unpacked and how: monitors that read one table alike share its events."""
    columns = asdict(monitor.columns)
    columns.pop("features")
    said = json.dumps([monitor.source.table, source.name, columns, monitor.labels and monitor.labels.join], default=str)
    stem = monitor.source.table.rstrip("/").rsplit("/", 1)[-1].rsplit(".", 1)[-1] if source.name != IN_PLACE else "rows"
    return f"{stem}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def _kept_types(place: Workplace, source_id: str) -> tuple[pa.StructType | None, pa.StructType | None]:
    """The types that are stored; None for those that nothing logged so far has shown."""
    if not place.tables.has_events(source_id):
        return None, None
    schema = place.engine.schema(place.tables.events_table(source_id))
    inputs, outputs = (schema.field(n).type if n in schema.names else None for n in ("inputs", "outputs"))
    return inputs, pa.struct([]) if inputs is not None and outputs is None else outputs


def logs(log: Log) -> dict[str, TableRef]:
    """The table of a log and those that held it before.

    A request that was logged in several of them has one id, the platform's, hence one event id: the copies are told
    apart and counted once as any that arrive twice. No time cuts one table from the next.
    """
    return {"table": log.table} | {f"former {table.name}": table for table in log.former}


def readable(log: Log, cursors: Mapping[str, Any]) -> dict[str, TableRef]:
    """The same without former tables that have gone after they were read."""
    return {
        name: table
        for name, table in logs(log).items()
        if name == "table" or name not in cursors or not has_gone(table)
    }


def tables_read(place: Workplace, log: Log) -> dict[str, TableRef]:
    """What a batch reads, by the name of its part."""
    tables = logs(log)
    if log.monitor.labels is not None:
        tables[labels_key(log.monitor)] = labels_table(place, log.monitor)
    return tables


def labels_key(monitor: Monitor) -> str:
    """Names the labels of a monitor among those that others take from the same table, or join to the same log."""
    labels = monitor.labels
    return "" if labels is None else f"labels {json.dumps([labels.table, labels.value, labels.at])}"


def labels_table(place: Workplace, monitor: Monitor) -> TableRef:
    """Where the labels of a monitor are."""
    assert monitor.labels is not None
    return TableRef(monitor.labels.table, place.settings.directory)


def part_of(place: Workplace, table: TableRef, since: str | None) -> dict[str, Any]:
    changes = place.engine.changed(table, since)
    return {"since": since, **asdict(changes)}


def changes_of(part: Mapping[str, Any]) -> Changes:
    return Changes(part["cursor"], part["empty"], part["rescan"], part["reason"])


def new_rows(
    place: Workplace, log: Log, table: TableRef, part: Mapping[str, Any], options: UnpackOptions
) -> Iterator[pa.RecordBatch]:
    """The logged rows that came with one table."""
    schema = log.schema if table == log.table else place.engine.schema(table)
    columns = log.source.reads(schema, options)
    return place.engine.new_rows(table, part["since"], changes_of(part), columns)


def named(table: TableRef, cursor: str) -> str:
    """A state of a table, as references to what was logged name it."""
    return f"{table.name}@{hashlib.sha256(cursor.encode()).hexdigest()[:8]}"


def knowing(log: Log, logged: pa.RecordBatch, options: UnpackOptions) -> UnpackOptions:
    """The options with the types that a batch shows, where none are known; as they are if it shows none either."""
    if options.inputs is not None:
        return options
    for rows in (logged.slice(0, _INFERRED_ROWS), logged.slice(_INFERRED_ROWS)):
        inputs, outputs = log.source.infer(rows, options)
        if inputs.num_fields:
            return replace(options, inputs=inputs, outputs=options.outputs or outputs)
    return options


def read_as_of(place: Workplace, log: Log, options: UnpackOptions, changes: Changes, seq: int) -> Events:
    """The events of a log as of a batch."""
    if not log.in_place:
        return StoredEvents(place.tables, log.source_id, str(seq))
    return TableInPlace(place.engine, log.table, cast("InPlace", log.source), options, changes)


def as_of_cursor(place: Workplace, log: Log, cursor: str) -> Events:
    """The events of a log as of a cursor that an earlier run noted."""
    options = log.options(place, 0, cursor)
    return read_as_of(place, log, options, Changes(cursor), 0 if log.in_place else int(cursor))
