"""The ledger: one append-only sequence of entries, each bound to the one before by its hash."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias

import sqlalchemy as sa

from watchkeeper.errors import LedgerBroken
from watchkeeper.store import chain
from watchkeeper.store import database as db
from watchkeeper.store.canonical import canonical
from watchkeeper.store.chain import START, Head, Record
from watchkeeper.terms import Entry

Records: TypeAlias = Iterator[Record]
_AT_ONCE = 500
"""Records read, or keys looked up, by one statement."""
_FIRST, _LAST = -(2**63), 2**63 - 1


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


class Unreadable(LedgerBroken):
    """The record ``seq`` cannot be read at all."""

    def __init__(self, seq: int, why: object) -> None:
        self.seq = seq
        super().__init__(f"entry {seq} cannot be read: {why}")


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

    Raises:
        LedgerBroken: the last entry is not the one that the head names, so there is no end to append to.
    """
    end = _locked_head(connection)
    told = _standing(connection, [draft.key for draft in drafts])
    fresh = []
    for draft in drafts:
        if draft.key not in told:
            body = {**draft.body, **({"clock": "given"} if clock_given else {})}
            said = Entry(0, at, actor, actor_kind, draft.kind, draft.subject, draft.key, body)
            fresh.append(chain.sealed(end, _record(said)))
            end = Head(fresh[-1].seq, fresh[-1].hash)
            told[draft.key] = _placed(said, fresh[-1])
    _write(connection, fresh, at)
    return [told[draft.key] for draft in drafts]


def _locked_head(connection: sa.Connection) -> Head:
    """The head, which no other writer may change until this transaction ends."""
    end = _head(connection, sa.select(db.head.c.seq, db.head.c.hash).with_for_update())
    numbered = sa.select(db.entries.c.seq, db.entries.c.hash).order_by(db.entries.c.seq.desc()).limit(1)
    last = connection.execute(numbered).one_or_none()
    if end != (START if last is None else Head(*last)):
        fix = "`watchkeeper ledger verify` names the first broken entry; restore the database from a backup"
        raise LedgerBroken(f"the head says {end.seq}, and that is not the last entry: {fix}")
    return end


def _standing(connection: sa.Connection, asked: Sequence[str]) -> dict[str, Entry]:
    """The entries that some of the keys have already."""
    found = {}
    for first in range(0, len(asked), _AT_ONCE):
        chosen = sa.select(db.entries).where(db.entries.c.key.in_(asked[first : first + _AT_ONCE]))
        found.update({row.key: _entry(row) for row in connection.execute(chosen)})
    return found


def _record(entry: Entry) -> Record:
    said = (entry.seq, db.iso(entry.at), entry.actor, entry.actor_kind, entry.kind, entry.subject, entry.key)
    return Record(*said, canonical(entry.body), entry.previous, entry.hash)


def _placed(entry: Entry, record: Record) -> Entry:
    said = (entry.at, entry.actor, entry.actor_kind, entry.kind, entry.subject, entry.key, entry.body)
    return Entry(record.seq, *said, record.previous, record.hash)


def _write(connection: sa.Connection, fresh: Sequence[Record], at: datetime) -> None:
    if fresh:
        connection.execute(db.entries.insert(), [{**record._asdict(), "at": at} for record in fresh])
        connection.execute(db.head.update().values(seq=fresh[-1].seq, hash=fresh[-1].hash))


def keys(connection: sa.Connection, subjects: Sequence[str] | None = None) -> frozenset[str]:
    """The idempotency keys that are told already, of all subjects or of some."""
    chosen = sa.select(db.entries.c.key)
    if subjects is not None:
        chosen = chosen.where(db.entries.c.subject.in_(subjects))
    return frozenset(connection.scalars(chosen))


def _entry(row: Any) -> Entry:
    return Entry(**{**row._mapping, "body": json.loads(row.body)})


def head(connection: sa.Connection) -> Head:
    """The end of the chain as it is recorded.

    Raises:
        LedgerBroken: there is no such record, or more than one.
    """
    return _head(connection, sa.select(db.head.c.seq, db.head.c.hash))


def _head(connection: sa.Connection, chosen: sa.Select[Any]) -> Head:
    try:
        rows = connection.execute(chosen).all()
    except sa.exc.DBAPIError as error:
        raise LedgerBroken(f"the head of the ledger cannot be read: {error.orig}") from error
    if len(rows) != 1:
        raise LedgerBroken(f"the ledger has {len(rows)} heads where it has one")
    return Head(*rows[0])


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


def records(connection: sa.Connection, first: int = _FIRST, last: int = _LAST) -> Records:
    """The entries as they lie there, by number, a few hundred in memory at a time.

    Raises:
        Unreadable: one cannot be read; those before it were given.
    """
    size = _AT_ONCE
    while True:
        try:
            page = _page(connection, first, last, size)
        except sa.exc.DBAPIError as error:
            if size == 1:
                raise Unreadable(_seq_from(connection, first), error.orig) from error
            size = 1
            continue
        yield from page
        if len(page) < size or page[-1].seq >= last:
            return
        first = page[-1].seq + 1


def _page(connection: sa.Connection, first: int, last: int, size: int) -> Sequence[Record]:
    parts = [sa.type_coerce(db.entries.c[name], sa.Text) for name in Record._fields[1:]]
    chosen = sa.select(db.entries.c.seq, *parts).where(db.entries.c.seq.between(first, last))
    return [Record(*row) for row in connection.execute(chosen.order_by(db.entries.c.seq).limit(size))]


def _seq_from(connection: sa.Connection, first: int) -> int:
    """The first number from there on, where at least the numbers can be read."""
    try:
        found = connection.scalar(sa.select(sa.func.min(db.entries.c.seq)).where(db.entries.c.seq >= first))
    except sa.exc.DBAPIError:
        found = None
    return max(first, 1) if found is None else int(found)


def export(connection: sa.Connection) -> Iterator[str]:
    """The chain as JSON lines, each canonical and without its line end.

    Raises:
        Unreadable: an entry cannot be read; those before it were given.
    """
    return map(chain.line, records(connection))
