"""The ledger: appended once, chained, and broken where someone has meddled."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from watchkeeper.errors import LedgerBroken
from watchkeeper.store import database as db
from watchkeeper.store import ledger
from watchkeeper.store.canonical import canonical
from watchkeeper.store.database import open_database
from watchkeeper.store.verification import verify


@dataclass
class Draft:
    kind: str
    subject: str
    key: str
    body: dict[str, Any] = field(default_factory=dict)


def say(database, now, *drafts, **options):
    with database.writing() as connection:
        return ledger.append(connection, drafts, at=now, actor="ann", actor_kind="person", **options)


def numbered(count, first=1):
    return [
        Draft("incident.updated", f"i-{n}", f"key-{n}", {"n": n, "share": n / 3}) for n in range(first, first + count)
    ]


@pytest.fixture
def ten(database, now):
    say(database, now, *numbered(10))
    return database


def verified(database):
    with database.reading() as connection:
        return verify(connection)


def meddle(database, statement):
    with database.writing() as connection:
        connection.exec_driver_sql(statement)


def test_entries_are_numbered_from_one_and_chained(database, now):
    first, second = say(database, now, *numbered(2))
    assert (first.seq, second.seq) == (1, 2)
    assert first.previous == "0" * 64 and second.previous == first.hash
    assert (first.at, first.actor, first.actor_kind) == (now, "ann", "person")


def test_what_is_read_is_what_was_said(ten):
    with ten.reading() as connection:
        (entry,) = ledger.entries(connection, subject="i-3")
    assert (entry.kind, entry.key, entry.body) == ("incident.updated", "key-3", {"n": 3, "share": 1.0})


def test_a_key_is_appended_once_and_the_first_entry_stands(database, now):
    (first,) = say(database, now, Draft("limit.approved", "m", "same", {"v": 1}))
    (again,) = say(database, now + timedelta(days=1), Draft("limit.approved", "m", "same", {"v": 2}))
    assert again == first
    assert verified(database).entries == 1


def test_a_key_twice_in_one_call_is_appended_once(database, now):
    first, second = say(database, now, Draft("a.b", "s", "k"), Draft("a.b", "s", "k"))
    assert first == second and verified(database).entries == 1


def test_a_given_clock_is_confessed_in_the_body(database, now):
    (entry,) = say(database, now, Draft("a.b", "s", "k", {"v": 1}), clock_given=True)
    assert entry.body == {"v": 1, "clock": "given"}


def test_a_transaction_that_fails_leaves_nothing(database, now):
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        ledger.append(connection, numbered(3), at=now, actor="ann", actor_kind="person")
        raise ZeroDivisionError
    found = verified(database)
    assert found.intact and found.entries == 0


def test_entries_are_chosen_by_kind_family_subject_time_and_number(database, now):
    say(database, now, Draft("incident.opened", "a", "1"), Draft("limit.approved", "a", "2"))
    say(database, now + timedelta(hours=1), Draft("incident.updated", "b", "3"))
    with database.reading() as connection:
        seqs = {
            name: [entry.seq for entry in ledger.entries(connection, **chosen)]
            for name, chosen in {
                "kind": {"kind": "incident.opened"},
                "family": {"kind": "incident.*"},
                "subject": {"subject": "a"},
                "since": {"since": now + timedelta(minutes=1)},
                "after": {"after_seq": 1, "limit": 1},
            }.items()
        }
    assert seqs == {"kind": [1], "family": [1, 3], "subject": [1, 2], "since": [3], "after": [2]}


def test_an_untouched_chain_is_intact(ten):
    found = verified(ten)
    assert found.intact and (found.entries, found.head.seq) == (10, 10)


def test_an_export_is_a_line_an_entry_in_canonical_json(ten):
    with ten.reading() as connection:
        lines = list(ledger.export(connection))
        entries = ledger.entries(connection)
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, 11))
    assert lines == [canonical({**asdict(entry), "at": db.iso(entry.at)}) for entry in entries]


def test_records_are_read_page_by_page_from_any_number_to_any_other(database, now):
    say(database, now, *numbered(1203))
    with database.reading() as connection:
        assert [record.seq for record in ledger.records(connection)] == list(range(1, 1204))
        assert [record.seq for record in ledger.records(connection, 499, 1002)] == list(range(499, 1003))


def test_many_drafts_are_appended_as_one_by_one(database, now, tmp_path):
    say(database, now, *numbered(1203))
    other = open_database("sqlite:///other.db", tmp_path)
    for draft in numbered(1203)[::-1][-40:][::-1]:
        say(other, now, draft)
    with database.reading() as one, other.reading() as by_one:
        assert ledger.entries(one, limit=40) == ledger.entries(by_one)
    other.close()


def test_keys_that_stand_already_are_found_among_many(database, now):
    say(database, now, *numbered(1100))
    told = say(database, now, *numbered(1300))
    assert [entry.seq for entry in told] == list(range(1, 1301))
    assert verified(database).entries == 1300


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM entries WHERE seq > 7",
        "UPDATE head SET seq = 8, hash = (SELECT hash FROM entries WHERE seq = 8)",
        "UPDATE head SET hash = 'abc'",
        "DELETE FROM head",
        "INSERT INTO head SELECT 2, seq, hash FROM head",
    ],
)
def test_nothing_is_appended_to_a_ledger_that_does_not_end_where_its_head_says(ten, now, statement):
    meddle(ten, statement)
    with pytest.raises(LedgerBroken, match="head"):
        say(ten, now, *numbered(1, first=11))


APPEND = """
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from watchkeeper.store import ledger
from watchkeeper.store.database import open_database
database = open_database(sys.argv[1])
for n in range(20):
    with database.writing() as connection:
        draft = SimpleNamespace(kind="a.b", subject="s", key=f"{sys.argv[2]}-{n}", body={})
        ledger.append(connection, [draft], at=datetime.now(UTC), actor="ann", actor_kind="person")
"""


def test_processes_that_append_at_once_make_one_chain(database):
    url = str(database.engine.url)
    racing = [subprocess.Popen([sys.executable, "-c", APPEND, url, name]) for name in ("one", "two", "three")]
    assert [process.wait(timeout=60) for process in racing] == [0, 0, 0]
    found = verified(database)
    assert found.intact and found.entries == 60


def test_the_hash_is_of_the_previous_hash_and_the_canonical_rest(database, now):
    import hashlib

    (entry,) = say(database, now, Draft("a.b", "s", "k", {"x": 1.50}))
    rest = (
        '{"actor":"ann","actor_kind":"person","at":"2026-11-24T08:00:00.000000Z","body":{"x":1.5},"key":"k",'
        '"kind":"a.b","seq":1,"subject":"s"}'
    )
    assert entry.hash == hashlib.sha256(("0" * 64 + rest).encode()).hexdigest()


def test_the_database_holds_the_body_as_canonical_json(ten):
    with ten.reading() as connection:
        assert connection.scalar(sa.select(db.entries.c.body).where(db.entries.c.seq == 3)) == '{"n":3,"share":1}'
