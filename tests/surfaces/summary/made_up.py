"""Summaries that no run has to be made for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from watchkeeper.surfaces.summary.model import Case, CaseOutcome, Suite, Summary
from watchkeeper.terms import Finding, Incident, IncidentState, PointKey, Segment, Severity, Window

NOW = datetime(2026, 10, 13, 2, tzinfo=UTC)
DAY = Window(NOW - timedelta(days=2), NOW - timedelta(days=1))


def finding(column="income", value=0.31, limit=0.2):
    key = PointKey("credit", "psi@1", column, "*", Segment(), DAY, "fixed")
    return Finding("change@1", key, DAY, DAY, value, None, limit)


def incident(title="income moved", findings=1, owner=None):
    found = tuple(finding(value=n / 10) for n in range(1, findings + 1))
    story = ("column:income", Severity.WARNING, IncidentState.OPEN, None, title, NOW, NOW, DAY, DAY, found)
    return Incident("a1b2-1", "a1b2", 1, "credit", "credit", *story, owner=owner)


def suite(*cases, monitor="credit", incidents=()):
    about = {"model": monitor, "state": "warning", "judged to": "never", "unresolved incidents": "1 warning"}
    return Suite(monitor, "warning", 1.5, about, cases, incidents)


def summary(*suites, project="bank"):
    return Summary(project, NOW, Severity.INFO, suites)


def one_of_each(text=""):
    cases = (
        Case("run" + text, CaseOutcome.ERROR, "no table" + text),
        Case("psi of income" + text, CaseOutcome.FAILED, "income moved" + text, ("value 0.31" + text,)),
        Case("auc" + text, CaseOutcome.SKIPPED, "labels immature" + text),
        Case("mean of age" + text),
    )
    return summary(
        suite(*cases, monitor="credit" + text, incidents=(incident("income moved" + text, owner="ann" + text),)),
        suite(Case("run"), monitor="other"),
        project="bank" + text,
    )
