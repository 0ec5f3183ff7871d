"""An entry that is not yet in the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from watchkeeper.terms import Severity

OPENED = "incident.opened"
UPDATED = "incident.updated"
CONSEQUENCE = "incident.consequence"
RECOVERED = "incident.recovered"
CORRECTED = "incident.corrected"
REOPENED = "incident.reopened"
ACKNOWLEDGED = "incident.acknowledged"
RESOLVED = "incident.resolved"
ASSIGNED = "incident.assigned"
COMMENTED = "incident.commented"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be appended to the ledger; the store adds number, time, actor and hash.

    ``subject`` is the id of the incident. ``key`` is unique in the ledger: a draft whose key is there already says
    nothing new and is dropped. ``body`` is plain JSON without NaN.
    """

    kind: str
    subject: str
    key: str
    body: dict[str, Any] = field(default_factory=dict)
    severity: Severity = Severity.INFO
