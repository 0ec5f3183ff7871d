"""From the tables, the ledger and the monitors to what the page needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib import metadata

from watchkeeper.rules.sees import sees
from watchkeeper.run import baseline as baselines
from watchkeeper.run.remembered import remembered
from watchkeeper.run.state import state_of
from watchkeeper.run.workplace import Workplace
from watchkeeper.spec.monitor import Monitor
from watchkeeper.store import incidents as incident_table
from watchkeeper.store import ledger
from watchkeeper.surfaces.check import watched_columns
from watchkeeper.surfaces.report.model import Watched
from watchkeeper.surfaces.report.page import render
from watchkeeper.surfaces.report.visible import Name, Visible, by_series
from watchkeeper.terms import Entry, Incident, IncidentState, Role, Window


def page(place: Workplace, monitors: Sequence[Monitor], since: datetime | None = None) -> str:
    """The report about these monitors as HTML text; ``since`` leaves out earlier windows and what was over by then."""
    told = [watched(place, monitor, since) for monitor in monitors]
    return render(place.settings.project, told, _provenance(place), place.now)


def watched(place: Workplace, monitor: Monitor, since: datetime | None = None) -> Watched:
    """Everything the page needs of one monitor."""
    incidents = [incident for incident in _incidents(place, monitor) if _concerns(incident, since)]
    return Watched(
        monitor=monitor.name,
        model=monitor.model,
        state=str(state_of(place, monitor).state),
        roles={name: Role(role) for name, role, _ in watched_columns(place, monitor)},
        points=place.tables.current_points(monitor.name, since=since),
        verdicts=place.tables.current_verdicts(monitor.name, since=since),
        history=place.tables.points(monitor.name, since=since),
        incidents=incidents,
        units={name: metric.unit for name, metric in place.metrics.items()},
        sentences=_sentences(place, incidents),
        baseline_span=_baseline_span(place, monitor),
        now=place.now,
        visible=_visible(place, monitor),
    )


def _visible(place: Workplace, monitor: Monitor) -> Mapping[Name, Visible]:
    """What each series can see, learnt from all its windows whatever part of them is shown."""
    found = sees(
        place.tables.current_points(monitor.name),
        metrics=place.metrics,
        calendar=monitor.calendar,
        now=place.now,
        baseline_span=_baseline_span(place, monitor),
    )
    return by_series(found)


def _incidents(place: Workplace, monitor: Monitor) -> list[Incident]:
    with place.database.reading() as connection:
        return incident_table.listed(connection, monitor=monitor.name)


def _concerns(incident: Incident, since: datetime | None) -> bool:
    return since is None or incident.state is not IncidentState.RESOLVED or incident.last_window.end > since


def _sentences(place: Workplace, incidents: Iterable[Incident]) -> Mapping[str, str]:
    """The newest whole sentence that the ledger has of each incident."""
    with place.database.reading() as connection:
        entries = ledger.entries(connection, kind=incident_table.KINDS)
    wanted = {incident.id for incident in incidents}
    return {entry.subject: entry.body["sentence"] for entry in entries if entry.subject in wanted and _tells(entry)}


def _tells(entry: Entry) -> bool:
    return bool(entry.body.get("sentence"))


def _baseline_span(place: Workplace, monitor: Monitor) -> Window | None:
    return baselines.span_of(monitor, remembered(place, monitor.name).first)


def _provenance(place: Workplace) -> str:
    with place.database.reading() as connection:
        head = ledger.head(connection)
    state = f"entry {head.seq} of the ledger, {head.hash[:12]}" if head.seq else "an empty ledger"
    return f"Made by watchkeeper {metadata.version('watchkeeper')} from {state}."
