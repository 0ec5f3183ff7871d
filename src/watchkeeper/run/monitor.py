"""One run of one monitor, from the log to the ledger; the only place that knows every stage.

Each stage writes one table as a hop of the batch, so a run that was killed is taken up where it stopped: hops that are
done recognise the batch, the others are done again, and the last transaction closes it.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from watchkeeper.errors import Faulty
from watchkeeper.plan.due import Ask, Due, Reason
from watchkeeper.run import derive, remains, tell
from watchkeeper.run.ingest import Arrived, Intake, as_of_cursor, find, take_in
from watchkeeper.run.limits import standing
from watchkeeper.run.outlook import Memory, Outlook, look, with_baseline
from watchkeeper.run.remains import NoEvents, kept, nothing_to_count
from watchkeeper.run.result import IncidentCounts, Rows, RunResult, RunState, WindowCounts
from watchkeeper.run.stock import Stock, take_stock
from watchkeeper.run.workplace import Workplace
from watchkeeper.spec.digest import monitor_version
from watchkeeper.spec.monitor import Monitor
from watchkeeper.store import batches, leases, versions
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
        batches.refuse_if_behind(place.database, owner, place.tables.monitor_seq(monitor.name))
        with place.database.reading() as connection:
            left = batches.unfinished(connection, owner)
        if left is not None:
            _resume(place, monitor, left)
        result = _run(place, _intake(place, monitor), ask or Ask())
    return replace(result, seconds=time.perf_counter() - started)


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
    seen = _look(place, intake, remembered(place, name), ask)
    version = monitor_version(seen.resolved, seen.baseline.grid_ids)
    if _nothing_new(seen, version):
        return RunResult(
            name, version, RunState.NOTHING_NEW, 0, _rows(intake, Counter(), 0), notes=_notes(intake, seen)
        )
    batch = batches.begin(place.database, monitor_owner(name), place.now, lambda: _manifest(place, intake, seen))
    return _perform(place, intake, seen, batch)


def _look(place: Workplace, intake: Intake, memory: Memory, ask: Ask) -> Outlook:
    """What is due; of a log that has gone nothing is, and its monitor stands at its last run."""
    if not isinstance(intake.events, NoEvents):
        return look(place, intake.log, intake.events, intake.seq, memory, ask)
    then = replace(place, now=memory.last or place.now)
    return nothing_to_count(look(then, intake.log, intake.events, intake.seq, memory, ask))


def remembered(place: Workplace, monitor: str) -> Memory:
    """What a monitor remembers of its last run."""
    text = batches.cursors(place.database, monitor_owner(monitor)).get("memory")
    return Memory.from_json(json.loads(text) if text else None)


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
    stages = _Stages(place, name, batch.seq)
    stock = take_stock(place, intake, seen, batch.seq, stages.stage)
    seen = with_baseline(place, intake.log, intake.events, seen)
    version = monitor_version(seen.resolved, seen.baseline.grid_ids)
    points = derive.points(tables, seen, version, batch.seq)
    with stages.stage("points.commit"):
        tables.append_points(name, points.fresh, batch.seq)
    verdicts = derive.verdicts(place, seen, version, batch.seq)
    with stages.stage("verdicts.commit"):
        tables.append_verdicts(name, verdicts, batch.seq)
    memory = _memory(intake, seen, stock, version)
    with stages.stage("ledger.commit"):
        ends = {"memory": json.dumps(memory.to_json())}
        told = tell.incidents(place, seen, version, batch, ends, kept(intake))
    outcomes = Counter(verdicts["outcome"].to_pylist())
    return _result(intake, seen, version, batch, stock, points, outcomes, told)


def _memory(intake: Intake, seen: Outlook, stock: Stock, version: str) -> Memory:
    return Memory(
        events=intake.events.cursor,
        annotations=intake.seq,
        last=seen.clock.now,
        first=seen.first,
        ahead=stock.ahead,
        empty=stock.empty,
        version=version,
        limits=standing(seen.resolved.limits, seen.memory.limits, seen.memory.last),
    )


@dataclass(frozen=True)
class _Stages:
    """Says before and after each commit that it happens."""

    place: Workplace
    monitor: str
    seq: int

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.place.progress.stage(name, "before", self.monitor, self.seq)
        yield
        self.place.progress.stage(name, "after", self.monitor, self.seq)


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
    notes = list(intake.arrived.notes)
    if intake.arrived.unwatched:
        notes.append(f"keys that are logged but not watched: {', '.join(sorted(intake.arrived.unwatched)[:10])}")
    if intake.arrived.untimed:
        notes.append(f"{intake.arrived.untimed} rows have no usable time and are in no window")
    if not seen.baseline.is_complete:
        notes.append(_learning(seen))
    return tuple(notes)


def _learning(seen: Outlook) -> str:
    span = seen.baseline.span
    if span is None:
        return "nothing has been logged yet that a baseline could be made of"
    return f"the baseline is being learnt until {span.end:%d %b %Y}; drift is judged after that"
