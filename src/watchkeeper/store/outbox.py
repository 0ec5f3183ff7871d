"""What is to be delivered, written in the transaction that decided it, so that a crash neither loses nor doubles it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from watchkeeper.store import database as db

PENDING, DELIVERED, GIVEN_UP = "pending", "delivered", "given_up"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One entry for one channel. ``receipt`` is the channel's word, or the reason it was given up or put off."""

    id: int
    entry_seq: int
    channel: str
    key: str
    state: str
    attempts: int
    next_at: datetime
    receipt: str | None


def add(connection: sa.Connection, *, entry_seq: int, channel: str, key: str, at: datetime) -> bool:
    """Ask for a delivery; False where this key was asked for before."""
    there = connection.scalar(sa.select(sa.func.count()).where(db.outbox.c.key == key))
    if there:
        return False
    asked = {"entry_seq": entry_seq, "channel": channel, "key": key, "state": PENDING, "attempts": 0, "next_at": at}
    connection.execute(db.outbox.insert().values(**asked))
    return True


def due(connection: sa.Connection, now: datetime, limit: int = 100) -> list[Delivery]:
    """Pending deliveries whose time has come, the oldest first."""
    chosen = sa.select(db.outbox).where(db.outbox.c.state == PENDING, db.outbox.c.next_at <= now)
    return [_delivery(row) for row in connection.execute(chosen.order_by(db.outbox.c.id).limit(limit))]


def of_entry(connection: sa.Connection, entry_seq: int) -> list[Delivery]:
    """Every delivery that an entry asked for."""
    chosen = sa.select(db.outbox).where(db.outbox.c.entry_seq == entry_seq).order_by(db.outbox.c.id)
    return [_delivery(row) for row in connection.execute(chosen)]


def pending(connection: sa.Connection, monitor: str | None = None) -> int:
    """How many deliveries wait, of all monitors or about the incidents of one."""
    chosen = sa.select(sa.func.count()).select_from(db.outbox).where(db.outbox.c.state == PENDING)
    if monitor is not None:
        told = db.outbox.join(db.entries, db.entries.c.seq == db.outbox.c.entry_seq)
        whose = told.join(db.incidents, db.incidents.c.id == db.entries.c.subject)
        chosen = chosen.select_from(whose).where(db.incidents.c.monitor == monitor)
    return connection.scalar(chosen) or 0


def delivered(connection: sa.Connection, id: int, receipt: str | None) -> None:
    """Record a delivery."""
    _tried(connection, id, state=DELIVERED, receipt=receipt)


def put_off(connection: sa.Connection, id: int, next_at: datetime, reason: str) -> None:
    """Record a failed attempt that is to be repeated."""
    _tried(connection, id, next_at=next_at, receipt=reason)


def given_up(connection: sa.Connection, id: int, reason: str) -> None:
    """Record that it will not be tried again."""
    _tried(connection, id, state=GIVEN_UP, receipt=reason)


def _tried(connection: sa.Connection, id: int, **values: Any) -> None:
    change = db.outbox.update().where(db.outbox.c.id == id)
    connection.execute(change.values(attempts=db.outbox.c.attempts + 1, **values))


def _delivery(row: Any) -> Delivery:
    return Delivery(**row._mapping)
