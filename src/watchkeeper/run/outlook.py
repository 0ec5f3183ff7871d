"""What a run of one monitor has before it: looked at, decided, and not yet done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.errors import Fault, Faulty
from watchkeeper.plan.due import Ask, Clock, Counted, Due, Reason, due, watched_windows
from watchkeeper.rows import times_of_keys
from watchkeeper.run import baseline as baselines
from watchkeeper.run.baseline import Baseline
from watchkeeper.run.events import Events, Times, first_time
from watchkeeper.run.log import Log
from watchkeeper.run.workplace import Workplace
from watchkeeper.spec.digest import measure_digest
from watchkeeper.spec.monitor import Monitor
from watchkeeper.spec.resolve import Resolved, resolve
from watchkeeper.terms import Window
from watchkeeper.windows import Calendar, micros, moment


@dataclass(frozen=True)
class Memory:
    """What a monitor remembers of its last run.

    Args:
        events: cursor of the events that were counted.
        annotations: last batch of annotations that was counted.
        last: clock of that run.
        first: start of the first watched window.
        ahead: starts of windows that held rows ahead of the clock.
        counted: what was counted, and how it was measured.
        version: the monitor version that run judged by.
        limits: by identity, since when each limit holds; see ``run.limits``.
        running: start of the first breach that goes on.
        tended: clock of the last upkeep of the tables.
        generation: how often the baseline was asked to be fitted anew, by that run included.
        refit: whether the monitor asked so at that run.
    """

    events: str | None = None
    annotations: int = 0
    last: datetime | None = None
    first: datetime | None = None
    ahead: frozenset[int] = frozenset()
    counted: tuple[Counted, ...] = ()
    version: str = ""
    limits: Mapping[str, datetime | None] = field(default_factory=dict)
    running: datetime | None = None
    tended: datetime | None = None
    generation: int = 0
    refit: bool = False

    def generation_of(self, monitor: Monitor) -> int:
        """The generation of its baseline today: ``refit`` asks for the next one when it appears in the file."""
        return self.generation + (monitor.baseline.refit and not self.refit)

    @classmethod
    def from_json(cls, body: Mapping[str, Any] | None) -> Memory:
        """Of text that an earlier release wrote, what it lacks is as before the first run."""
        if not body:
            return cls()
        limits = body.get("limits", {})
        return cls(
            events=body.get("events"),
            annotations=body.get("annotations", 0),
            last=_moment_of(body.get("last")),
            first=_moment_of(body.get("first")),
            ahead=frozenset(body.get("ahead", ())),
            counted=tuple(_counted(*one) for one in body.get("counted", ())),
            version=body.get("version", ""),
            running=_moment_of(body.get("running")),
            tended=_moment_of(body.get("tended")),
            generation=body.get("generation", 0),
            refit=body.get("refit", False),
            limits={name: _moment_of(at) for name, at in limits.items()},
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "events": self.events,
            "annotations": self.annotations,
            "last": self.last and self.last.isoformat(),
            "first": self.first and self.first.isoformat(),
            "ahead": sorted(self.ahead),
            "counted": [
                [one.span.start.isoformat(), one.span.end.isoformat(), one.digest, one.grids] for one in self.counted
            ],
            "version": self.version,
            "running": self.running and self.running.isoformat(),
            "tended": self.tended and self.tended.isoformat(),
            "generation": self.generation,
            "refit": self.refit,
            "limits": {name: at and at.isoformat() for name, at in self.limits.items()},
        }


def _moment_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _counted(start: str, end: str, digest: str, grids: str) -> Counted:
    return Counted(Window(datetime.fromisoformat(start), datetime.fromisoformat(end)), digest, grids)


@dataclass(frozen=True)
class Outlook:
    """Everything decided before a run counts.

    Args:
        windows: every window from the first watched one to now.
        due: the windows to count.
        touched: those that rows or annotations arrived for.
        flipped: windows that became final, or whose labels matured, since the last run.
        fits_now: the baseline can be fitted with this run.
    """

    monitor: Monitor
    resolved: Resolved
    clock: Clock
    calendar: Calendar
    memory: Memory
    baseline: Baseline
    windows: Sequence[Window]
    due: Sequence[Due]
    touched: frozenset[Window]
    flipped: frozenset[Window]
    fits_now: bool
    labels_freeze_now: bool

    @property
    def first(self) -> datetime | None:
        return self.windows[0].start if self.windows else None

    @property
    def partial(self) -> frozenset[int]:
        """The first window is read in part."""
        return frozenset({micros(self.windows[0].start)}) if self.windows else frozenset()


def clock_of(place: Workplace, monitor: Monitor, memory: Memory) -> Clock:
    """The moment of this run and of the last one."""
    return Clock(place.now, memory.last, monitor.grace, monitor.labels.matures_after if monitor.labels else None)


def resolved(place: Workplace, log: Log, inputs: pa.Schema, baseline: Baseline) -> Resolved:
    """The monitor against its tables.

    Raises:
        Faulty: all faults at once.
    """
    found, faults = resolve(
        log.monitor,
        inputs,
        available(log),
        place.metrics,
        grids=baseline.grids or None,
        shares=baseline.shares() or None,
        is_boolean=place.engine.is_boolean,
    )
    if found is None:
        raise Faulty([fault for fault in faults if not fault.is_warning])
    return found


def available(log: Log) -> frozenset[str]:
    """The system columns that the events of a log fill."""
    columns = log.monitor.columns
    if not log.in_place:
        named = {"score", "decision"} if log.monitor.task not in ("genai", "none") else set()
        if columns.decision is None:
            named.discard("decision")
        return frozenset({"event_time", "parse_status", "status_code", "latency_ms", "model_version"} | named)
    found = {"event_time", "parse_status"}
    found |= {name for name in ("score", "decision") if getattr(columns, name) is not None}
    return frozenset(found | ({"model_version"} if columns.version else set()))


def look(place: Workplace, log: Log, events: Events, annotations_seq: int, memory: Memory, ask: Ask) -> Outlook:
    """Decide what is due.

    Args:
        annotations_seq: the last batch of annotations there is.
    """
    monitor, calendar = log.monitor, log.monitor.calendar
    clock = clock_of(place, monitor, memory)
    arrived = events.arrived(memory.events)
    first = memory.first or _first(arrived, monitor, clock, calendar)
    windows = watched_windows(calendar, first, clock.now)
    span = baselines.span_of(monitor, windows[0].start if windows else None)
    baseline = baselines.stored(place.tables, monitor, span, memory.generation_of(monitor))
    labelled = _labelled(place, log, events, memory, annotations_seq, clock)
    touched = _windows_of(np.concatenate([arrived, labelled]), calendar, windows)
    if arrived.size and events.read_anew(memory.events):
        touched |= {window for window in windows if micros(window.end) > int(arrived.min())}
    touched |= {
        w for w in windows if micros(w.start) in memory.ahead and clock.last is not None and clock.now > clock.last
    }
    fits_now = not baseline.is_complete and (
        monitor.baseline.table is not None or baselines.can_complete(baseline, clock)
    )
    if fits_now and windows:
        _refuse_without_rows(events, monitor, span)
    seen = resolved(place, log, events.inputs(), baseline)
    return Outlook(
        monitor=monitor,
        resolved=seen,
        clock=clock,
        calendar=calendar,
        memory=memory,
        baseline=baseline,
        windows=windows,
        due=_due(seen, baseline, windows, touched, clock, ask, memory, fits_now),
        touched=frozenset(touched),
        flipped=frozenset(w for w in windows if _flips(w, clock)),
        fits_now=fits_now,
        labels_freeze_now=monitor.labels is not None
        and not baseline.has_labels
        and (baselines.labels_can_complete(baseline, clock) if monitor.baseline.table is None else False),
    )


def _refuse_without_rows(events: Events, monitor: Monitor, span: Window | None) -> None:
    """A span of the log that a baseline is to be made of must hold rows.

    Raises:
        Faulty: E309 it holds none.
    """
    if monitor.baseline.span is None or span is None or any(len(batch) for batch in events.identities([span])):
        return
    said = f"{span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M} UTC"
    fix = "name a span of the log, or a table of its own"
    raise Faulty([Fault("E309", f"no rows were logged from {said}", fix, file=monitor.file, path="baseline.from")])


def with_baseline(place: Workplace, log: Log, events: Events, seen: Outlook) -> Outlook:
    """The same with the baseline as it is stored now, and everything that follows from it."""
    baseline = baselines.stored(place.tables, log.monitor, seen.baseline.span, seen.baseline.generation)
    return replace(seen, baseline=baseline, resolved=resolved(place, log, events.inputs(), baseline))


def _first(arrived: Times, monitor: Monitor, clock: Clock, calendar: Calendar) -> datetime | None:
    earliest = first_time(arrived, clock.now)
    if earliest is None:
        return None
    reach = monitor.source.since.before(clock.now)
    return calendar.window_of(max(earliest, reach)).start


def _labelled(place: Workplace, log: Log, events: Events, memory: Memory, annotations_seq: int, clock: Clock) -> Times:
    """Times of the events that annotations arrived for; none on a first run, which counts all windows anyway."""
    if log.monitor.labels is None or memory.last is None or annotations_seq <= memory.annotations:
        return np.zeros(0, np.int64)
    fresh = place.tables.annotations(log.source_id, after_seq=memory.annotations, columns=("join_key",))
    keys = pc.unique(fresh["join_key"])
    if not len(keys):
        return np.zeros(0, np.int64)
    return times_of_keys(events.identities(), keys, clock.now)


def _windows_of(times: Times, calendar: Calendar, windows: Sequence[Window]) -> set[Window]:
    if not times.size or not windows:
        return set()
    first, last = micros(windows[0].start), micros(windows[-1].end)
    inside = times[(times >= first) & (times < last)]
    return {calendar.window_of(moment(int(start))) for start in np.unique(calendar.starts(inside))}


def _flips(window: Window, clock: Clock) -> bool:
    if clock.last is None:
        return False
    closes = clock.grace.after(window.end)
    return clock.last < closes <= clock.now or clock.matured_since_last(window)


def _due(
    seen: Resolved,
    baseline: Baseline,
    windows: Sequence[Window],
    touched: set[Window],
    clock: Clock,
    ask: Ask,
    memory: Memory,
    fits_now: bool,
) -> list[Due]:
    monitor = seen.monitor
    found = due(
        windows,
        counted=memory.counted,
        touched=touched,
        digest=measure_digest(seen, baseline.grid_ids),
        grids=baseline.grid_key,
        clock=clock,
        ask=ask,
        labels_fill_in=monitor.labels is not None and monitor.labels.when_missing == "negative",
    )
    if not fits_now:
        return found
    reasons = {one.window: one.reason for one in found}
    return [Due(window, reasons.get(window, Reason.REGRID)) for window in windows]
