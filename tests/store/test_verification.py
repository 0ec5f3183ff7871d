"""Verifying: whatever is done to a real database is found, and the first broken record is named."""

import hashlib
import json
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.store import ledger, verify_ledger
from watchkeeper.store.anchor import Anchor, read_anchor
from watchkeeper.store.canonical import canonical
from watchkeeper.store.chain import GENESIS, Head
from watchkeeper.store.database import open_database
from watchkeeper.store.verification import verify

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SIZE = 12
TEXTS = ("at", "actor", "actor_kind", "kind", "subject", "key", "body", "previous", "hash")


@dataclass
class Draft:
    kind: str
    subject: str
    key: str
    body: dict[str, Any] = field(default_factory=dict)


def drafts(count, first=1):
    return [
        Draft("incident.updated", f"i-{n % 3}", f"key-{n}", {"n": n, "share": n / 7, "title": f"ünï {n}"})
        for n in range(first, first + count)
    ]


def append(path, count, first=1):
    database = open_database(f"sqlite:///{path}")
    with database.writing() as connection:
        for draft in drafts(count, first):
            at = NOW + timedelta(minutes=int(draft.body["n"]))
            ledger.append(connection, [draft], at=at, actor="ann", actor_kind="person")
    database.close()
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return append(tmp_path_factory.mktemp("ledger") / "ledger.db", SIZE)


@pytest.fixture
def path(written, tmp_path):
    return Path(shutil.copy(written, tmp_path / "ledger.db"))


def look(path, anchor=None):
    database = open_database(f"sqlite:///{path}")
    try:
        with database.reading() as connection:
            return verify(connection, anchor)
    finally:
        database.close()


def change(path, *statements):
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(*((statement,) if isinstance(statement, str) else statement))
        database.commit()


def read(path):
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM entries ORDER BY seq")]


def forged(entries, first=0):
    """The same entries, numbered and hashed anew from one of them on, as a forger with the whole database could."""
    previous = entries[first - 1]["hash"] if first else GENESIS
    for seq, entry in enumerate(entries[first:], start=first + 1):
        said = {name: entry[name] for name in ("at", "actor", "actor_kind", "kind", "subject", "key")}
        text = canonical({**said, "seq": seq, "body": json.loads(entry["body"])})
        entry.update(seq=seq, previous=previous, hash=hashlib.sha256((previous + text).encode()).hexdigest())
        previous = entry["hash"]
    return entries


def write(path, entries):
    """Put entries in the place of those that are there, whatever they hold, and the head at their end."""
    names = ("seq", *TEXTS)
    change(
        path,
        "DROP TABLE entries",
        f"CREATE TABLE entries (seq INTEGER PRIMARY KEY, {', '.join(f'{name} TEXT' for name in TEXTS)})",
        *[
            (f"INSERT INTO entries VALUES ({', '.join('?' * len(names))})", tuple(entry[name] for name in names))
            for entry in entries
        ],
        ("UPDATE head SET seq = ?, hash = ?", (entries[-1]["seq"], entries[-1]["hash"])),
    )


def test_an_untouched_chain_is_intact(path):
    found = look(path)
    assert found.intact and (found.entries, found.head.seq, found.matches) == (SIZE, SIZE, None)


def test_an_empty_ledger_is_intact_and_passes_its_own_anchor(tmp_path):
    found = look(append(tmp_path / "empty.db", 0), Head(0, GENESIS))
    assert found.intact and (found.entries, found.matches) == (0, True)


BREAKS = [
    ('UPDATE entries SET body = \'{"n":4,"share":9}\' WHERE seq = 4', 4, "was changed"),
    ("UPDATE entries SET body = ' ' || body WHERE seq = 4", 4, "was changed"),
    ("UPDATE entries SET body = replace(body, 'ü', 'u') WHERE seq = 4", 4, "was changed"),
    ("UPDATE entries SET body = 'no JSON' WHERE seq = 4", 4, "was changed"),
    ("UPDATE entries SET body = '' WHERE seq = 4", 4, "was changed"),
    ("UPDATE entries SET actor = 'bob' WHERE seq = 4", 4, "was changed"),
    ("UPDATE entries SET at = replace(at, '.000000Z', 'Z') WHERE seq = 4", 4, "was changed"),
    ("UPDATE entries SET at = 'yesterday' WHERE seq = 4", 4, "was changed"),
    ("UPDATE entries SET kind = CAST(x'ff' AS TEXT) WHERE seq = 4", 4, "cannot be read"),
    ("UPDATE entries SET kind = 'incident.opened' WHERE seq = 1", 1, "was changed"),
    ("UPDATE entries SET previous = hash WHERE seq = 4", 4, "does not follow"),
    ("UPDATE entries SET hash = upper(hash) WHERE seq = 4", 4, "was changed"),
    ("DELETE FROM entries WHERE seq = 4", 4, "entry 4 is missing"),
    ("DELETE FROM entries WHERE seq = 1", 1, "entry 1 is missing"),
    ("DELETE FROM entries WHERE seq > 7", 8, "entries 8 to 12 are missing from the end"),
    ("DELETE FROM entries", 1, "entries 1 to 12 are missing from the end"),
    ("UPDATE entries SET seq = 0 WHERE seq = 4", 0, "number that no entry can have"),
    ("UPDATE entries SET seq = -9 WHERE seq = 4", -9, "number that no entry can have"),
    ("UPDATE entries SET seq = 9223372036854775807 WHERE seq = 4", 4, "entry 4 is missing"),
    ("UPDATE head SET seq = 8, hash = (SELECT hash FROM entries WHERE seq = 8)", 9, "lies beyond the end"),
    ("UPDATE head SET seq = 20", 13, "entries 13 to 20 are missing"),
    ("UPDATE head SET hash = 'abc'", 12, "another hash"),
    ("DELETE FROM head", 12, "head"),
    ("INSERT INTO head SELECT 2, seq, hash FROM head", 12, "head"),
    ("DROP TABLE head", 12, "head"),
    ("DROP TABLE entries", 1, "cannot be read"),
]


@pytest.mark.parametrize(("statement", "seq", "reason"), BREAKS)
def test_the_first_broken_record_is_named_by_both_verifiers(path, statement, seq, reason):
    change(path, statement)
    found = look(path)
    assert found.first_broken.seq == seq and reason in found.first_broken.reason
    with pytest.raises(verify_ledger.Broken) as alone:
        verify_ledger.verify(path)
    assert alone.value.args[0] == seq


def test_a_key_that_two_entries_have_is_found_though_every_hash_fits(path):
    entries = read(path)
    entries[8]["key"] = entries[3]["key"]
    write(path, forged(entries, 8))
    found = look(path)
    assert (found.first_broken.seq, found.first_broken.reason) == (9, "entry 9 has the key of entry 4")
    with pytest.raises(verify_ledger.Broken, match="key of an earlier one"):
        verify_ledger.verify(path)


def test_a_body_spelt_otherwise_is_found_though_its_hash_fits(path):
    entries = read(path)
    last = entries[-1]
    last["body"] = last["body"].replace('"n":12', '"n":12.0')
    names = ("actor", "actor_kind", "at", "body", "key", "kind", "seq", "subject")
    said = ",".join(f'"{name}":{last[name] if name in ("body", "seq") else canonical(last[name])}' for name in names)
    last["hash"] = hashlib.sha256((last["previous"] + "{" + said + "}").encode()).hexdigest()
    write(path, entries)
    assert look(path).first_broken.seq == SIZE
    with pytest.raises(verify_ledger.Broken):
        verify_ledger.verify(path)


def test_a_value_of_another_type_is_found(path):
    entries = read(path)
    entries[4]["subject"] = None
    write(path, entries)
    assert look(path).first_broken.seq == 5
    with pytest.raises(verify_ledger.Broken) as alone:
        verify_ledger.verify(path)
    assert alone.value.args[0] == 5


def test_only_an_anchor_tells_that_the_end_was_written_anew(path):
    anchor = look(path).head
    entries = read(path)
    entries[5]["actor"] = "bob"
    write(path, forged(entries, 5))
    assert look(path).intact
    found = look(path, anchor)
    assert (found.first_broken.seq, found.matches) == (SIZE, False)
    assert "written anew" in found.first_broken.reason


def test_a_cut_that_the_head_was_made_to_fit_is_told_by_the_anchor(path):
    anchor = look(path).head
    write(path, read(path)[:9])
    assert look(path).intact
    found = look(path, anchor)
    assert (found.first_broken.seq, found.matches) == (10, False)
    assert "the anchor knows them" in found.first_broken.reason


def test_a_longer_chain_passes_an_earlier_anchor(path):
    anchor = look(path).head
    append(path, 2, first=SIZE + 1)
    found = look(path, anchor)
    assert found.intact and found.matches is True


def test_a_break_behind_the_anchor_leaves_the_anchor_matched(path):
    anchor = look(path).head
    append(path, 3, first=SIZE + 1)
    change(path, f"UPDATE entries SET actor = 'bob' WHERE seq = {SIZE + 2}")
    found = look(path, anchor)
    assert (found.first_broken.seq, found.matches) == (SIZE + 2, True)


def test_a_bad_record_far_down_is_named_though_records_are_read_by_the_page(tmp_path):
    path = append(tmp_path / "long.db", 1203)
    change(path, "UPDATE entries SET subject = CAST(x'c328' AS TEXT) WHERE seq = 777")
    assert look(path).first_broken.seq == 777


@st.composite
def tamperings(draw):
    """What is done to the entries, and the number of the record that has to be named for it."""
    n = draw(st.integers(1, SIZE), label="entry")
    what = draw(st.sampled_from(("edit", "delete", "renumber", "swap", "insert", "append", "cut", "forge", "head")))
    text = draw(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=8))
    return what, n, draw(st.integers(1, SIZE), label="other"), draw(st.sampled_from(TEXTS)), text


def tamper(entries, head, what, n, other, name, text):
    """Does it; gives the number of the first broken record, None where nothing has changed."""
    if what == "edit":
        entries[n - 1][name] = text if entries[n - 1][name] != text else text + "!"
        return n
    if what == "delete":
        del entries[n - 1]
        return n
    if what == "renumber":
        entries[n - 1]["seq"] = SIZE + other
        return n if other > 1 or n < SIZE else None
    if what == "swap":
        a, b = sorted((n, other if other != n else n % SIZE + 1))
        entries[a - 1]["seq"], entries[b - 1]["seq"] = b, a
        return a
    if what == "insert":
        entries.insert(n - 1, {**entries[n - 1], "key": "new " + text})
        whole = forged([dict(entry) for entry in entries[:n]], n - 1)
        entries[n - 1] = whole[-1]
        for seq, entry in enumerate(entries[n:], start=n + 1):
            entry["seq"] = seq
        return n + 1
    if what == "append":
        entries.append({**entries[-1], "key": "new " + text})
        forged(entries, SIZE)
        return SIZE + 1
    if what == "cut":
        del entries[n - 1 :]
        return n
    if what == "forge":
        entries[n - 1]["subject"] += "!"
        forged(entries, n - 1)
        head.update(seq=SIZE, hash=entries[-1]["hash"])
        return SIZE
    head.update({"seq": head["seq"] + other} if other % 2 else {"hash": text})
    return SIZE + 1 if other % 2 else SIZE


@settings(max_examples=60)
@given(tamperings())
def test_any_tampering_is_found_and_the_first_broken_record_is_named(written, tampering):
    entries = read(written)
    head = {"seq": SIZE, "hash": entries[-1]["hash"]}
    anchor = Head(SIZE, entries[-1]["hash"])
    expected = tamper(entries, head, *tampering)
    if expected is None:
        return  # the last entry under the number it had: nothing was done
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(written, folder))
        if entries:
            write(path, entries)
        else:
            change(path, "DELETE FROM entries")
        change(path, ("UPDATE head SET seq = ?, hash = ?", (head["seq"], head["hash"])))
        if tampering[0] == "forge":
            assert look(path).intact and look(path, anchor).first_broken.seq == expected
            return
        assert look(path).first_broken.seq == expected
        with pytest.raises(verify_ledger.Broken) as alone:
            verify_ledger.verify(path)
        assert alone.value.args[0] == expected
        assert look(path, anchor).first_broken.seq == (min(expected, SIZE) if tampering[0] == "insert" else expected)


def test_an_anchor_is_read_back_as_it_was_written(path):
    found = look(path)
    text = json.dumps(Anchor("bank", NOW, found.head, found.entries).json())
    assert read_anchor(text) == found.head
    assert json.loads(text)["at"] == "2026-11-24T08:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "{}",
        '{"data":{}}',
        '{"seq":3,"hash":"abc"}',
        '{"seq":"3","hash":"' + "a" * 64 + '"}',
        '{"seq":-1,"hash":"' + "a" * 64 + '"}',
        '{"seq":0,"hash":"' + "a" * 64 + '"}',
        '{"seq":3,"count":4,"hash":"' + "a" * 64 + '"}',
    ],
)
def test_what_is_no_anchor_is_refused(text):
    with pytest.raises(ValueError):
        read_anchor(text)
