"""One run of one monitor, from the log to the ledger; the only place that knows every stage.

Each stage writes one table as a hop of the batch, so a run that was killed is taken up where it stopped: hops that are
done recognise the batch, the others are done again, and the last transaction closes it.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from watchkeeper.errors import Fault, Faulty
from watchkeeper.plan.due import Ask, Due, Reason
from watchkeeper.run import carried, columns, derive, judged, remains, tell
from watchkeeper.run.arrived import Arrived
from watchkeeper.run.ingest import Intake, take_in
from watchkeeper.run.limits import standing
from watchkeeper.run.log import as_of_cursor, find
from watchkeeper.run.outlook import Memory, Outlook, look, with_baseline
from watchkeeper.run.remains import NoEvents, kept, nothing_to_count
from watchkeeper.run.remembered import lost, remembered
from watchkeeper.run.result import IncidentCounts, Rows, RunResult, RunState, WindowCounts
from watchkeeper.run.stock import Stock, take_stock
from watchkeeper.run.unshown import NOTE, waits_for_features
from watchkeeper.run.workplace import Workplace
from watchkeeper.spec.digest import monitor_version
from watchkeeper.spec.monitor import Monitor
from watchkeeper.store import batches, leases, upkeep, versions
from watchkeeper.store.batches import Batch
from watchkeeper.store.tables import monitor_owner
from watchkeeper.terms import ParseStatus
from watchkeeper.windows import micros, moment


def run_monitor(place: Workplace, monitor: Monitor, ask: Ask | None = None) -> RunResult:
    """Count what is due, judge it, and write down what follows. Safe to repeat.

    Raises:
        Faulty: the tables are not as the monitor says; all faults at once.
        LeaseHeld: another process works on this monitor or its log.
        StoreBehind: the tables hold more than the database knows.
    """
    started, owner = time.perf_counter(), monitor_owner(monitor.name)
    with leases.held(place.database, owner):
        batches.refuse_if_behind(place.database, owner, max(place.tables.monitor_seqs(monitor.name).values()))
        last, left = remembered(place, monitor.name), batches.unfinished(place.database, owner)
        notes = [] if left is None else _take_up(place, monitor, left)
        intake = _intake(place, monitor)
        result = _run(place, intake, ask or Ask())
        if (left is not None or result.state is RunState.DONE) and upkeep.is_due(last.tended, place.now):
            upkeep.tend(place.tables, monitor.name, intake.log.source_id)
    return replace(result, notes=(*notes, *result.notes), seconds=time.perf_counter() - started)


def _take_up(place: Workplace, monitor: Monitor, left: Batch) -> list[str]:
    """Finish a batch that a run left behind; set aside one that cannot be read any more as it was meant.

    Setting it aside loses nothing: the memory of the monitor is that of the run before, so all of it is due again.
    """
    try:
        missing = lost(place, monitor.name)
        if missing:
            raise Faulty([Fault("E301", f"the store has lost rows of {', '.join(missing)}")])
        _resume(place, monitor, left)
    except Faulty as gone:
        batches.set_aside(place.database, left, place.now)
        return [f"a run that was cut short could not be taken up ({gone.faults[0].message}); its work was done anew"]
    return []


def _intake(place: Workplace, monitor: Monitor) -> Intake:
    """What has come; of a log that has gone, what is left of it."""
    try:
        return take_in(place, find(place, monitor))
    except Faulty:
        with place.database.reading() as connection:
            known = versions.monitor(connection, monitor.name).cursors
        left = remains.intake_of(place, monitor, remembered(place, monitor.name), known)
        if left is None:
            raise
        return left


def _resume(place: Workplace, monitor: Monitor, batch: Batch) -> None:
    """Finish a batch that a run left behind, with the clock, windows and cursors it was begun with."""
    said = batch.manifest
    place = replace(place, now=datetime.fromisoformat(said["now"]), clock_given=said["clock_given"])
    log = find(place, monitor)
    intake = Intake(log, as_of_cursor(place, log, said["events"]), said["annotations"], Arrived())
    seen = look(place, log, intake.events, intake.seq, remembered(place, monitor.name), Ask())
    due = [Due(seen.calendar.window_of(moment(start)), Reason(reason)) for start, reason in said["due"]]
    _perform(place, intake, replace(seen, due=due, fits_now=said["fits"]), batch)


def _run(place: Workplace, intake: Intake, ask: Ask) -> RunResult:
    name = intake.log.monitor.name
    try:
        seen = _look(place, intake, remembered(place, name), ask)
    except Faulty as found:
        if waits_for_features(intake.log, intake.events, found):
            return _nothing_done(intake, "", (*_arrival_notes(intake), NOTE))
        raise
    _compare_columns(place, intake, seen)
    version = monitor_version(seen.resolved, seen.baseline.grid_ids)
    if _nothing_new(seen, version):
        return _nothing_done(intake, version, _notes(intake, seen))
    with place.progress.around("monitor.begin", name):
        batch = batches.begin(place.database, monitor_owner(name), place.now, _manifest(place, intake, seen))
    return _perform(place, intake, seen, batch)


def _nothing_done(intake: Intake, version: str, notes: tuple[str, ...]) -> RunResult:
    rows = _rows(intake, Counter(), 0)
    return RunResult(intake.log.monitor.name, version, RunState.NOTHING_NEW, 0, rows, notes=notes)


def _compare_columns(place: Workplace, intake: Intake, seen: Outlook) -> None:
    """Say which features have gone since the last run; refuse those that are of another kind than their baseline."""
    with place.database.reading() as connection:
        before = remains.features_of(versions.monitor(connection, seen.monitor.name).cursors)
    now = intake.events.inputs()
    intake.arrived.notes.extend(columns.gone(before, now, intake.log.table.name))
    watched = [column.name for column in seen.resolved.columns] if seen.baseline.is_complete else []
    faults = columns.retyped(before, now, watched, seen.monitor)
    if faults:
        raise Faulty(faults)


def _look(place: Workplace, intake: Intake, memory: Memory, ask: Ask) -> Outlook:
    """What is due; of a log that has gone nothing is, and its monitor stands at its last run."""
    if not isinstance(intake.events, NoEvents):
        return look(place, intake.log, intake.events, intake.seq, memory, ask)
    then = replace(place, now=memory.last or place.now)
    return nothing_to_count(look(then, intake.log, intake.events, intake.seq, memory, ask))


def _nothing_new(seen: Outlook, version: str) -> bool:
    steady = seen.memory.version == version and not seen.labels_freeze_now and not seen.fits_now
    return steady and not seen.due and not seen.flipped


def _manifest(place: Workplace, intake: Intake, seen: Outlook) -> dict[str, Any]:
    return {
        "now": place.now.isoformat(),
        "clock_given": place.clock_given,
        "events": intake.events.cursor,
        "annotations": intake.seq,
        "due": [[micros(one.window.start), one.reason.value] for one in seen.due],
        "fits": seen.fits_now,
    }


def _perform(place: Workplace, intake: Intake, seen: Outlook, batch: Batch) -> RunResult:
    name, tables = seen.monitor.name, place.tables
    stage = partial(place.progress.around, monitor=name, seq=batch.seq)
    stock = take_stock(place, intake, seen, batch.seq, stage)
    seen = with_baseline(place, intake.log, intake.events, seen)
    version = monitor_version(seen.resolved, seen.baseline.grid_ids)
    past = carried.past(place.database, name, seen.memory)
    points = derive.points(tables, seen, version, batch.seq, past)
    with stage("points.commit"):
        tables.append_points(name, points.fresh, batch.seq)
    verdicts = judged.verdicts(place, seen, version, batch.seq, points, past)
    with stage("verdicts.commit"):
        tables.append_verdicts(name, verdicts.fresh, batch.seq)
    memory = _memory(intake, seen, stock, version)
    with stage("ledger.commit"):
        told = tell.incidents(place, seen, version, batch, memory, kept(intake), verdicts)
    outcomes = Counter(verdicts.fresh["outcome"].to_pylist())
    return _result(intake, seen, version, batch, stock, points, outcomes, told)


def _memory(intake: Intake, seen: Outlook, stock: Stock, version: str) -> Memory:
    return Memory(
        events=intake.events.cursor,
        annotations=intake.seq,
        last=seen.clock.now,
        first=seen.first,
        ahead=stock.ahead,
        counted=stock.counted,
        version=version,
        tended=_tended(seen.memory.tended, seen.clock.now),
        generation=seen.baseline.generation,
        refit=seen.monitor.baseline.refit,
        limits=standing(seen.resolved.limits, seen.memory.limits, seen.memory.last),
    )


def _tended(last: datetime | None, now: datetime) -> datetime:
    return now if last is None or upkeep.is_due(last, now) else last


def _result(
    intake: Intake,
    seen: Outlook,
    version: str,
    batch: Batch,
    stock: Stock,
    points: derive.Points,
    outcomes: Counter[str],
    told: IncidentCounts,
) -> RunResult:
    still_open = sum(seen.clock.is_open(one.window) for one in seen.due)
    late = sum(one.reason is Reason.LATE and not seen.clock.is_open(one.window) for one in seen.due)
    return RunResult(
        monitor=seen.monitor.name,
        monitor_version=version,
        state=RunState.DONE,
        batch_seq=batch.seq,
        rows=_rows(intake, stock.met, late),
        windows=WindowCounts(len(seen.due) - still_open, still_open, points.restated),
        points=points.fresh.num_rows,
        verdicts={name: outcomes[name] for name in ("ok", "warning", "breach", "not_judged")},
        incidents=told,
        notes=_notes(intake, seen),
    )


def _rows(intake: Intake, met: Counter[str], late: int) -> Rows:
    arrived = intake.arrived
    by_status = {k: v for k, v in sorted((arrived.by_parse_status or met).items()) if k != ParseStatus.DUPLICATE.value}
    return Rows(
        read=arrived.read or sum(met.values()),
        new=arrived.events or sum(met.values()) if not intake.log.in_place else sum(met.values()),
        duplicate=met[ParseStatus.DUPLICATE.value],
        late=late,
        by_parse_status=by_status,
    )


def _notes(intake: Intake, seen: Outlook) -> tuple[str, ...]:
    return _arrival_notes(intake) if seen.baseline.is_complete else (*_arrival_notes(intake), _learning(seen))


def _arrival_notes(intake: Intake) -> tuple[str, ...]:
    notes = list(intake.arrived.notes)
    if intake.arrived.unwatched:
        notes.append(f"keys that are logged but not watched: {', '.join(sorted(intake.arrived.unwatched)[:10])}")
    if intake.arrived.untimed:
        notes.append(f"{intake.arrived.untimed} rows have no usable time and are in no window")
    return tuple(notes)


def _learning(seen: Outlook) -> str:
    span = seen.baseline.span
    if span is None:
        return "nothing has been logged yet that a baseline could be made of"
    return f"the baseline is being learnt until {span.end:%d %b %Y}; drift is judged after that"
