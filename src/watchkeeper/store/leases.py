"""One process at a time per owner."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from watchkeeper.errors import Faulty, LeaseHeld
from watchkeeper.store import database as db
from watchkeeper.store.database import Database
from watchkeeper.store.process import Process

EXPIRY = timedelta(minutes=5)
"""How long a lease outlives the last word of a holder on another host."""
_RENEWAL_SECONDS = 60.0
_left_behind: set[tuple[str, str]] = set()
"""Leases of this process, by database and owner, that could not be given back, as on a full disk."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


def clock() -> datetime:
    """The time that leases go by; never a time given by a caller."""
    return datetime.now(UTC)


@contextmanager
def held(
    database: Database, owner: str, now: Callable[[], datetime] = clock, *, wait_seconds: float = 0.0
) -> Iterator[None]:
    """Hold the lease of an owner, renewed in the background, given back at the end.

    Args:
        wait_seconds: how long to wait for one that another process holds.

    Raises:
        LeaseHeld: another process holds it.
    """
    me = Process.this()
    _take_within(wait_seconds, lambda: take(database, owner, me, now()))
    done = threading.Event()
    renewal = threading.Thread(target=_renew, args=(database, owner, me, now, done), daemon=True)
    renewal.start()
    try:
        yield
    finally:
        done.set()
        renewal.join()
        try:
            give_back(database, owner, me)
        except Faulty:  # what the work itself met says more
            _left_behind.add((str(database.engine.url), owner))


def _take_within(seconds: float, attempt: Callable[[], None]) -> None:
    """Repeat an attempt until the time is up, at growing and uneven intervals."""
    end, pause = time.monotonic() + seconds, _FIRST_PAUSE
    while True:
        try:
            return attempt()
        except LeaseHeld:
            if time.monotonic() >= end:
                raise
        time.sleep(min(pause * random.uniform(0.5, 1.0), max(end - time.monotonic(), 0.0)))  # noqa: S311
        pause = min(2 * pause, _LONGEST_PAUSE)


def take(database: Database, owner: str, me: Process, now: datetime) -> None:
    """Take a lease that is free, whose holder died on this host, or that was not renewed for ``EXPIRY``.

    Raises:
        LeaseHeld: it is held; also by this process, which does not take it twice.
    """
    with database.writing() as connection:
        row = connection.execute(sa.select(db.leases).where(db.leases.c.owner == owner).with_for_update()).one_or_none()
        if row is not None:
            holder = Process(row.host, row.pid, row.pid_started)
            left = holder == me and (str(database.engine.url), owner) in _left_behind
            if not left and not _is_free(holder, row.renewed_at, now):
                raise LeaseHeld(_held_by(owner, holder, row.renewed_at))
            connection.execute(db.leases.delete().where(db.leases.c.owner == owner))
        mine = {"owner": owner, "host": me.host, "pid": me.pid, "pid_started": me.started, "renewed_at": now}
        connection.execute(db.leases.insert().values(**mine))
    _left_behind.discard((str(database.engine.url), owner))


def _is_free(holder: Process, renewed_at: datetime, now: datetime) -> bool:
    return (holder.is_here and not holder.lives) or now - renewed_at > EXPIRY


def _held_by(owner: str, holder: Process, renewed_at: datetime) -> str:
    return f"{owner} is worked on by process {holder.pid} on {holder.host} (seen {db.iso(renewed_at)}); try again later"


def give_back(database: Database, owner: str, me: Process) -> None:
    """Free a lease, unless another process has taken it over."""
    with database.writing() as connection:
        connection.execute(db.leases.delete().where(*_mine(owner, me)))


def _mine(owner: str, me: Process) -> tuple[sa.ColumnElement[bool], ...]:
    lease = db.leases.c
    return lease.owner == owner, lease.host == me.host, lease.pid == me.pid, lease.pid_started == me.started


def _renew(database: Database, owner: str, me: Process, now: Callable[[], datetime], done: threading.Event) -> None:
    while not done.wait(_RENEWAL_SECONDS):
        with suppress(Faulty), database.writing() as connection:  # one that fails is followed by others in time
            connection.execute(db.leases.update().where(*_mine(owner, me)).values(renewed_at=now()))
