"""The table of incidents says what the ledger's entries amount to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from watchkeeper.errors import LedgerBroken
from watchkeeper.incidents import draft as kinds
from watchkeeper.incidents.draft import Draft
from watchkeeper.incidents.json import finding_json, suspects_json, window_json
from watchkeeper.incidents.project import fold
from watchkeeper.store import incidents, ledger
from watchkeeper.terms import Finding, IncidentState, PointKey, Segment, Window

START = datetime(2026, 2, 2, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=1))


def opened(id: str, fingerprint: str = "f1", episode: int = 1, **more: Any) -> Draft:
    key = PointKey("credit", "psi@1", "age", "*", Segment(), WINDOW, "fixed")
    finding = Finding("change@1", key, WINDOW, WINDOW, 0.9, None, 0.2, effect=2.0, evidence=(WINDOW,))
    body = {
        "fingerprint": fingerprint,
        "episode": episode,
        "model": "credit",
        "monitor": "credit",
        "cause": "column:age",
        "severity": "warning",
        "title": "age has moved",
        **window_json("first_window", WINDOW),
        **window_json("last_window", WINDOW),
        "findings": [finding_json(finding)],
        "suspects": suspects_json([("age", 0.75)]),
        **more,
    }
    return Draft(kinds.OPENED, id, f"{id}/opened", body)


def resolved(id: str) -> Draft:
    return Draft(kinds.RESOLVED, id, f"{id}/resolved", {"as": "confirmed", "reason": "a new form"})


def say(connection, *drafts):
    return ledger.append(connection, drafts, at=START, actor="ann", actor_kind="person")


def test_the_table_gives_back_the_incident_that_the_entries_tell(database):
    with database.writing() as connection:
        told = say(connection, opened("a-1"), Draft(kinds.ACKNOWLEDGED, "a-1", "a-1/ack", {"note": "looking"}))
        (changed,) = incidents.apply(connection, told)
        assert incidents.get(connection, "a-1") == changed == fold(ledger.entries(connection))[0]
    assert changed.state == IncidentState.ACKNOWLEDGED
    assert changed.findings[0].point.column == "age" and changed.suspects == (("age", 0.75),)


def test_an_entry_is_taken_in_once(database):
    consequence = Draft(kinds.CONSEQUENCE, "a-1", "a-1/c", {"consequence": "b-1"})
    with database.writing() as connection:
        told = say(connection, opened("a-1"), consequence, Draft("limit.approved", "credit", "l", {}))
        incidents.apply(connection, told)
        assert incidents.apply(connection, told) == []
        assert incidents.get(connection, "a-1").consequences == ("b-1",)


def test_the_table_can_be_made_anew_from_the_ledger(database):
    with database.writing() as connection:
        incidents.apply(connection, say(connection, opened("a-1"), resolved("a-1"), opened("b-1", "f2")))
        before = incidents.listed(connection)
        connection.exec_driver_sql("DELETE FROM incidents WHERE id = 'a-1'")
        connection.exec_driver_sql("UPDATE incidents SET state = 'resolved', content = '{}'")
        incidents.rebuild(connection)
        assert incidents.listed(connection) == before
        assert incidents.apply(connection, ledger.entries(connection)) == []


def test_one_fingerprint_has_one_unresolved_incident(database):
    with pytest.raises(sa.exc.IntegrityError), database.writing() as connection:
        incidents.apply(connection, say(connection, opened("a-1"), opened("a-2", episode=2)))


def test_a_new_episode_may_open_in_the_transaction_that_resolves_the_former_one(database):
    with database.writing() as connection:
        incidents.apply(connection, say(connection, opened("a-1")))
        incidents.apply(connection, say(connection, opened("a-2", episode=2), resolved("a-1")))
        states = {incident.id: incident.state for incident in incidents.listed(connection)}
    assert states == {"a-1": IncidentState.RESOLVED, "a-2": IncidentState.OPEN}


def test_incidents_are_listed_by_monitor_state_severity_and_change(database):
    with database.writing() as connection:
        critical = opened("b-1", "f2", monitor="fraud", severity="critical")
        incidents.apply(connection, say(connection, opened("a-1"), resolved("a-1"), critical))

        def ids(**chosen):
            return [incident.id for incident in incidents.listed(connection, **chosen)]

        assert ids() == ["a-1", "b-1"]
        assert ids(monitor="fraud") == ids(severity="critical") == ids(state="open") == ["b-1"]
        assert ids(since=START + timedelta(seconds=1)) == []


def test_a_change_of_an_incident_that_was_never_opened_is_a_broken_ledger(database):
    with pytest.raises(LedgerBroken, match="never opened"), database.writing() as connection:
        incidents.apply(connection, say(connection, resolved("a-1")))


def test_keys_that_are_told_are_known_by_subject(database):
    with database.writing() as connection:
        say(connection, opened("a-1"), opened("b-1", "f2"))
        assert ledger.keys(connection) == {"a-1/opened", "b-1/opened"}
        assert ledger.keys(connection, ["b-1"]) == {"b-1/opened"}
