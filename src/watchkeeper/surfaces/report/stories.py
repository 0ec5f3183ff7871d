"""Each incident as the page tells it: one sentence, the strongest findings, the chart of the strongest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from watchkeeper.charts import numbers
from watchkeeper.surfaces.report.model import Row, Story, Watched
from watchkeeper.surfaces.report.panels import chart, of_column, where
from watchkeeper.surfaces.report.series import Drawn, Key
from watchkeeper.terms import ANY_VERSION, Finding, Incident, IncidentState, PointKey, Segment, Severity, Window

_MOST = 4
"""Findings that are listed; the rest are counted."""


def stories(watched: Watched, series: Mapping[Key, Drawn], deployments: Sequence[tuple[Window, str]]) -> list[Story]:
    """Unresolved incidents first, then the more severe, then the stronger."""
    ordered = sorted(watched.incidents, key=_rank)
    return [_story(incident, watched, series, deployments) for incident in ordered]


def told_points(incidents: Sequence[Incident]) -> list[PointKey]:
    """The series that the incidents' charts show."""
    return [_strongest(incident)[0].point for incident in incidents if incident.findings]


def _rank(incident: Incident) -> tuple[object, ...]:
    strongest = max((f.effect for f in incident.findings), default=0.0)
    resolved = incident.state is IncidentState.RESOLVED
    return resolved, -incident.severity.rank, -strongest, incident.first_window, incident.id


def _strongest(incident: Incident) -> list[Finding]:
    """One finding a series of a column: where the cause lies if it is beyond there, else the strongest; by effect."""
    order = sorted(incident.findings, key=lambda f: -f.effect)
    effect = {_what(f): f.effect for f in reversed(order)}
    placed = sorted(order, key=lambda f: not _is_where(incident.cause, f))
    one = {_what(f): f for f in reversed(placed)}
    return sorted(one.values(), key=lambda f: -effect[_what(f)])


def _is_where(cause: str, finding: Finding) -> bool:
    """Whether a finding is about just the rows that the cause names: a segment, a version, or all."""
    kind, _, place = cause.partition(":")
    version = place if kind == "version" else ANY_VERSION
    segment = Segment(*place.split("=", 1)) if kind == "segment" and "=" in place else Segment()
    return finding.point.model_version == version and finding.point.segment == segment


def _what(finding: Finding) -> tuple[str, str]:
    return finding.point.metric, finding.point.column


def _story(
    incident: Incident, watched: Watched, series: Mapping[Key, Drawn], deployments: Sequence[tuple[Window, str]]
) -> Story:
    findings = _strongest(incident)
    slices = Counter(map(_what, incident.findings))
    shown = next((series[key] for f in findings if (key := _key(f)) in series), None)
    told = chart(shown, watched, deployments) if shown is not None else None
    unresolved = incident.state is not IncidentState.RESOLVED
    return Story(
        id=incident.id,
        sentence=watched.sentences.get(incident.id, incident.title),
        state=_state(incident),
        tone=_tone(incident),
        unresolved=unresolved,
        facts=_facts(incident),
        caption=_caption(len(findings)),
        findings=[_row(f, slices[_what(f)] - 1, watched) for f in findings[:_MOST]],
        chart=told.svg if told else "",
        chart_caption=told.sentence if told else "",
    )


def _key(finding: Finding) -> Key:
    p = finding.point
    length = p.window.end - p.window.start
    return Key(p.metric, p.column, p.model_version, p.segment.key, p.segment.value, p.baseline, length)


def _state(incident: Incident) -> str:
    resolution = f": {incident.resolution}" if incident.resolution is not None else ""
    return f"{incident.severity} {incident.state}{resolution}".capitalize()


def _tone(incident: Incident) -> str:
    if incident.state is IncidentState.RESOLVED:
        return "ok"
    return "breach" if incident.severity is Severity.CRITICAL else "warning"


def _facts(incident: Incident) -> list[str]:
    facts = [
        f"first beyond {_window(incident.first_window)}",
        f"opened {numbers.minute(incident.opened_at)}",
        f"incident {incident.id}",
    ]
    if incident.state is IncidentState.RESOLVED:
        facts.insert(1, f"last beyond {_window(incident.last_window)}")
    if incident.consequences:
        facts.append(f"followed by {', '.join(incident.consequences)}")
    if incident.owner:
        facts.append(f"owner {incident.owner}")
    facts += [f"with it {name} ({numbers.percent(share)} of the effect)" for name, share in incident.suspects[:3]]
    return facts


def _window(window: Window) -> str:
    if window.end - window.start == timedelta(days=1):
        return numbers.date(window.start)
    last = window.end - timedelta(microseconds=1)
    first = str(window.start.day) if (window.start.year, window.start.month) == (last.year, last.month) else None
    return f"{first or numbers.day(window.start)}{numbers.DASH}{numbers.date(last)}"


def _caption(findings: int) -> str:
    if findings <= _MOST:
        return ""
    return f"The {_MOST} strongest of {findings} that are beyond their limits"


def _row(finding: Finding, others: int, watched: Watched) -> Row:
    point = finding.point
    unit = watched.unit(point.metric, point.column)
    place = where(point.model_version, point.segment.key, point.segment.value, everywhere="all rows")
    what = of_column(point.metric, point.column)
    return Row(
        what=what,
        where=place + (f" and {others} more" if others else ""),
        now=numbers.amount(finding.value, unit),
        baseline=numbers.amount(finding.baseline_value, unit),
        limit=numbers.amount(finding.limit, unit),
    )
