from __future__ import annotations

import pytest
from tests.incidents.build import Ledger, series, verdicts

from watchkeeper.errors import Faulty
from watchkeeper.incidents import actions
from watchkeeper.terms import IncidentState, Resolution


@pytest.fixture
def ledger():
    ledger = Ledger()
    ledger.run(verdicts(series("..wB")), day=4)
    return ledger


def the(ledger):
    [incident] = ledger.incidents
    return incident


def test_an_incident_is_acknowledged_assigned_commented_resolved_and_reopened(ledger):
    ledger.act(actions.acknowledge(the(ledger), "on it"), day=4)
    assert the(ledger).state is IncidentState.ACKNOWLEDGED
    ledger.act(actions.assign(the(ledger), "lena"), day=4)
    assert the(ledger).owner == "lena"
    ledger.act(actions.comment(the(ledger), "a new feed"), day=5)
    ledger.act(actions.resolve(the(ledger), "confirmed", "the feed was wrong"), day=6)
    assert (the(ledger).state, the(ledger).resolution) == (IncidentState.RESOLVED, Resolution.CONFIRMED)
    ledger.act(actions.comment(the(ledger), "closed too early"), day=6)
    ledger.act(actions.reopen(the(ledger), "still there"), day=7)
    assert (the(ledger).state, the(ledger).resolution) == (IncidentState.OPEN, None)
    assert ledger.kinds == [
        "opened", "acknowledged", "assigned", "commented", "resolved", "commented", "reopened",
    ]  # fmt: skip


def test_what_was_said_is_in_the_entry(ledger):
    ledger.act(actions.resolve(the(ledger), Resolution.DISMISSED, " a campaign "), day=4)
    assert ledger.entries[-1].body == {"as": "dismissed", "reason": "a campaign"}


def test_a_resolved_incident_takes_no_action_but_comment_and_reopen(ledger):
    ledger.act(actions.resolve(the(ledger), "dismissed", "a campaign"), day=4)
    for act in (
        lambda: actions.acknowledge(the(ledger), "on it"),
        lambda: actions.resolve(the(ledger), "confirmed", "no"),
        lambda: actions.assign(the(ledger), "lena"),
    ):
        with pytest.raises(Faulty, match=r"is already resolved \(dismissed, 2026-02-06T12:00:00Z\).*Reopen it"):
            act()


def test_an_acknowledged_incident_is_not_acknowledged_again(ledger):
    ledger.act(actions.acknowledge(the(ledger), "on it"), day=4)
    with pytest.raises(Faulty, match="already acknowledged"):
        actions.acknowledge(the(ledger), "me too")


def test_an_open_incident_is_not_reopened(ledger):
    with pytest.raises(Faulty, match="is open, not resolved"):
        actions.reopen(the(ledger), "again")


@pytest.mark.parametrize("resolution", ["recovered", "corrected", "closed"])
def test_people_cannot_resolve_as_what_only_a_run_finds(ledger, resolution):
    with pytest.raises(Faulty, match="confirmed or dismissed"):
        actions.resolve(the(ledger), resolution, "x")


def test_it_is_not_assigned_twice_to_the_same_person(ledger):
    ledger.act(actions.assign(the(ledger), "lena"), day=4)
    with pytest.raises(Faulty, match="already assigned to lena"):
        actions.assign(the(ledger), "lena")


def test_all_faults_come_at_once(ledger):
    with pytest.raises(Faulty) as caught:
        actions.resolve(the(ledger), "closed", "  ")
    assert [fault.code for fault in caught.value.faults] == ["E601", "E601"]


def test_a_double_click_is_one_entry_and_the_same_words_later_are_another(ledger):
    first, second = actions.comment(the(ledger), "hm"), actions.comment(the(ledger), "hm")
    assert first.key == second.key
    ledger.act(actions.acknowledge(the(ledger), "on it"), day=5)
    assert actions.comment(the(ledger), "hm").key != first.key
