"""Verifying the ledger in the database: every hash, the order, the end, the keys, and an anchor kept elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from watchkeeper.errors import LedgerBroken
from watchkeeper.store import database as db
from watchkeeper.store import ledger
from watchkeeper.store.chain import Break, Head, Walk


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the whole chain found.

    ``entries`` counts the records that are there; ``matches`` says whether the chain passes through the anchor, None
    where none was given.
    """

    entries: int
    head: Head
    first_broken: Break | None = None
    matches: bool | None = None

    @property
    def intact(self) -> bool:
        return self.first_broken is None


def verify(connection: sa.Connection, anchor: Head | None = None) -> Verified:
    """Check every hash, the order, and that the chain ends where the head says and passes through the anchor.

    An entry that was edited, deleted, put in or moved breaks the chain there; entries cut off the end are told by the
    head. Whoever can rewrite the whole database can forge both: an anchor kept elsewhere tells that too. Memory does
    not grow with the ledger.
    """
    walk = Walk(anchor)
    _go(walk, ledger.records(connection))
    recorded = _recorded(connection, walk.end)
    if isinstance(recorded, Head) and walk.broken is None and recorded.seq > walk.end.seq:
        _go(walk, ledger.records(connection, walk.end.seq + 1, recorded.seq))  # appended since the last look
    broken = _first(walk.broken or _unended(walk, recorded), _repeated(connection))
    end = recorded if isinstance(recorded, Head) else walk.end
    count = walk.end.seq if broken is None else _count(connection, walk.end.seq)
    return Verified(count, end, broken, walk.reached_anchor)


def _go(walk: Walk, records: ledger.Records) -> None:
    try:
        any(walk.follow(record) for record in records)
    except ledger.Unreadable as error:
        walk.broken = Break(error.seq, str(error))


def _recorded(connection: sa.Connection, end: Head) -> Head | Break:
    try:
        return ledger.head(connection)
    except LedgerBroken as error:
        return Break(max(end.seq, 1), str(error))


def _unended(walk: Walk, recorded: Head | Break) -> Break | None:
    end, anchor = walk.end, walk.anchor
    if anchor is not None and anchor.seq > end.seq:
        return Break(end.seq + 1, f"entries {end.seq + 1} to {anchor.seq} are missing: the anchor knows them")
    if isinstance(recorded, Break) or recorded == end:
        return recorded if isinstance(recorded, Break) else None
    if recorded.seq > end.seq:
        return Break(end.seq + 1, f"entries {end.seq + 1} to {recorded.seq} are missing from the end")
    if recorded.seq < end.seq:
        beyond = max(recorded.seq, 0) + 1
        return Break(beyond, f"entry {beyond} lies beyond the end: the head says {recorded.seq}")
    return Break(max(end.seq, 1), f"the head names another hash than entry {end.seq}")


def _repeated(connection: sa.Connection) -> Break | None:
    """The first record whose key an earlier one has; a table that cannot be read has told so elsewhere."""
    seq, key = db.entries.c.seq, db.entries.c.key
    before = sa.func.lag(seq).over(partition_by=key, order_by=seq).label("before")
    keyed = sa.select(seq, before).subquery()
    chosen = sa.select(keyed).where(keyed.c.before.is_not(None)).order_by(keyed.c.seq).limit(1)
    try:
        row = connection.execute(chosen).one_or_none()
    except sa.exc.DBAPIError:
        return None
    return None if row is None else Break(row.seq, f"entry {row.seq} has the key of entry {row.before}")


def _first(*breaks: Break | None) -> Break | None:
    return min((one for one in breaks if one is not None), key=lambda one: one.seq, default=None)


def _count(connection: sa.Connection, followed: int) -> int:
    try:
        return connection.scalar(sa.select(sa.func.count()).select_from(db.entries)) or 0
    except sa.exc.DBAPIError:
        return followed
