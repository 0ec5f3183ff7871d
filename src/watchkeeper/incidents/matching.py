"""Which incident already tells of a spell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from watchkeeper.incidents.spells import History, Series, Spell, series_of
from watchkeeper.terms import Finding, Incident

Name = tuple[Series, datetime]
"""A spell by its series and the moment it began."""


def name_of(spell: Spell) -> Name:
    return spell.series, spell.began


def owners(incidents: Iterable[Incident], histories: Mapping[Series, History]) -> dict[Name, str]:
    """From each spell that a finding of an incident overlaps to that incident, the latest episode first."""
    owner: dict[Name, str] = {}
    for incident in sorted(incidents, key=lambda i: -i.episode):
        for finding in incident.findings:
            for spell in overlapping(finding, histories):
                owner.setdefault(name_of(spell), incident.id)
    return owner


def overlapping(finding: Finding, histories: Mapping[Series, History]) -> list[Spell]:
    """The spells of the finding's own series that share time with it."""
    history = histories.get(series_of(finding))
    if history is None:
        return []
    return [s for s in history.spells if s.first.start < finding.last.end and s.last.end > finding.first.start]


def is_gone(finding: Finding, histories: Mapping[Series, History]) -> bool:
    """Whether the finding's windows have verdicts, and none of them is a breach any more.

    A finding whose windows have no verdicts at all (of another monitor, say) is not gone: nothing speaks against it.
    """
    history = histories.get(series_of(finding))
    if history is None or overlapping(finding, histories):
        return False
    return all(window.start in history.covered for window in finding.evidence or (finding.last,))
