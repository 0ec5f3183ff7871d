"""Each incident as the page tells it: one sentence, the strongest findings, the chart of the strongest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from watchkeeper.charts import numbers
from watchkeeper.surfaces.report.model import Row, Story, Watched
from watchkeeper.surfaces.report.panels import chart, metric_words, where
from watchkeeper.surfaces.report.series import Drawn, Key
from watchkeeper.terms import Finding, Incident, IncidentState, Severity, Window

_MOST = 6
"""Findings that are listed; the rest are counted."""


def stories(watched: Watched, series: Mapping[Key, Drawn], deployments: Sequence[tuple[Window, str]]) -> list[Story]:
    """Unresolved incidents first, then by severity and age."""
    ordered = sorted(
        watched.incidents, key=lambda i: (i.state is IncidentState.RESOLVED, -i.severity.rank, i.first_window, i.id)
    )
    return [_story(incident, watched, series, deployments) for incident in ordered]


def _story(
    incident: Incident, watched: Watched, series: Mapping[Key, Drawn], deployments: Sequence[tuple[Window, str]]
) -> Story:
    findings = sorted(incident.findings, key=lambda f: -f.effect)
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
        findings=[_row(f, watched) for f in findings[:_MOST]],
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
        f"cause {incident.cause}",
        f"first seen in {_window(incident.first_window)}",
        f"opened {numbers.minute(incident.opened_at)}",
        f"incident {incident.id}",
    ]
    if incident.owner:
        facts.append(f"owner {incident.owner}")
    facts += [f"with it {name} ({numbers.percent(share)} of the effect)" for name, share in incident.suspects[:3]]
    return facts


def _window(window: Window) -> str:
    if window.end - window.start == timedelta(days=1):
        return f"the day of {numbers.date(window.start)}"
    last = window.end - timedelta(microseconds=1)
    return f"{numbers.day(window.start)}{numbers.DASH}{numbers.date(last)}"


def _caption(findings: int) -> str:
    if findings <= _MOST:
        return "What was beyond its limit, strongest first"
    return f"The {_MOST} strongest of {findings} findings"


def _row(finding: Finding, watched: Watched) -> Row:
    point = finding.point
    unit = watched.units.get(point.metric.partition("@")[0], "")
    what = metric_words(point.metric) + (f" of {point.column}" if point.column else "")
    return Row(
        what=what,
        where=where(point.model_version, point.segment.key, point.segment.value, everywhere="all rows"),
        now=numbers.amount(finding.value, unit),
        baseline=numbers.amount(finding.baseline_value, unit),
        limit=numbers.amount(finding.limit, unit),
    )
