"""Batches: what a run of one owner is about to read, written down before it reads.

A batch that was begun and not finished is given again, so a restart reads exactly what was meant before, and the hops
that are already done recognise its number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from watchkeeper.errors import StoreBehind
from watchkeeper.store import database as db
from watchkeeper.store.database import Database


@dataclass(frozen=True, slots=True)
class Batch:
    """``seq`` rises over all owners. The manifest is JSON; ``resumed``: it was begun by a run that did not end."""

    seq: int
    owner: str
    manifest: dict[str, Any]
    resumed: bool = False


def begin(database: Database, owner: str, now: datetime, manifest: Callable[[], Mapping[str, Any]]) -> Batch:
    """The unfinished batch of an owner, or a new one with the manifest that is made now.

    Call it under the lease of the owner.
    """
    with database.reading() as connection:
        left = unfinished(connection, owner)
    if left is not None:
        return left
    made = dict(manifest())
    with database.writing() as connection:
        values = {"owner": owner, "manifest": made, "started_at": now}
        seq = connection.execute(db.batches.insert().values(**values).returning(db.batches.c.seq)).scalar_one()
    return Batch(seq, owner, made)


def unfinished(connection: sa.Connection, owner: str) -> Batch | None:
    """The batch of an owner that was begun and not finished."""
    batch = db.batches.c
    chosen = sa.select(db.batches).where(batch.owner == owner, batch.finished_at.is_(None)).order_by(batch.seq.desc())
    row = connection.execute(chosen.limit(1)).one_or_none()
    return None if row is None else Batch(row.seq, owner, row.manifest, resumed=True)


def finish(database: Database, batch: Batch, cursors: Mapping[str, str], now: datetime) -> None:
    """Record that every hop of a batch is done, and up to where each table has been read."""
    with database.writing() as connection:
        finish_in(connection, batch, cursors, now)


def finish_in(connection: sa.Connection, batch: Batch, cursors: Mapping[str, str], now: datetime) -> None:
    """The same inside a transaction that says more."""
    done = {"finished_at": now, "cursors": dict(cursors)}
    connection.execute(db.batches.update().where(db.batches.c.seq == batch.seq).values(**done))


def cursors(database: Database, owner: str) -> dict[str, str]:
    """Up to where an owner has read each table, by name; empty before its first finished batch."""
    batch = db.batches.c
    chosen = sa.select(batch.cursors).where(batch.owner == owner, batch.finished_at.is_not(None))
    with database.reading() as connection:
        return dict(connection.scalar(chosen.order_by(batch.seq.desc()).limit(1)) or {})


def last_seq(connection: sa.Connection) -> int:
    """The highest batch of any owner; 0 for none."""
    return connection.scalar(sa.select(sa.func.max(db.batches.c.seq))) or 0


def refuse_if_behind(database: Database, owner: str, stored: int) -> None:
    """Stop before new batches reuse numbers that the tables already hold.

    Args:
        database: where batches are counted.
        owner: whose tables were looked at, for the message.
        stored: the highest batch that its tables hold (``Tables.source_seq``, ``Tables.monitor_seq``).

    Raises:
        StoreBehind: the tables hold batches that the database does not know.
    """
    with database.reading() as connection:
        known = last_seq(connection)
    if stored > known:
        raise StoreBehind(
            f"the tables of {owner} hold batch {stored}, the database knows {known}: it was restored from an older "
            "state, or is another one. Restore the matching database, or point --store at an empty folder."
        )
