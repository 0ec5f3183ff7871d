"""How far back the verdicts are read that incidents are told from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from watchkeeper.incidents.cause import length
from watchkeeper.incidents.reopening import REOPENS_WITHIN
from watchkeeper.incidents.spells import RECOVERED_AFTER, Spell
from watchkeeper.terms import Incident, IncidentState

_FALLEN_SILENT = 28
"""So many windows without a verdict after which a breach that came back is another matter."""


def horizon(since: datetime, running: datetime | None, incidents: Sequence[Incident]) -> datetime:
    """The start of the first window whose verdicts still say something.

    It lies before every breach that is going on, and before every incident that is unresolved or may be reopened.

    Args:
        since: start of the first window that the verdicts which changed rest on.
        running: start of the first breach that was going on at the last run.
        incidents: those of the model.
    """
    found = since if running is None else min(since, running)
    for incident in sorted(incidents, key=_until, reverse=True):
        if incident.state != IncidentState.RESOLVED or _until(incident) >= found:
            found = min(found, incident.first_window.start)
    return found


def matter(incidents: Sequence[Incident], start: datetime) -> list[Incident]:
    """The incidents that may still change: unresolved, the latest of their fingerprint, or reaching past a moment."""
    latest = {incident.fingerprint: incident.id for incident in sorted(incidents, key=lambda i: i.episode)}
    return [
        incident
        for incident in incidents
        if incident.state != IncidentState.RESOLVED
        or latest[incident.fingerprint] == incident.id
        or _until(incident) >= start
    ]


def running_since(spells: Iterable[Spell], now: datetime) -> datetime | None:
    """Start of the first breach that is going on; one that fell silent long ago is not."""
    return min((spell.first.start for spell in spells if spell.ended is None and _is_heard(spell, now)), default=None)


def _is_heard(spell: Spell, now: datetime) -> bool:
    return spell.heard_until + timedelta(seconds=_FALLEN_SILENT * spell.series.grain) >= now


def _until(incident: Incident) -> datetime:
    """Up to when something may still belong to an incident, or reopen it."""
    longest = max(length(finding) for finding in incident.findings)
    return incident.last_window.end + 2 * RECOVERED_AFTER * longest + REOPENS_WITHIN
