from __future__ import annotations

import pytest
from tests.surfaces import bank


@pytest.fixture
def one(ask, watched):
    (incident,) = ask("-C", watched, "incidents", "list", "--json").data["items"]
    return incident["id"]


def _do(ask, watched, *words):
    return ask("-C", watched, "--json", "incidents", *words)


def test_a_list_has_two_lines_an_incident(ask, watched, one):
    said = ask("-C", watched, "incidents", "list").out.splitlines()
    assert said[0].split() == [one, "warning", "open"]
    assert said[1].strip().startswith("income looks like a change of unit")


def test_an_incident_is_acknowledged_assigned_resolved_and_reopened(ask, watched, one):
    assert _do(ask, watched, "acknowledge", one, "--note", "on it").data["state"] == "acknowledged"
    assert _do(ask, watched, "assign", one, "ana@bank.example").data["owner"] == "ana@bank.example"
    resolved = _do(ask, watched, "resolve", one, "--as", "confirmed", "--reason", "unit mended").data
    assert (resolved["state"], resolved["resolution"]) == ("resolved", "confirmed")
    reopened = _do(ask, watched, "reopen", one, "--reason", "it is back").data
    assert (reopened["state"], reopened["resolution"]) == ("open", None)
    assert len(reopened["entries"]) >= 5


def test_a_comment_sent_twice_is_one_entry(ask, watched, one):
    first = _do(ask, watched, "comment", one, "only batch requests").data
    assert _do(ask, watched, "comment", one, "only batch requests").data == first


def test_who_acts_is_taken_from_the_environment(ask, watched, one, monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_ACTOR", "ana")
    _do(ask, watched, "comment", one, "hello")
    (entry,) = ask("-C", watched, "--json", "ledger", "list", "--kind", "incident.commented").data["items"]
    assert (entry["actor"], entry["actor_kind"]) == ("ana", "person")


def test_a_given_clock_is_recorded_in_the_entry(ask, watched, one):
    _do(ask, watched, "comment", one, "later", "--now", "2026-10-14")
    (entry,) = ask("-C", watched, "--json", "ledger", "list", "--kind", "incident.commented").data["items"]
    assert (entry["at"], entry["body"]["clock"]) == ("2026-10-14T00:00:00Z", "given")


def test_an_action_that_makes_no_sense_is_refused_with_its_fix(ask, watched, one):
    said = _do(ask, watched, "reopen", one, "--reason", "why not")
    assert (said.code, said.envelope["errors"][0]["code"]) == (2, "E601")
    assert said.envelope["errors"][0]["fix"]


def test_an_unknown_id_says_how_to_find_one(ask, watched):
    said = ask("-C", watched, "incidents", "show", "zzz")
    assert (said.code, said.err) == (2, "no incident 'zzz'. `watchkeeper incidents list` shows all.  [E602]\n")


def test_the_page_tells_the_story_of_one_incident(ask, watched, one):
    said = ask("-C", watched, "incidents", "show", one, "--now", bank.NOW).out
    assert said.startswith(one)
    for word in ("column:income of credit", "BEYOND ITS LIMIT", "mean of income", "opened by watchkeeper"):
        assert word in said
    assert max(map(len, said.splitlines())) <= 100


def test_a_list_is_narrowed(ask, watched, one):
    assert _do(ask, watched, "list", "--state", "resolved").data["items"] == []
    assert _do(ask, watched, "list", "--severity", "warning").data["items"][0]["id"] == one
    assert _do(ask, watched, "list", "--monitor", "other").data["items"] == []
