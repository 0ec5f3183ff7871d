from datetime import timedelta
from types import SimpleNamespace

import pytest

from watchkeeper.store import database as db
from watchkeeper.store import ledger, outbox


@pytest.fixture
def connection(database, now):
    with database.writing() as connection:
        draft = SimpleNamespace(kind="incident.opened", subject="i", key="k", body={})
        ledger.append(connection, [draft], at=now, actor="watchkeeper", actor_kind="watchkeeper")
        yield connection


def ask(connection, now, key="i/slack"):
    return outbox.add(connection, entry_seq=1, channel="slack", key=key, at=now)


def test_a_delivery_is_asked_for_once(connection, now):
    assert ask(connection, now) is True
    assert ask(connection, now) is False
    assert outbox.pending(connection) == 1


def test_a_delivered_one_is_not_due_again(connection, now):
    ask(connection, now)
    (delivery,) = outbox.due(connection, now)
    outbox.delivered(connection, delivery.id, "message 7")
    assert outbox.due(connection, now) == []
    (kept,) = outbox.of_entry(connection, 1)
    assert (kept.state, kept.attempts, kept.receipt) == ("delivered", 1, "message 7")


def test_one_that_failed_is_due_again_when_its_time_has_come(connection, now):
    ask(connection, now)
    (delivery,) = outbox.due(connection, now)
    later = now + timedelta(minutes=1)
    outbox.put_off(connection, delivery.id, later, "no answer")
    assert outbox.due(connection, now) == []
    assert [again.attempts for again in outbox.due(connection, later)] == [1]


def test_one_that_was_given_up_waits_no_longer_and_says_why(connection, now):
    ask(connection, now)
    (delivery,) = outbox.due(connection, now)
    outbox.given_up(connection, delivery.id, "the webhook is gone")
    assert outbox.pending(connection) == 0
    assert outbox.of_entry(connection, 1)[0].receipt == "the webhook is gone"


def test_what_waits_can_be_told_by_monitor(connection, now):
    values = {"fingerprint": "f", "episode": 1, "model": "m", "cause": "c", "severity": "warning", "state": "open"}
    times = {"opened_at": now, "changed_at": now}
    connection.execute(
        db.incidents.insert().values(id="i", monitor="credit", content={}, entry_seq=1, **values, **times)
    )
    ask(connection, now)
    assert (outbox.pending(connection, "credit"), outbox.pending(connection, "other")) == (1, 0)
