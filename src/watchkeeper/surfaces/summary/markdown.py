"""A summary as Markdown, for the page of a job: what failed first, then how every monitor stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from watchkeeper.surfaces.cli.screen import counted
from watchkeeper.surfaces.cli.words import quantity
from watchkeeper.surfaces.summary.collect import finding_line
from watchkeeper.surfaces.summary.model import CaseOutcome, Suite, Summary
from watchkeeper.terms import Incident

_MEANT = re.compile(r"[\\`*_\[\]<>|~@&$#!{}]")
_LINK = re.compile(r"(://|\bwww\.)", re.IGNORECASE)
_SHOWN = 5
"""Findings of an incident that are listed; the others are counted."""


def markdown(summary: Summary) -> str:
    """The page; text of other origin is escaped, so that it stays text."""
    heading = f"# Watchkeeper: {escaped(summary.project)}"
    lines = [heading, "", f"As of {summary.at:%Y-%m-%d %H:%M} UTC: {_verdict(summary)}.", ""]
    head = ["monitor", "state", "judged to", "unresolved incidents", "failed", "not judged", "passed"]
    lines += [*_table(head, [_row(suite) for suite in summary.suites])]
    lines += [line for suite in summary.suites for line in _problems(suite)]
    return "\n".join(lines) + "\n"


def _verdict(summary: Summary) -> str:
    errors, failed = summary.count(CaseOutcome.ERROR), summary.count(CaseOutcome.FAILED)
    said = [f"**{errors} of {counted(len(summary.suites), 'monitor')} failed to run**"] if errors else []
    said += (
        [f"**{counted(failed, 'measure')} failed** by unresolved incidents ({summary.least.value} or worse)"]
        if failed
        else []
    )
    return ", ".join(said) or "nothing failed"


def _row(suite: Suite) -> list[str]:
    outcomes = (CaseOutcome.FAILED, CaseOutcome.SKIPPED, CaseOutcome.PASSED)
    counts = [str(suite.count(outcome)) for outcome in outcomes]
    about = [suite.about["judged to"], suite.about["unresolved incidents"]]
    return [suite.monitor, suite.state, *about, *counts]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    yield from (f"| {' | '.join(map(escaped, row))} |" for row in rows)


def _problems(suite: Suite) -> list[str]:
    errors = [f"- could not be run: {escaped(case.message)}" for case in suite.cases if case.outcome == "error"]
    incidents = [line for incident in _worst_first(suite.incidents) for line in _incident(incident)]
    if not errors and not incidents:
        return []
    return ["", f"## {escaped(suite.monitor)}", "", *errors, *incidents]


def _worst_first(incidents: Sequence[Incident]) -> list[Incident]:
    return sorted(incidents, key=lambda one: (-one.severity.rank, one.opened_at, one.id))


def _incident(incident: Incident) -> Iterator[str]:
    owner = f", {escaped(incident.owner)}" if incident.owner else ""
    yield f"- **{incident.severity.value}** {escaped(incident.title)} ({incident.id}, {incident.state.value}{owner})"
    strongest = sorted(incident.findings, key=lambda finding: -finding.effect)
    for finding in strongest[:_SHOWN]:
        measured = quantity(finding.point.metric, finding.point.column)
        yield f"  - {escaped(measured)}, {escaped(finding_line(finding))}"
    if len(strongest) > _SHOWN:
        yield f"  - and {len(strongest) - _SHOWN} more"


def escaped(text: str) -> str:
    r"""Text that Markdown, as GitHub and GitLab read it, shows as it is: no markup, link, mention or new line.

    >>> escaped("a|b <img> @all\n# see http://x")
    'a\\|b \\<img\\> \\@all \\# see http:\u200b//x'
    """
    line = " ".join(text.split())
    return _LINK.sub(lambda met: met[0].replace(":", ":\u200b").replace(".", "\u200b."), _MEANT.sub(r"\\\g<0>", line))
