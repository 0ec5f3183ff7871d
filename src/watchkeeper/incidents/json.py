"""Findings and incidents as the JSON that people, the console and the ledger read, and back.

A window is named by its start; its end stands beside it under ``…_end``, so that nothing is lost on the way back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watchkeeper.terms import (
    Finding,
    Incident,
    IncidentState,
    PointKey,
    Resolution,
    Segment,
    Severity,
    Window,
)


def time_json(at: datetime) -> str:
    """RFC 3339 in UTC; fractions only where there are any.

    >>> time_json(datetime(2026, 2, 3, tzinfo=UTC))
    '2026-02-03T00:00:00Z'
    """
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def time_from(text: str) -> datetime:
    """The UTC time that an RFC 3339 text names."""
    return datetime.fromisoformat(text).astimezone(UTC)


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as plain JSON."""
    point = finding.point
    return {
        "rule": finding.rule,
        "monitor": point.monitor,
        "metric": point.metric,
        "column": point.column,
        "model_version": point.model_version,
        "segment_key": point.segment.key,
        "segment_value": point.segment.value,
        "baseline": point.baseline,
        "window": _span(point.window),
        **window_json("first_window", finding.first),
        **window_json("last_window", finding.last),
        "value": finding.value,
        "baseline_value": finding.baseline_value,
        "limit": finding.limit,
        "severity": finding.severity.value,
        "effect": finding.effect,
        "evidence": [_span(window) for window in finding.evidence],
    }


def finding_from(body: Mapping[str, Any]) -> Finding:
    """The finding that ``finding_json`` wrote."""
    point = PointKey(
        monitor=body["monitor"],
        metric=body["metric"],
        column=body["column"],
        model_version=body["model_version"],
        segment=Segment(body["segment_key"], body["segment_value"]),
        window=_window(body["window"]),
        baseline=body["baseline"],
    )
    return Finding(
        rule=body["rule"],
        point=point,
        first=window_from("first_window", body),
        last=window_from("last_window", body),
        value=body["value"],
        baseline_value=body["baseline_value"],
        limit=body["limit"],
        severity=Severity(body["severity"]),
        effect=float(body["effect"]),
        evidence=tuple(_window(span) for span in body["evidence"]),
    )


def incident_json(incident: Incident, entries: Sequence[int] = ()) -> dict[str, Any]:
    """An incident as plain JSON; ``entries`` are the numbers of its ledger entries."""
    return {
        "id": incident.id,
        "fingerprint": incident.fingerprint,
        "episode": incident.episode,
        "model": incident.model,
        "monitor": incident.monitor,
        "cause": incident.cause,
        "severity": incident.severity.value,
        "state": incident.state.value,
        "resolution": None if incident.resolution is None else incident.resolution.value,
        "title": incident.title,
        "opened_at": time_json(incident.opened_at),
        "changed_at": time_json(incident.changed_at),
        **window_json("first_window", incident.first_window),
        **window_json("last_window", incident.last_window),
        "owner": incident.owner,
        "findings": [finding_json(finding) for finding in incident.findings],
        "suspects": suspects_json(incident.suspects),
        "consequences": list(incident.consequences),
        "entries": list(entries),
    }


def incident_from(body: Mapping[str, Any]) -> Incident:
    """The incident that ``incident_json`` wrote; its list of entries is the ledger's."""
    return Incident(
        id=body["id"],
        fingerprint=body["fingerprint"],
        episode=body["episode"],
        model=body["model"],
        monitor=body["monitor"],
        cause=body["cause"],
        severity=Severity(body["severity"]),
        state=IncidentState(body["state"]),
        resolution=None if body["resolution"] is None else Resolution(body["resolution"]),
        title=body["title"],
        opened_at=time_from(body["opened_at"]),
        changed_at=time_from(body["changed_at"]),
        first_window=window_from("first_window", body),
        last_window=window_from("last_window", body),
        findings=tuple(finding_from(finding) for finding in body["findings"]),
        suspects=suspects_from(body["suspects"]),
        consequences=tuple(body["consequences"]),
        owner=body["owner"],
    )


def window_json(name: str, window: Window) -> dict[str, str]:
    """A window under ``name``, its end under ``name_end``."""
    return {name: time_json(window.start), f"{name}_end": time_json(window.end)}


def window_from(name: str, body: Mapping[str, Any]) -> Window:
    """The window that ``window_json`` wrote."""
    return Window(time_from(body[name]), time_from(body[f"{name}_end"]))


def suspects_json(suspects: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"name": name, "share": share} for name, share in suspects]


def suspects_from(body: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, float], ...]:
    return tuple((suspect["name"], float(suspect["share"])) for suspect in body)


def _span(window: Window) -> list[str]:
    return [time_json(window.start), time_json(window.end)]


def _window(span: Sequence[str]) -> Window:
    return Window(time_from(span[0]), time_from(span[1]))
