"""Incidents as the ledger tells them: a projection of entries, never the truth itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from watchkeeper.errors import LedgerBroken
from watchkeeper.incidents import draft as kinds
from watchkeeper.incidents.json import finding_from, suspects_from, window_from
from watchkeeper.terms import Entry, Incident, IncidentState, Resolution, Severity


def fold(entries: Iterable[Entry]) -> list[Incident]:
    """The incidents after these entries, in the order they were opened; entries of other kinds are passed over.

    Args:
        entries: in ledger order.

    Raises:
        LedgerBroken: an entry changes an incident that was never opened.
    """
    incidents: dict[str, Incident] = {}
    for entry in entries:
        if entry.kind.startswith("incident."):
            incidents[entry.subject] = applied(incidents.get(entry.subject), entry)
    return list(incidents.values())


def applied(incident: Incident | None, entry: Entry) -> Incident:
    """The incident after one more of its entries.

    ``changed_at`` moves with every entry but a comment.

    Raises:
        LedgerBroken: the incident was never opened, or the kind of entry is unknown.
    """
    if entry.kind == kinds.OPENED:
        return _opened(entry)
    if incident is None:
        raise LedgerBroken(f"entry {entry.seq} ({entry.kind}) changes {entry.subject}, which was never opened")
    if entry.kind not in _CHANGES:
        raise LedgerBroken(f"entry {entry.seq} has kind {entry.kind}, which no incident knows")
    changed = _CHANGES[entry.kind](incident, entry.body)
    return changed if entry.kind == kinds.COMMENTED else replace(changed, changed_at=entry.at)


def open_problems(incidents: Sequence[Incident]) -> list[Incident]:
    """Unresolved incidents that count: a consequence does not while the incident it follows from is unresolved."""
    unresolved = [i for i in incidents if i.state != IncidentState.RESOLVED]
    followed = {consequence for i in unresolved for consequence in i.consequences}
    return [i for i in unresolved if i.id not in followed]


def severity_of(problem: Incident, incidents: Sequence[Incident]) -> Severity:
    """How bad a problem is: as bad as the worst of it and of the unresolved incidents that follow from it."""
    following = [i for i in incidents if i.id in problem.consequences and i.state != IncidentState.RESOLVED]
    return max((i.severity for i in (problem, *following)), key=lambda severity: severity.rank)


def _opened(entry: Entry) -> Incident:
    body = entry.body
    return Incident(
        id=entry.subject,
        fingerprint=body["fingerprint"],
        episode=body["episode"],
        model=body["model"],
        monitor=body["monitor"],
        cause=body["cause"],
        severity=Severity(body["severity"]),
        state=IncidentState.OPEN,
        resolution=None,
        title=body["title"],
        opened_at=entry.at,
        changed_at=entry.at,
        first_window=window_from("first_window", body),
        last_window=window_from("last_window", body),
        findings=tuple(finding_from(finding) for finding in body["findings"]),
        suspects=suspects_from(body["suspects"]),
    )


def _told_again(incident: Incident, body: dict[str, Any]) -> Incident:
    return replace(
        incident,
        severity=Severity(body["severity"]),
        title=body["title"],
        first_window=window_from("first_window", body),
        last_window=window_from("last_window", body),
        findings=tuple(finding_from(finding) for finding in body["findings"]),
        suspects=suspects_from(body["suspects"]),
    )


def _followed(incident: Incident, body: dict[str, Any]) -> Incident:
    known = incident.consequences
    return incident if body["consequence"] in known else replace(incident, consequences=(*known, body["consequence"]))


def _recovered(incident: Incident, body: dict[str, Any]) -> Incident:
    return _closed(_told_again(incident, body), Resolution.RECOVERED)


def _corrected(incident: Incident, _: dict[str, Any]) -> Incident:
    return _closed(incident, Resolution.CORRECTED)


def _resolved(incident: Incident, body: dict[str, Any]) -> Incident:
    return _closed(incident, Resolution(body["as"]))


def _closed(incident: Incident, resolution: Resolution) -> Incident:
    return replace(incident, state=IncidentState.RESOLVED, resolution=resolution)


def _reopened(incident: Incident, body: dict[str, Any]) -> Incident:
    told = _told_again(incident, body) if "findings" in body else incident
    return replace(told, state=IncidentState.OPEN, resolution=None)


def _acknowledged(incident: Incident, _: dict[str, Any]) -> Incident:
    return replace(incident, state=IncidentState.ACKNOWLEDGED)


def _assigned(incident: Incident, body: dict[str, Any]) -> Incident:
    return replace(incident, owner=body["owner"])


def _commented(incident: Incident, _: dict[str, Any]) -> Incident:
    return incident


_CHANGES: dict[str, Callable[[Incident, dict[str, Any]], Incident]] = {
    kinds.UPDATED: _told_again,
    kinds.CONSEQUENCE: _followed,
    kinds.RECOVERED: _recovered,
    kinds.CORRECTED: _corrected,
    kinds.REOPENED: _reopened,
    kinds.ACKNOWLEDGED: _acknowledged,
    kinds.RESOLVED: _resolved,
    kinds.ASSIGNED: _assigned,
    kinds.COMMENTED: _commented,
}
