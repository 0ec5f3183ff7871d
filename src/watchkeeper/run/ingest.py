"""The source's own hops: a serving log → events, a table of labels → annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.engines.base import Changes, TableRef
from watchkeeper.errors import Faulty
from watchkeeper.run.arrived import Arrived
from watchkeeper.run.events import Events
from watchkeeper.run.gone import has_gone
from watchkeeper.run.labels import check_table, columns_of, label_annotations
from watchkeeper.run.log import (
    Log,
    changes_of,
    knowing,
    labels_key,
    labels_table,
    logs,
    named,
    new_rows,
    part_of,
    read_as_of,
    readable,
    tables_read,
)
from watchkeeper.run.workplace import Workplace
from watchkeeper.sources.base import UnpackOptions, notes_of
from watchkeeper.store import batches, leases
from watchkeeper.store.batches import Batch, Standing
from watchkeeper.store.tables import ANNOTATIONS, EVENTS, fell_behind, source_owner
from watchkeeper.terms import ParseStatus

_PATIENCE_SECONDS = 60.0
"""How long to wait while another monitor's run reads the same log."""
STORED = "stored"
"""Among the cursors: the last batch that each table held when they were written."""


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
    standing = standing_of(place, log, stored, arrived)
    manifest = _manifest(place, log, standing.cursors)
    table = changes_of(manifest["table"])
    if log.monitor.labels is not None and labels_key(log.monitor) not in manifest:
        arrived.notes.append(f"{log.monitor.labels.table} has gone; the labels known so far stand")
    if all(part["cursor"] == part["since"] for part in manifest.values()):
        return standing.seq, table
    with place.progress.around("source.begin", log.monitor.name):
        batch = batches.begin(place.database, source_owner(log.source_id), place.now, manifest)
    _perform(place, log, batch, standing.cursors, arrived)
    return batch.seq, table


def standing_of(place: Workplace, log: Log, stored: Mapping[str, int], arrived: Arrived) -> Standing:
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
    parts = {name: part for name, part in batch.manifest.items() if name in tables_read(place, log)}
    _tell_rescan(log, changes_of(parts["table"]), parts["table"]["since"], arrived)
    if not log.in_place and done[EVENTS] < batch.seq:
        _store_events(place, log, batch.seq, parts, arrived)
    labels = labels_key(log.monitor)
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


def _manifest(place: Workplace, log: Log, cursors: Mapping[str, Any]) -> dict[str, Any]:
    """What this batch will read: each table from the cursor of the last batch to its state now."""
    tables, labels = tables_read(place, log), labels_key(log.monitor)
    for name in logs(log).keys() - readable(log, cursors).keys():
        tables.pop(name)
    if labels in cursors and has_gone(tables[labels]):
        tables.pop(labels)
    elif log.monitor.labels is not None:
        faults = check_table(place.engine, tables[labels], log.monitor)
        if faults:
            raise Faulty(faults)
    return {name: part_of(place, table, cursors.get(name)) for name, table in tables.items()}


def _store_events(place: Workplace, log: Log, seq: int, parts: Mapping[str, Any], arrived: Arrived) -> None:
    options = log.options(place, seq, parts["table"]["cursor"])
    events: list[pa.Table] = []
    for name, table in logs(log).items():
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
    changes = changes_of(part)
    if changes.empty:
        return None, options
    events = []
    for logged in new_rows(place, log, table, part, options):
        options = knowing(log, logged, options)
        at = replace(options, table=named(table, part["cursor"]))
        events.append(pa.Table.from_batches([_unpacked(log, logged, at, arrived)]))
    if not events:
        return None, options
    fresh = _together(events)
    return (_not_stored(place, log.source_id, fresh) if changes.rescan else fresh), options


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
    changes = changes_of(part)
    if changes.empty:
        return
    rows = place.engine.new_rows(table, part["since"], changes, columns_of(log.monitor.labels))
    made = label_annotations(rows, log.monitor, log.source_id, now=place.now, seq=seq)
    with place.progress.around("annotations.commit", log.monitor.name, seq):
        place.tables.append_annotations(log.source_id, made, seq)
    arrived.labels += made.num_rows
