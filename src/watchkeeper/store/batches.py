"""Batches: what a run of one owner is about to read, written down before it reads.

A batch that was begun and not finished is taken up by the next run, which reads exactly what was meant before; the
hops that are already done recognise its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from watchkeeper.errors import LeaseHeld, StoreBehind
from watchkeeper.store import database as db
from watchkeeper.store.database import Database

_LONG = 2_000
"""Characters of a manifest that is not kept once another batch has followed."""


@dataclass(frozen=True, slots=True)
class Batch:
    """``seq`` rises over all owners. The manifest is JSON; ``resumed``: it was begun by a run that did not end."""

    seq: int
    owner: str
    manifest: dict[str, Any]
    resumed: bool = False


def begin(database: Database, owner: str, now: datetime, manifest: Mapping[str, Any]) -> Batch:
    """A new batch, written down. Call it under the lease of the owner, when none of its batches is unfinished."""
    made = dict(manifest)
    with database.writing() as connection:
        values = {"owner": owner, "manifest": made, "started_at": now}
        seq = connection.execute(db.batches.insert().values(**values).returning(db.batches.c.seq)).scalar_one()
    return Batch(seq, owner, made)


def unfinished(database: Database, owner: str) -> Batch | None:
    """The batch of an owner that was begun and not finished."""
    batch = db.batches.c
    chosen = sa.select(db.batches).where(batch.owner == owner, batch.finished_at.is_(None)).order_by(batch.seq.desc())
    with database.reading() as connection:
        row = connection.execute(chosen.limit(1)).one_or_none()
    return None if row is None else Batch(row.seq, owner, row.manifest, resumed=True)


def finish(database: Database, batch: Batch, cursors: Mapping[str, Any], now: datetime) -> None:
    """Record that every hop of a batch is done, and up to where each table has been read.

    Raises:
        LeaseHeld: another process has finished it meanwhile.
    """
    with database.writing() as connection:
        finish_in(connection, batch, cursors, now)


def finish_in(connection: sa.Connection, batch: Batch, cursors: Mapping[str, Any], now: datetime) -> None:
    """The same inside a transaction that says more, which must then be rolled back where this raises."""
    mine = db.batches.c.seq == batch.seq, db.batches.c.finished_at.is_(None)
    done = connection.execute(db.batches.update().where(*mine).values(finished_at=now, cursors=dict(cursors)))
    if done.rowcount != 1:
        raise LeaseHeld(f"batch {batch.seq} of {batch.owner} was finished by another process; try again")
    _shorten(connection, batch)


def _shorten(connection: sa.Connection, batch: Batch) -> None:
    """No restart needs what the batches before this one have read; of files it would be a long list each time."""
    former = db.batches.c
    before = former.owner == batch.owner, former.seq < batch.seq, former.cursors.is_not(None)
    is_long = sa.func.length(sa.type_coerce(former.manifest, sa.Text)) > _LONG
    connection.execute(db.batches.update().where(*before, is_long).values(manifest={}))
    connection.execute(db.batches.update().where(*before).values(cursors=sa.null()))


def set_aside(database: Database, batch: Batch, now: datetime) -> None:
    """End a batch that cannot be read again as it was meant; its owner then counts as having read nothing yet."""
    finish(database, batch, {}, now)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an owner stands: its last finished batch, 0 for none, and up to where that has read each table."""

    seq: int = 0
    cursors: Mapping[str, Any] = field(default_factory=dict)


def standing(database: Database, owner: str) -> Standing:
    """How far an owner has come."""
    batch = db.batches.c
    chosen = sa.select(batch.seq, batch.cursors).where(batch.owner == owner, batch.finished_at.is_not(None))
    with database.reading() as connection:
        row = connection.execute(chosen.order_by(batch.seq.desc()).limit(1)).one_or_none()
    return Standing() if row is None else Standing(row.seq, row.cursors or {})


def last_seq(connection: sa.Connection, owner: str | None = None) -> int:
    """The highest batch of an owner, or of any; 0 for none."""
    chosen = sa.select(sa.func.max(db.batches.c.seq))
    return connection.scalar(chosen if owner is None else chosen.where(db.batches.c.owner == owner)) or 0


def refuse_if_behind(database: Database, owner: str, stored: int) -> None:
    """Stop before new batches reuse numbers that the tables already hold, or read again what they have read.

    Args:
        database: where batches are counted.
        owner: whose tables were looked at.
        stored: the highest batch that its tables hold (``Tables.source_seq``, ``Tables.monitor_seq``).

    Raises:
        StoreBehind: the tables hold batches that the database does not know.
    """
    with database.reading() as connection:
        known = last_seq(connection, owner)
    if stored > known:
        raise StoreBehind(
            f"the tables of {owner} hold batch {stored}, the database knows {known or 'none'} of it: the database was "
            "restored from an older state, or is another one. Restore the one that belongs to the store, or "
            "name an empty folder with --store: the log is then read and counted anew."
        )
