"""The table of incidents: what the ledger's entries amount to, kept for quick reading and rebuilt at will."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from watchkeeper.incidents.json import incident_from, incident_json
from watchkeeper.incidents.project import applied, fold
from watchkeeper.store import database as db
from watchkeeper.store import ledger
from watchkeeper.terms import Entry, Incident, IncidentState

KINDS = "incident.*"


def apply(connection: sa.Connection, entries: Iterable[Entry]) -> list[Incident]:
    """Bring the table up to date with entries; those it has taken in before, and other kinds, are passed over.

    Args:
        connection: a transaction that writes.
        entries: in ledger order.

    Returns:
        The incidents that changed, as they are now.
    """
    changed: dict[str, tuple[Incident, int]] = {}
    for entry in entries:
        before, seq = changed.get(entry.subject) or _known(connection, entry.subject)
        if entry.kind.startswith("incident.") and entry.seq > seq:
            changed[entry.subject] = applied(before, entry), entry.seq
    _store(connection, changed.values())
    return [incident for incident, _ in changed.values()]


def _known(connection: sa.Connection, id: str) -> tuple[Incident | None, int]:
    chosen = sa.select(db.incidents.c.content, db.incidents.c.entry_seq).where(db.incidents.c.id == id)
    row = connection.execute(chosen).one_or_none()
    return (None, 0) if row is None else (incident_from(row.content), row.entry_seq)


def rebuild(connection: sa.Connection) -> list[Incident]:
    """Make the table anew from the ledger.

    Raises:
        LedgerBroken: an entry changes an incident that was never opened.
    """
    entries = ledger.entries(connection, kind=KINDS)
    last = {entry.subject: entry.seq for entry in entries}
    told = fold(entries)
    connection.execute(db.incidents.delete())
    _store(connection, [(incident, last[incident.id]) for incident in told])
    return told


def _store(connection: sa.Connection, told: Iterable[tuple[Incident, int]]) -> None:
    """Resolved ones first, so that a new episode never stands beside the one it follows."""
    for incident, seq in sorted(told, key=lambda pair: pair[0].state != IncidentState.RESOLVED):
        connection.execute(db.incidents.delete().where(db.incidents.c.id == incident.id))
        connection.execute(db.incidents.insert().values(**_row(incident), entry_seq=seq))


def _row(incident: Incident) -> dict[str, Any]:
    names = ("id", "fingerprint", "episode", "model", "monitor", "cause", "opened_at", "changed_at", "owner")
    return {
        **{name: getattr(incident, name) for name in names},
        "severity": incident.severity.value,
        "state": incident.state.value,
        "resolution": None if incident.resolution is None else incident.resolution.value,
        "content": incident_json(incident),
    }


def get(connection: sa.Connection, id: str) -> Incident | None:
    """One incident."""
    return _known(connection, id)[0]


def listed(
    connection: sa.Connection,
    *,
    monitor: str | None = None,
    state: str | None = None,
    severity: str | None = None,
    since: datetime | None = None,
) -> list[Incident]:
    """Incidents in the order they were opened; ``since`` is about their last change."""
    chosen = sa.select(db.incidents.c.content).order_by(db.incidents.c.opened_at, db.incidents.c.id)
    equal = {"monitor": monitor, "state": state, "severity": severity}
    for name, value in equal.items():
        if value is not None:
            chosen = chosen.where(db.incidents.c[name] == value)
    if since is not None:
        chosen = chosen.where(db.incidents.c.changed_at >= since)
    return [incident_from(content) for content in connection.scalars(chosen)]
