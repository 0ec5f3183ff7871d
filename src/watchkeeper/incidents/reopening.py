"""Whether a breach after the end of an incident reopens it, and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from watchkeeper.incidents.cause import length
from watchkeeper.incidents.spells import RECOVERED_AFTER
from watchkeeper.terms import Finding, Incident, Resolution, Window

REOPENS_WITHIN = timedelta(days=7)
_BY_PEOPLE = (Resolution.CONFIRMED, Resolution.DISMISSED)


class Fate(StrEnum):
    """What becomes of a breach whose problem is known and resolved."""

    REOPENS = "a new breach within 7 days of the resolution"
    NEW_EPISODE = "a new breach later than 7 days after the resolution"
    BELONGS = "lies before the recovery: it belongs to the incident and does not reopen it"
    DECIDED = "people have decided about this breach"


def fate(incident: Incident, finding: Finding, at: datetime, *, resolved: datetime, now: datetime) -> Fate:
    """What a breach completed at ``at`` means for a resolved incident of the same fingerprint.

    After a recovery only evidence later than all evidence of the incident reopens it. After a decision by people
    the same matter (metric, column, version, segment) reopens it only if it began after the decision; a breach of
    another matter is news to them. After a correction the time of the run counts, since that is when the evidence
    changed.
    """
    if incident.resolution in _BY_PEOPLE:
        decided = _matter(finding) in {_matter(f) for f in incident.findings}
        if decided and finding.first.start < resolved:
            return Fate.DECIDED
        return _by_time(at, resolved)
    if incident.resolution == Resolution.RECOVERED and not is_fresh(incident, (finding,)):
        within = finding.last.end + REOPENS_WITHIN >= incident.first_window.start
        return Fate.BELONGS if within else Fate.NEW_EPISODE
    return _by_time(now if incident.resolution == Resolution.CORRECTED else at, resolved)


def is_fresh(incident: Incident, findings: Iterable[Finding]) -> bool:
    """Whether some evidence ends after the last window of its length that the incident tells of, and after the rest."""
    told_until = max(finding.last.end for finding in incident.findings)
    return any(_is_later(window, told_until, incident) for f in findings for window in (*f.evidence, f.last))


def _is_later(window: Window, told_until: datetime, incident: Incident) -> bool:
    """Windows of one length that overlap tell of the same rows; a longer one that ends later tells of more."""
    longer = all(window.end - window.start > finding.last.end - finding.last.start for finding in incident.findings)
    return window.end > told_until if longer else window.start >= told_until


def recovery_of(incident: Incident) -> datetime:
    """The earliest moment it can have recovered: three windows after its last evidence."""
    return max(finding.last.end + RECOVERED_AFTER * length(finding) for finding in incident.findings)


def _by_time(at: datetime, resolved: datetime) -> Fate:
    return Fate.REOPENS if at - resolved <= REOPENS_WITHIN else Fate.NEW_EPISODE


def _matter(finding: Finding) -> tuple[object, ...]:
    point = finding.point
    return point.metric, point.column, point.model_version, point.segment
