"""From a project to its summary: the newest verdict of every series, and what the unresolved incidents say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.charts import numbers
from watchkeeper.run.result import RunResult
from watchkeeper.run.state import MonitorState
from watchkeeper.schemas import SERIES_KEY
from watchkeeper.surfaces.api import Project
from watchkeeper.surfaces.cli.words import place, quantity
from watchkeeper.surfaces.summary.model import Case, CaseOutcome, Suite, Summary
from watchkeeper.terms import Finding, Incident, IncidentState, Outcome, Severity, Why

RUN = "run"
"""Name of the case that says whether a monitor could be run."""
_Measure = tuple[str, str]
"""Metric identity and column."""


def summarise(
    project: Project,
    monitors: Sequence[str],
    results: Mapping[str, RunResult],
    least: Severity = Severity.INFO,
) -> Summary:
    """How the monitors stand.

    Args:
        project: after the run that is summarised, if there was one.
        monitors: their names.
        results: what a run has just said, by monitor.
        least: incidents less severe than this fail nothing.
    """
    unresolved = [one for one in project.incidents() if one.state is not IncidentState.RESOLVED]
    suites = tuple(
        _suite(project, state, results.get(state.monitor), [i for i in unresolved if i.monitor == state.monitor], least)
        for state in project.status(monitors)
    )
    return Summary(project.name, project.place.now, least, suites)


def _suite(
    project: Project, state: MonitorState, result: RunResult | None, incidents: list[Incident], least: Severity
) -> Suite:
    measured = _outcomes(project.verdicts(state.monitor))
    failed = _failed([one for one in incidents if one.severity.rank >= least.rank])
    cases = [_case(measure, measured.get(measure, set()), failed.get(measure)) for measure in _named(measured, failed)]
    seconds = 0.0 if result is None else result.seconds
    return Suite(state.monitor, state.state, seconds, _about(state), (_ran(state, result), *cases), tuple(incidents))


def _named(*measures: Mapping[_Measure, object]) -> list[_Measure]:
    return sorted({measure for each in measures for measure in each}, key=lambda measure: (measure[1], measure[0]))


def _ran(state: MonitorState, result: RunResult | None) -> Case:
    if result is not None and result.error is not None:
        return Case(RUN, CaseOutcome.ERROR, result.error)
    if state.state == "failed":
        return Case(RUN, CaseOutcome.ERROR, "its last run failed")
    if state.state == "stale":
        return Case(RUN, CaseOutcome.SKIPPED, "windows that are due have waited for more than two windows")
    return Case(RUN)


def _outcomes(verdicts: pa.Table) -> dict[_Measure, set[tuple[str, str]]]:
    """Outcome and reason of the newest verdict of every series on a window that is over, by metric and column."""
    series = ["rule", *SERIES_KEY]
    over = verdicts.filter(pc.not_equal(verdicts["why"], Why.WINDOW_OPEN.value))
    ordered = over.sort_by([("window_start", "descending")])
    newest = ordered.group_by(series, use_threads=False).aggregate([("outcome", "first"), ("why", "first")])
    met: dict[_Measure, set[tuple[str, str]]] = {}
    for row in newest.to_pylist():
        met.setdefault((row["metric"], row["column"]), set()).add((row["outcome_first"], row["why_first"]))
    return met


def _failed(incidents: Sequence[Incident]) -> dict[_Measure, list[tuple[Incident, Finding]]]:
    failed: dict[_Measure, list[tuple[Incident, Finding]]] = {}
    for incident in incidents:
        for finding in sorted(incident.findings, key=lambda one: -one.effect):
            failed.setdefault((finding.point.metric, finding.point.column), []).append((incident, finding))
    return failed


def _case(measure: _Measure, outcomes: set[tuple[str, str]], failed: Sequence[tuple[Incident, Finding]] | None) -> Case:
    name = quantity(*measure)
    if failed:
        titles = dict.fromkeys(f"{incident.severity.value}: {incident.title}" for incident, _ in failed)
        lines = [f"incident {incident.id}: {finding_line(finding)}" for incident, finding in failed]
        return Case(name, CaseOutcome.FAILED, "; ".join(titles), tuple(lines))
    if {outcome for outcome, _ in outcomes} == {Outcome.NOT_JUDGED.value}:
        reasons = sorted({why.replace("_", " ") for _, why in outcomes})
        return Case(name, CaseOutcome.SKIPPED, f"not judged: {', '.join(reasons)}")
    return Case(name)


def finding_line(finding: Finding) -> str:
    """Where, how much against what, and since when, in a line."""
    point = finding.point
    where = place(point.model_version, point.segment.key, point.segment.value)
    told = {"value": finding.value, "baseline": finding.baseline_value, "limit": finding.limit}
    said = ", ".join(f"{name} {numbers.number(value)}" for name, value in told.items() if value is not None)
    return f"{where}: {said or 'no value'}, since {finding.first.start:%Y-%m-%d %H:%M} UTC ({finding.rule})"


def _about(state: MonitorState) -> dict[str, str]:
    counts = [(severity.value, state.open_incidents.get(severity.value, 0)) for severity in reversed(Severity)]
    unresolved = ", ".join(f"{count} {name}" for name, count in counts if count)
    judged = None if state.last_final_window is None else state.last_final_window.end
    moments = {"last run": state.last_run, "newest event": state.last_event, "judged to": judged}
    told = {name: "never" if at is None else f"{at:%Y-%m-%d %H:%M} UTC" for name, at in moments.items()}
    return {"model": state.model, "state": state.state, "unresolved incidents": unresolved or "none", **told}
