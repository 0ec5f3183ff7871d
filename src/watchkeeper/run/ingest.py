"""The source's own hops: a serving log → events, a table of labels → annotations."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.engines.base import Changes, TableRef
from watchkeeper.errors import Fault, Faulty
from watchkeeper.run.arrived import Arrived
from watchkeeper.run.events import Events, InPlace, StoredEvents, TableInPlace, Waiting
from watchkeeper.run.gone import has_gone
from watchkeeper.run.labels import check_table, columns_of, label_annotations
from watchkeeper.run.workplace import Workplace
from watchkeeper.sources.base import ColumnMap, Source, UnpackOptions, notes_of
from watchkeeper.spec.monitor import Monitor
from watchkeeper.store import batches, leases
from watchkeeper.store.batches import Batch, Standing
from watchkeeper.store.tables import ANNOTATIONS, EVENTS, fell_behind, source_owner
from watchkeeper.terms import ParseStatus

_INFERRED_ROWS = 20_000
"""First rows that the types of a log are inferred from; they are kept from then on."""
_PATIENCE_SECONDS = 60.0
"""How long to wait while another monitor's run reads the same log."""
STORED = "stored"
"""Among the cursors: the last batch that each table held when they were written."""
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
            table=_named(self.table, cursor),
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


@dataclass(frozen=True)
class Intake:
    """The source of one monitor as of this run. ``seq`` is the batch up to which annotations are known."""

    log: Log
    events: Events
    seq: int
    arrived: Arrived


def take_in(place: Workplace, log: Log) -> Intake:
    """Bring the events and annotations of a log up to date; safe to repeat, and nothing is written without need.

    Raises:
        LeaseHeld: another process has been reading the same log for long.
        StoreBehind: the tables hold more of the log than the database knows.
    """
    owner = source_owner(log.source_id)
    arrived = Arrived()
    with leases.held(place.database, owner, wait_seconds=_PATIENCE_SECONDS):
        stored = place.tables.source_seqs(log.source_id)
        batches.refuse_if_behind(place.database, owner, max(stored.values()))
        left = batches.unfinished(place.database, owner)
        if left is not None:
            _take_up(place, log, left, arrived)
            stored = place.tables.source_seqs(log.source_id)
        seq, table = _bring_up_to_date(place, log, stored, arrived)
    too_large = arrived.too_large()
    arrived.notes += [too_large] if too_large else []
    options = log.options(place, seq, table.cursor)
    return Intake(log, read_as_of(place, log, options, table, seq), seq, arrived)


def _bring_up_to_date(place: Workplace, log: Log, stored: Mapping[str, int], arrived: Arrived) -> tuple[int, Changes]:
    """The batch up to which all is stored, a new one where anything has changed, and the log as it was looked at."""
    standing = _known(place, log, stored, arrived)
    manifest = _manifest(place, log, standing.cursors)
    table = _changes(manifest["table"])
    if log.monitor.labels is not None and _labels_key(log.monitor) not in manifest:
        arrived.notes.append(f"{log.monitor.labels.table} has gone; the labels known so far stand")
    if all(part["cursor"] == part["since"] for part in manifest.values()):
        return standing.seq, table
    with place.progress.around("source.begin", log.monitor.name):
        batch = batches.begin(place.database, source_owner(log.source_id), place.now, manifest)
    _perform(place, log, batch, standing.cursors, arrived)
    return batch.seq, table


def _known(place: Workplace, log: Log, stored: Mapping[str, int], arrived: Arrived) -> Standing:
    """Up to where a log was read; nothing of it where the store holds less than it did then."""
    standing = batches.standing(place.database, source_owner(log.source_id))
    lost = fell_behind(stored, standing.cursors.get(STORED, {}))
    if not lost:
        return standing
    arrived.notes.append(
        f"the store has lost rows of {', '.join(lost)} that were there: {log.table.name} was read anew"
    )
    return Standing(standing.seq)


def _take_up(place: Workplace, log: Log, batch: Batch, arrived: Arrived) -> None:
    """Finish a batch that a run left behind; where it cannot be read any more, all is read anew after it."""
    known = batches.standing(place.database, batch.owner).cursors
    try:
        _perform(place, log, batch, known, arrived)
    except Faulty as gone:
        batches.set_aside(place.database, batch, place.now)
        arrived.notes.append(f"a run that was cut short could not be taken up ({gone.faults[0].message})")


def _perform(place: Workplace, log: Log, batch: Batch, known: Mapping[str, Any], arrived: Arrived) -> None:
    """Do the hops of a batch that are not done, and record up to where that has read each table."""
    done = place.tables.source_seqs(log.source_id)
    parts = {name: part for name, part in batch.manifest.items() if name in _tables(place, log)}
    _tell_rescan(log, _changes(parts["table"]), parts["table"]["since"], arrived)
    if not log.in_place and done[EVENTS] < batch.seq:
        _store_events(place, log, batch.seq, parts, arrived)
    labels = _labels_key(log.monitor)
    if labels in parts and done[ANNOTATIONS] < batch.seq:
        if has_gone(labels_table(place, log.monitor)):
            parts.pop(labels)
        else:
            _store_labels(place, log, parts[labels], batch.seq, arrived)
    ends = {name: part["cursor"] for name, part in parts.items()}
    held = place.tables.source_seqs(log.source_id)
    with place.progress.around("source.finish", log.monitor.name, batch.seq):
        batches.finish(place.database, batch, {**known, **ends, STORED: held}, place.now)


def _tell_rescan(log: Log, changes: Changes, since: str | None, arrived: Arrived) -> None:
    if changes.rescan and since is not None:
        arrived.notes.append(f"{log.table.name} was read anew: {changes.reason}")


def _logs(log: Log) -> dict[str, TableRef]:
    """The table of a log and those that held it before.

    A request that was logged in several of them has one id, the platform's, hence one event id: the copies are told
    apart and counted once as any that arrive twice. No time cuts one table from the next.
    """
    return {"table": log.table} | {f"former {table.name}": table for table in log.former}


def _readable(log: Log, cursors: Mapping[str, Any]) -> dict[str, TableRef]:
    """The same without former tables that have gone after they were read."""
    return {
        name: table
        for name, table in _logs(log).items()
        if name == "table" or name not in cursors or not has_gone(table)
    }


def _tables(place: Workplace, log: Log) -> dict[str, TableRef]:
    """What a batch reads, by the name of its part."""
    tables = _logs(log)
    if log.monitor.labels is not None:
        tables[_labels_key(log.monitor)] = labels_table(place, log.monitor)
    return tables


def _labels_key(monitor: Monitor) -> str:
    """Names the labels of a monitor among those that others take from the same table, or join to the same log."""
    labels = monitor.labels
    return "" if labels is None else f"labels {json.dumps([labels.table, labels.value, labels.at])}"


def _manifest(place: Workplace, log: Log, cursors: Mapping[str, Any]) -> dict[str, Any]:
    """What this batch will read: each table from the cursor of the last batch to its state now."""
    tables, labels = _tables(place, log), _labels_key(log.monitor)
    for name in _logs(log).keys() - _readable(log, cursors).keys():
        tables.pop(name)
    if labels in cursors and has_gone(tables[labels]):
        tables.pop(labels)
    elif log.monitor.labels is not None:
        faults = check_table(place.engine, tables[labels], log.monitor)
        if faults:
            raise Faulty(faults)
    return {name: _part(place, table, cursors.get(name)) for name, table in tables.items()}


def labels_table(place: Workplace, monitor: Monitor) -> TableRef:
    """Where the labels of a monitor are."""
    assert monitor.labels is not None
    return TableRef(monitor.labels.table, place.settings.directory)


def _part(place: Workplace, table: TableRef, since: str | None) -> dict[str, Any]:
    changes = place.engine.changed(table, since)
    return {"since": since, **asdict(changes)}


def _changes(part: Mapping[str, Any]) -> Changes:
    return Changes(part["cursor"], part["empty"], part["rescan"], part["reason"])


def _store_events(place: Workplace, log: Log, seq: int, parts: Mapping[str, Any], arrived: Arrived) -> None:
    options = log.options(place, seq, parts["table"]["cursor"])
    events: list[pa.Table] = []
    for name, table in _logs(log).items():
        if name in parts and (name == "table" or not has_gone(table)):
            fresh, options = _fresh(place, log, table, parts[name], options, arrived)
            events += [] if fresh is None else [fresh]
    if not events:
        return
    together = _together(events)
    with place.progress.around("events.commit", log.monitor.name, seq):
        place.tables.append_events(log.source_id, together, seq)
    arrived.events += together.num_rows


def _fresh(
    place: Workplace, log: Log, table: TableRef, part: Mapping[str, Any], options: UnpackOptions, arrived: Arrived
) -> tuple[pa.Table | None, UnpackOptions]:
    """The events that came with one table, and the options with what was learned of types on the way."""
    changes = _changes(part)
    if changes.empty:
        return None, options
    events = []
    for logged in _rows(place, log, table, part, options):
        options = _knowing(log, logged, options)
        at = replace(options, table=_named(table, part["cursor"]))
        events.append(pa.Table.from_batches([_unpacked(log, logged, at, arrived)]))
    if not events:
        return None, options
    fresh = _together(events)
    return (_not_stored(place, log.source_id, fresh) if changes.rescan else fresh), options


def _rows(
    place: Workplace, log: Log, table: TableRef, part: Mapping[str, Any], options: UnpackOptions
) -> Iterator[pa.RecordBatch]:
    """The logged rows that came with one table."""
    schema = log.schema if table == log.table else place.engine.schema(table)
    columns = log.source.reads(schema, options)
    return place.engine.new_rows(table, part["since"], _changes(part), columns)


def _named(table: TableRef, cursor: str) -> str:
    """A state of a table, as references to what was logged name it."""
    return f"{table.name}@{hashlib.sha256(cursor.encode()).hexdigest()[:8]}"


def _knowing(log: Log, logged: pa.RecordBatch, options: UnpackOptions) -> UnpackOptions:
    """The options with the types that a batch shows, where none are known; as they are if it shows none either."""
    if options.inputs is not None:
        return options
    for rows in (logged.slice(0, _INFERRED_ROWS), logged.slice(_INFERRED_ROWS)):
        inputs, outputs = log.source.infer(rows, options)
        if inputs.num_fields:
            return replace(options, inputs=inputs, outputs=options.outputs or outputs)
    return options


def _together(tables: list[pa.Table]) -> pa.Table:
    """Events as one table; those from before the types were known have null features."""
    widest = max(tables, key=lambda table: table.num_columns)
    return pa.concat_tables([widest.slice(0, 0), *tables], promote_options="default")


def _unpacked(log: Log, logged: pa.RecordBatch, options: UnpackOptions, arrived: Arrived) -> pa.RecordBatch:
    events = log.source.unpack(logged, options)
    notes = notes_of(events)
    arrived.read += len(logged)
    arrived.untimed += notes.untimed
    arrived.unwatched |= set(notes.unwatched)
    answered = pc.and_(pc.equal(events["parse_status"], ParseStatus.OK.value), pc.equal(events["row_index"], 0))
    arrived.answered += answered.true_count
    arrived.by_parse_status.update(
        {pair["values"]: pair["counts"] for pair in events["parse_status"].value_counts().to_pylist()}
    )
    return events.replace_schema_metadata(None)


def _not_stored(place: Workplace, source_id: str, events: pa.Table) -> pa.Table:
    """After a rescan: leave out as many copies of each arrival as are stored already."""
    if not place.tables.has_events(source_id):
        return events
    stored: Counter[tuple[str, str]] = Counter()
    for batch in place.tables.scan_events(source_id, ("event_id", "row_hash")):
        stored.update(zip(batch["event_id"].to_pylist(), batch["row_hash"].to_pylist(), strict=True))
    keep = []
    for arrival in zip(events["event_id"].to_pylist(), events["row_hash"].to_pylist(), strict=True):
        keep.append(stored[arrival] <= 0)
        stored[arrival] -= 1
    return events.filter(pa.array(keep, pa.bool_()))


def _store_labels(place: Workplace, log: Log, part: Mapping[str, Any], seq: int, arrived: Arrived) -> None:
    assert log.monitor.labels is not None
    table = labels_table(place, log.monitor)
    changes = _changes(part)
    if changes.empty:
        return
    rows = place.engine.new_rows(table, part["since"], changes, columns_of(log.monitor.labels))
    made = label_annotations(rows, log.monitor, log.source_id, now=place.now, seq=seq)
    with place.progress.around("annotations.commit", log.monitor.name, seq):
        place.tables.append_annotations(log.source_id, made, seq)
    arrived.labels += made.num_rows


def read_as_of(place: Workplace, log: Log, options: UnpackOptions, changes: Changes, seq: int) -> Events:
    """The events of a log as of a batch."""
    if not log.in_place:
        return StoredEvents(place.tables, log.source_id, str(seq))
    return TableInPlace(place.engine, log.table, cast("InPlace", log.source), options, changes)


def as_of_cursor(place: Workplace, log: Log, cursor: str) -> Events:
    """The events of a log as of a cursor that an earlier run noted."""
    options = log.options(place, 0, cursor)
    return read_as_of(place, log, options, Changes(cursor), 0 if log.in_place else int(cursor))


@dataclass(frozen=True)
class Ahead:
    """A log looked at without taking anything in."""

    events: Events
    rescan: bool
    notes: tuple[str, ...]


def look_ahead(place: Workplace, log: Log) -> Ahead:
    """The events as a run would find them; of a log that is not read in place, the times of what would be taken in."""
    stored = place.tables.source_seqs(log.source_id)
    cursors = _known(place, log, stored, Arrived()).cursors
    parts = {name: _part(place, table, cursors.get(name)) for name, table in _readable(log, cursors).items()}
    changes, options = _changes(parts["table"]), log.options(place, 0, parts["table"]["cursor"])
    rescan = changes.rescan and parts["table"]["since"] is not None
    if log.in_place:
        return Ahead(read_as_of(place, log, options, changes, 0), rescan, ())
    known = StoredEvents(place.tables, log.source_id, str(max(stored.values())))
    if all(part["empty"] for part in parts.values()):
        return Ahead(known, False, ())
    rows = (
        batch
        for name, table in _readable(log, cursors).items()
        if not parts[name]["empty"]
        for batch in _rows(place, log, table, parts[name], options)
    )
    return Ahead(Waiting(known, rows, log.source, options), rescan, ())
