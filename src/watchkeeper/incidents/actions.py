"""What people do with an incident, as drafts of ledger entries; an action that makes no sense is refused with its fix.

The key of a draft is made from the action, its words and the state it was taken in: sent twice (a double click, a
retry) it is one entry, and said again after the incident has changed it is another.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from watchkeeper.errors import Fault, Faulty
from watchkeeper.incidents import draft as kinds
from watchkeeper.incidents.draft import Draft
from watchkeeper.incidents.json import time_json
from watchkeeper.terms import Incident, IncidentState, Resolution

REFUSED = "E601"
"""Code of the fault that an action on an incident cannot be taken."""
BY_PEOPLE = (Resolution.CONFIRMED, Resolution.DISMISSED)


def acknowledge(incident: Incident, note: str) -> Draft:
    """Say that somebody works on it.

    Raises:
        Faulty: it is resolved, already acknowledged, or there is no note.
    """
    faults = _unless_unresolved(incident, "acknowledge") + _without("note", note)
    if incident.state == IncidentState.ACKNOWLEDGED:
        faults.append(_fault(incident, "is already acknowledged", "Comment on it, or assign it."))
    return _drafted(incident, kinds.ACKNOWLEDGED, {"note": note.strip()}, faults)


def resolve(incident: Incident, resolution: Resolution | str, reason: str) -> Draft:
    """Close it as a person: ``confirmed`` (it was a problem) or ``dismissed`` (it was none).

    Raises:
        Faulty: it is resolved already, no reason is given, or the resolution is one that only a run can find.
    """
    faults = _unless_unresolved(incident, "resolve") + _without("reason", reason)
    if resolution not in BY_PEOPLE:
        fix = "Resolve as confirmed or dismissed; recovered and corrected are found by a run."
        faults.append(_fault(incident, f"cannot be resolved as {resolution}", fix))
    return _drafted(incident, kinds.RESOLVED, {"as": str(resolution), "reason": reason.strip()}, faults)


def assign(incident: Incident, owner: str) -> Draft:
    """Name who works on it.

    Raises:
        Faulty: it is resolved, nobody is named, or it is theirs already.
    """
    faults = _unless_unresolved(incident, "assign") + _without("owner", owner)
    if owner.strip() and incident.owner == owner.strip():
        faults.append(_fault(incident, f"is already assigned to {incident.owner}", "Name somebody else."))
    return _drafted(incident, kinds.ASSIGNED, {"owner": owner.strip()}, faults)


def comment(incident: Incident, text: str) -> Draft:
    """Add words; allowed in every state.

    Raises:
        Faulty: there are no words.
    """
    return _drafted(incident, kinds.COMMENTED, {"text": text.strip()}, _without("text", text))


def reopen(incident: Incident, reason: str) -> Draft:
    """Say that a resolved incident is not over. It recovers by itself only after a new breach has joined it.

    Raises:
        Faulty: it is not resolved, or no reason is given.
    """
    faults = _without("reason", reason)
    if incident.state != IncidentState.RESOLVED:
        faults.append(_fault(incident, f"is {incident.state}, not resolved", "Comment on it instead."))
    return _drafted(incident, kinds.REOPENED, {"reason": reason.strip()}, faults)


def _unless_unresolved(incident: Incident, action: str) -> list[Fault]:
    if incident.state != IncidentState.RESOLVED:
        return []
    how = f"is already resolved ({incident.resolution or 'no resolution'}, {time_json(incident.changed_at)})"
    return [_fault(incident, how, f"Reopen it before you {action} it.")]


def _without(name: str, text: str) -> list[Fault]:
    return [] if text.strip() else [Fault(REFUSED, f"{name} is empty", "Say why in a few words.", path=name)]


def _fault(incident: Incident, message: str, fix: str) -> Fault:
    return Fault(REFUSED, f"incident {incident.id} {message}", fix)


def _drafted(incident: Incident, kind: str, body: dict[str, Any], faults: list[Fault]) -> Draft:
    if faults:
        raise Faulty(faults)
    said = json.dumps([body, incident.state, time_json(incident.changed_at)], sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(said.encode()).hexdigest()[:16]
    return Draft(kind, incident.id, f"{incident.id}:{kind.partition('.')[2]}:{digest}", body, incident.severity)
