"""How a monitor stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.incidents.project import open_problems, severity_of
from watchkeeper.run import baseline as baselines
from watchkeeper.run.outlook import Memory
from watchkeeper.run.remembered import remembered
from watchkeeper.run.workplace import Workplace
from watchkeeper.spec.monitor import Monitor
from watchkeeper.store import incidents as projection
from watchkeeper.store import outbox, versions
from watchkeeper.terms import Severity, Window
from watchkeeper.windows import moment

_RECENT_WINDOWS = 28
_STALE_AFTER = 2
"""Due windows that may wait before a monitor is stale."""


@dataclass(frozen=True, slots=True)
class MonitorState:
    """How one monitor stands, as contracts of the command line name it.

    ``state`` is failed, stale, learning, or else the worst unresolved incident: breach (critical), warning, healthy.
    ``open_incidents`` counts each problem once, as bad as the worst that follows from it.
    """

    monitor: str
    model: str
    state: str
    last_run: datetime | None
    last_event: datetime | None
    last_final_window: Window | None
    labels_matured_until: datetime | None
    open_incidents: Mapping[str, int]
    outbox_pending: int


def state_of(place: Workplace, monitor: Monitor) -> MonitorState:
    """Read how a monitor stands; changes nothing."""
    memory = remembered(place, monitor.name)
    points = _traffic(place, monitor, memory)
    with place.database.reading() as connection:
        known = projection.listed(connection)
        waiting = outbox.pending(connection, monitor.name)
        last = versions.monitor(connection, monitor.name).last_run or {}
    problems = Counter(severity_of(one, known) for one in open_problems(known) if one.monitor == monitor.name)
    return MonitorState(
        monitor=monitor.name,
        model=monitor.model,
        state=_state(place, monitor, memory, problems, bool(last.get("error"))),
        last_run=datetime.fromisoformat(last["at"]) if "at" in last else memory.last,
        last_event=_last_event(points),
        last_final_window=_last_final(points),
        labels_matured_until=_matured(monitor, memory),
        open_incidents={severity.value: problems[severity] for severity in Severity},
        outbox_pending=waiting,
    )


def _state(place: Workplace, monitor: Monitor, memory: Memory, problems: Counter[Severity], failed: bool) -> str:
    if failed:
        return "failed"
    if memory.last is None:
        return "learning"
    if _is_stale(place, monitor, memory.last):
        return "stale"
    if problems:
        return "breach" if problems[Severity.CRITICAL] else "warning"
    span = baselines.span_of(monitor, memory.first)
    return (
        "healthy"
        if baselines.stored(place.tables, monitor, span, memory.generation_of(monitor)).is_complete
        else "learning"
    )


def _is_stale(place: Workplace, monitor: Monitor, last: datetime) -> bool:
    """Whether windows that became final since the last run have waited for more than two windows."""
    waiting = monitor.calendar.window_of(last)
    for _ in range(_STALE_AFTER):
        waiting = monitor.calendar.following(waiting)
    return place.now >= monitor.grace.after(waiting.end)


def _traffic(place: Workplace, monitor: Monitor, memory: Memory) -> pa.Table:
    """Row counts and ages of the last windows; of all where the last ones hold no rows."""
    metrics = [place.metrics[name].identity({}) for name in ("row_count", "freshness_seconds")]
    read = partial(place.tables.current_points, monitor.name, metrics=metrics)
    if memory.last is None:
        return read()
    recent = read(since=memory.last - _RECENT_WINDOWS * monitor.calendar.size.about)
    return recent if _last_event(recent) is not None else read()


def _last_event(points: pa.Table) -> datetime | None:
    """End of a window less the age of its newest row."""
    ages = points.filter(pc.and_(pc.starts_with(points["metric"], "freshness_seconds@"), pc.is_valid(points["value"])))
    newest = [(row["window_end"], row["value"]) for row in ages.select(["window_end", "value"]).to_pylist()]
    if not newest:
        return None
    end, age = max(newest)
    return moment(int(end.timestamp() * 1_000_000 - age * 1_000_000))


def _last_final(points: pa.Table) -> Window | None:
    final = points.filter(pc.and_(pc.invert(points["open"]), pc.starts_with(points["metric"], "row_count@")))
    rows = final.select(["window_end", "window_start"]).to_pylist()
    newest = max(((row["window_end"], row["window_start"]) for row in rows), default=None)
    return None if newest is None else Window(newest[1], newest[0])


def _matured(monitor: Monitor, memory: Memory) -> datetime | None:
    """End of the last window whose labels were complete at the last run."""
    if monitor.labels is None or memory.last is None or memory.first is None:
        return None
    if monitor.labels.matures_after is None:
        return monitor.calendar.window_of(memory.last).end
    until = monitor.calendar.window_of(monitor.labels.matures_after.before(memory.last)).start
    return until if until > memory.first else None
