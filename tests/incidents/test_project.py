from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from tests.incidents.build import START, Ledger, series, verdicts

from watchkeeper.errors import LedgerBroken
from watchkeeper.incidents import actions
from watchkeeper.incidents.project import fold, open_problems, severity_of
from watchkeeper.terms import Entry, IncidentState, Severity


@pytest.fixture
def ledger():
    ledger = Ledger()
    ledger.run(verdicts(series("wB....."), series("..wBBBB", "debt"), series("...wBBB", "score")), day=7)
    return ledger


def test_incidents_come_in_the_order_they_were_opened(ledger):
    assert [incident.cause for incident in ledger.incidents] == ["column:age", "column:debt", "model"]
    assert [incident.state for incident in ledger.incidents] == ["resolved", "open", "open"]


def test_entries_of_other_kinds_are_passed_over(ledger):
    other = Entry(0, START, "run", "run", "monitor.created", "credit", "x")
    assert fold([other, *ledger.entries]) == ledger.incidents


def test_no_entries_are_no_incidents():
    assert fold([]) == []


def test_a_prefix_of_the_ledger_is_the_state_of_that_time(ledger):
    assert [i.state for i in fold(ledger.entries[:1])] == [IncidentState.OPEN]


def test_an_incident_that_was_never_opened_is_a_broken_ledger(ledger):
    with pytest.raises(LedgerBroken, match="never opened"):
        fold(ledger.entries[-1:])


def test_an_unknown_kind_is_a_broken_ledger(ledger):
    with pytest.raises(LedgerBroken, match=r"incident\.vanished"):
        fold(
            [*ledger.entries, replace(ledger.entries[-1], kind="incident.vanished", subject=ledger.entries[0].subject)]
        )


def test_a_comment_changes_no_time_and_an_assignment_does(ledger):
    before: datetime = ledger.incidents[1].changed_at
    ledger.act(actions.comment(ledger.incidents[1], "hm"), day=9)
    assert ledger.incidents[1].changed_at == before
    ledger.act(actions.assign(ledger.incidents[1], "lena"), day=9)
    assert ledger.incidents[1].changed_at > before


def test_a_consequence_counts_only_when_what_it_follows_from_is_resolved(ledger):
    column, other, model = ledger.incidents
    assert column.consequences == (model.id,)
    assert open_problems([column, other, model]) == [other, model]
    assert open_problems([replace(column, state=IncidentState.OPEN), model]) == [
        replace(column, state=IncidentState.OPEN)
    ]


def test_a_problem_is_as_bad_as_the_worst_that_follows_from_it():
    ledger = Ledger()
    ledger.run(verdicts(series("..wBBBB", "debt"), series("...wBBB", "score", severity="critical")), day=7)
    [problem] = open_problems(ledger.incidents)
    assert (problem.cause, problem.severity) == ("column:debt", Severity.WARNING)
    assert severity_of(problem, ledger.incidents) is Severity.CRITICAL
    assert severity_of(problem, [problem]) is Severity.WARNING
