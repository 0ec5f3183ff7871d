"""The ledger: one append-only sequence of entries, each bound to the one before by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from watchkeeper.store import database as db
from watchkeeper.store.canonical import canonical
from watchkeeper.terms import Entry

GENESIS = "0" * 64
"""What the first entry names as the hash before it."""


class Draft(Protocol):
    """What is to be appended: ``key`` is its idempotency key, ``body`` plain JSON."""

    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain; ``seq`` is 0 while there is no entry. Kept elsewhere it is an anchor."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first record that does not hold, and what is wrong with it."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the whole chain found."""

    entries: int
    head: Head
    first_broken: Break | None = None

    @property
    def intact(self) -> bool:
        return self.first_broken is None


def append(
    connection: sa.Connection,
    drafts: Sequence[Draft],
    *,
    at: datetime,
    actor: str,
    actor_kind: str,
    clock_given: bool = False,
) -> list[Entry]:
    """Append drafts in order; one whose key is there already is not appended again.

    Args:
        connection: a transaction of ``Database.writing``; other writers wait until it ends.
        drafts: what is to be said.
        at: the time of all of them.
        actor: who says it.
        actor_kind: ``person``, ``watchkeeper`` …
        clock_given: ``at`` was given by the caller and is not the clock's; the body then says so.

    Returns:
        One entry per draft: the new one, or the one that stands under its key.
    """
    end = _locked_head(connection)
    told = []
    for draft in drafts:
        entry = by_key(connection, draft.key)
        if entry is None:
            body = {**draft.body, **({"clock": "given"} if clock_given else {})}
            entry = _sealed(end, Entry(0, at, actor, actor_kind, draft.kind, draft.subject, draft.key, body))
            connection.execute(db.entries.insert().values(**_row(entry)))
            end = Head(entry.seq, entry.hash)
        told.append(entry)
    connection.execute(db.head.update().values(seq=end.seq, hash=end.hash))
    return told


def _locked_head(connection: sa.Connection) -> Head:
    row = connection.execute(sa.select(db.head.c.seq, db.head.c.hash).with_for_update()).one()
    return Head(row.seq, row.hash)


def _sealed(end: Head, entry: Entry) -> Entry:
    seq = end.seq + 1
    digest = _hash(end.hash, {**_row(entry), "seq": seq, "body": entry.body})
    return Entry(
        seq, entry.at, entry.actor, entry.actor_kind, entry.kind, entry.subject, entry.key, entry.body, end.hash, digest
    )


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "actor_kind": entry.actor_kind,
        "kind": entry.kind,
        "subject": entry.subject,
        "key": entry.key,
        "body": canonical(entry.body),
        "previous": entry.previous,
        "hash": entry.hash,
    }


def _hash(previous: str, rest: Mapping[str, Any]) -> str:
    """SHA-256 of the hash before and the canonical JSON of everything but the two hashes."""
    said = {name: value for name, value in rest.items() if name not in ("previous", "hash")}
    text = canonical({**said, "at": db.iso(said["at"])})
    return hashlib.sha256((previous + text).encode()).hexdigest()


def by_key(connection: sa.Connection, key: str) -> Entry | None:
    """The entry under an idempotency key."""
    row = connection.execute(sa.select(db.entries).where(db.entries.c.key == key)).one_or_none()
    return None if row is None else _entry(row)


def keys(connection: sa.Connection, subjects: Sequence[str] | None = None) -> frozenset[str]:
    """The idempotency keys that are told already, of all subjects or of some."""
    chosen = sa.select(db.entries.c.key)
    if subjects is not None:
        chosen = chosen.where(db.entries.c.subject.in_(subjects))
    return frozenset(connection.scalars(chosen))


def _entry(row: Any) -> Entry:
    return Entry(**{**row._mapping, "body": json.loads(row.body)})


def head(connection: sa.Connection) -> Head:
    """The end of the chain as it is recorded."""
    row = connection.execute(sa.select(db.head.c.seq, db.head.c.hash)).one()
    return Head(row.seq, row.hash)


def entries(
    connection: sa.Connection,
    *,
    kind: str | None = None,
    subject: str | None = None,
    since: datetime | None = None,
    after_seq: int = 0,
    limit: int | None = None,
) -> list[Entry]:
    """Entries in order; ``kind`` ending in ``.`` or ``.*`` means all kinds that begin so (``incident.*``)."""
    chosen = sa.select(db.entries).where(db.entries.c.seq > after_seq).order_by(db.entries.c.seq).limit(limit)
    if kind is not None:
        stem = kind.removesuffix("*")
        family = stem.endswith(".")
        chosen = chosen.where(db.entries.c.kind.startswith(stem, autoescape=True) if family else _is(kind))
    if subject is not None:
        chosen = chosen.where(db.entries.c.subject == subject)
    if since is not None:
        chosen = chosen.where(db.entries.c.at >= since)
    return [_entry(row) for row in connection.execute(chosen)]


def _is(kind: str) -> sa.ColumnElement[bool]:
    return db.entries.c.kind == kind


def verify(connection: sa.Connection, anchor: Head | None = None) -> Verified:
    """Check every hash, the order, and that the chain ends where the head says, and passes through the anchor.

    An entry that was edited, deleted or moved breaks the chain there; entries cut off the end are told by the head.
    Whoever can rewrite the whole database can forge both: an anchor kept elsewhere tells that too.
    """
    recorded = head(connection)
    end, broken = Head(0, GENESIS), None
    for row in connection.execute(sa.select(db.entries).order_by(db.entries.c.seq)):
        broken = _fault(end, row) or _off_anchor(anchor, Head(row.seq, row.hash))
        if broken is not None:
            break
        end = Head(row.seq, row.hash)
    count = connection.scalar(sa.select(sa.func.count()).select_from(db.entries)) or 0
    return Verified(count, recorded, broken or _unended(end, recorded, anchor))


def _fault(end: Head, row: Any) -> Break | None:
    if row.seq != end.seq + 1:
        return Break(end.seq + 1, f"entry {end.seq + 1} is missing: after {end.seq} comes {row.seq}")
    if row.previous != end.hash:
        return Break(row.seq, f"entry {row.seq} does not follow from the entry before it")
    try:
        body = json.loads(row.body)
        sound = canonical(body) == row.body and _hash(end.hash, {**row._mapping, "body": body}) == row.hash
    except ValueError:
        sound = False
    return None if sound else Break(row.seq, f"entry {row.seq} was changed after it was written")


def _off_anchor(anchor: Head | None, at: Head) -> Break | None:
    if anchor is None or anchor.seq != at.seq or anchor.hash == at.hash:
        return None
    return Break(at.seq, f"entry {at.seq} is not the one that was anchored: the chain was written anew")


def _unended(end: Head, recorded: Head, anchor: Head | None) -> Break | None:
    if anchor is not None and anchor.seq > end.seq:
        return Break(end.seq + 1, f"entries {end.seq + 1} to {anchor.seq} are missing: the anchor knows them")
    if recorded == end:
        return None
    if recorded.seq > end.seq:
        return Break(end.seq + 1, f"entries {end.seq + 1} to {recorded.seq} are missing from the end")
    return Break(end.seq, f"the head says {recorded.seq} where the chain ends with entry {end.seq}")


def export(connection: sa.Connection) -> Iterator[str]:
    """The chain as JSON lines, each canonical and without its line end."""
    yield from (line(entry) for entry in entries(connection))


def line(entry: Entry) -> str:
    """One entry as canonical JSON."""
    return canonical({**_row(entry), "at": db.iso(entry.at), "body": entry.body})


def verify_lines(lines: Iterable[str]) -> Verified:
    """Check an export by itself: that each line follows from the one before."""
    end, count = Head(0, GENESIS), 0
    for text in lines:
        said = json.loads(text)
        rest = {**said, "at": datetime.fromisoformat(said["at"])}
        if said["seq"] != end.seq + 1 or said["previous"] != end.hash or _hash(end.hash, rest) != said["hash"]:
            return Verified(count, end, Break(end.seq + 1, f"line {count + 1} does not follow from the line before it"))
        end, count = Head(said["seq"], said["hash"]), count + 1
    return Verified(count, end)
