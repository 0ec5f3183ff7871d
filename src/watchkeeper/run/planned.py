"""What a run would do, found out without doing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.errors import Faulty
from watchkeeper.plan.due import Ask, Due, Reason
from watchkeeper.run.ahead import Ahead, look_ahead
from watchkeeper.run.log import Log, find
from watchkeeper.run.outlook import Outlook, look
from watchkeeper.run.remembered import remembered
from watchkeeper.run.unshown import NOTE, waits_for_features
from watchkeeper.run.workplace import Workplace
from watchkeeper.spec.digest import monitor_version
from watchkeeper.spec.monitor import Monitor


@dataclass(frozen=True, slots=True)
class PlannedScan:
    """One table that would be read; ``bytes`` is its size on disk where that is known."""

    table: str
    columns: int
    bytes: int | None
    windows: int


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run of one monitor would do.

    ``due`` counts the windows by reason, ``notes`` say in words what cannot be counted before rows are read.
    """

    monitor: str
    monitor_version: str
    due: int
    late: int
    open: int
    rescan: bool
    reasons: dict[str, int]
    windows: Sequence[str]
    scan: Sequence[PlannedScan]
    cells_per_window: int
    metrics: int
    columns: int
    writes: Sequence[str]
    notes: Sequence[str]


def plan_monitor(place: Workplace, monitor: Monitor, ask: Ask | None = None) -> Planned:
    """Look at what is there and say what a run would do; writes nothing.

    Raises:
        Faulty: the tables are not as the monitor says.
    """
    log = find(place, monitor)
    memory = remembered(place, monitor.name)
    ahead = look_ahead(place, log)
    try:
        seen = look(place, log, ahead.events, memory.annotations, memory, ask or Ask())
    except Faulty as found:
        if waits_for_features(log, ahead.events, found):
            return _nothing(monitor, ahead)
        raise
    return Planned(
        monitor=monitor.name,
        monitor_version=monitor_version(seen.resolved, seen.baseline.grid_ids),
        due=len(seen.due),
        late=sum(one.reason is Reason.LATE for one in seen.due),
        open=sum(seen.clock.is_open(one.window) for one in seen.due),
        rescan=ahead.rescan,
        reasons=dict(Counter(one.reason.value for one in seen.due)),
        windows=_days(seen.due),
        scan=[PlannedScan(log.table.name, len(log.schema.names), _size(log), len(seen.due))],
        cells_per_window=seen.resolved.cells,
        metrics=len({request.metric.name for request in seen.resolved.requests}),
        columns=len(seen.resolved.columns),
        writes=_writes(seen, log) if seen.due or seen.flipped else [],
        notes=ahead.notes,
    )


def _nothing(monitor: Monitor, ahead: Ahead) -> Planned:
    """The plan of a monitor that waits for its features: the log is taken in, nothing is counted."""
    notes = (*ahead.notes, NOTE)
    return Planned(monitor.name, "", 0, 0, 0, ahead.rescan, {}, (), (), 0, 0, 0, ["events"], notes)


def _days(due: Sequence[Due]) -> list[str]:
    return [one.window.start.isoformat().replace("+00:00", "Z") for one in due]


def _size(log: Log) -> int | None:
    place = log.table.location
    if place.is_file():
        return place.entry().size
    files = place.folder_files(recursive=True)
    return sum(entry.size for entry in files if entry.location.suffix == ".parquet") if place.is_dir() else None


def _writes(seen: Outlook, log: Log) -> list[str]:
    own = [] if log.in_place else ["events"]
    labels = ["annotations"] if seen.monitor.labels is not None else []
    grids = ["grids"] if seen.fits_now else []
    return [*own, *labels, *grids, "statistics", "points", "verdicts", "ledger"]
