"""Monitors as they are known to the database: their versions, how far they are judged, how the last run went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from watchkeeper.store import database as db


@dataclass(frozen=True, slots=True)
class MonitorRow:
    """One monitor.

    Args:
        judged_seq: the last batch that was judged; 0 for none.
        cursors: what it carries from one run to the next, written when a batch is closed: its ``memory``, what its
            tables hold (``stored``: last batch by table), and ``table format features`` of its log.
        last_run: ``at`` and ``error`` of the last run, whether it found anything to do or not; None before it.
    """

    name: str
    version: str | None = None
    judged_seq: int = 0
    cursors: Mapping[str, Any] = field(default_factory=dict)
    last_run: Mapping[str, Any] | None = None


def monitor(connection: sa.Connection, name: str) -> MonitorRow:
    """What is known of a monitor; the empty row where nothing is."""
    row = connection.execute(sa.select(db.monitors).where(db.monitors.c.name == name)).one_or_none()
    return MonitorRow(name) if row is None else MonitorRow(**row._mapping)


def monitors(connection: sa.Connection) -> list[MonitorRow]:
    """Every monitor that ever ran, by name."""
    return [
        MonitorRow(**row._mapping) for row in connection.execute(sa.select(db.monitors).order_by(db.monitors.c.name))
    ]


def save_monitor(connection: sa.Connection, name: str, **changes: Any) -> None:
    """Change some of ``version judged_seq cursors last_run`` of a monitor."""
    there = connection.scalar(sa.select(sa.func.count()).where(db.monitors.c.name == name))
    if not there:
        connection.execute(db.monitors.insert().values(name=name, judged_seq=0, cursors={}))
    if changes:
        connection.execute(db.monitors.update().where(db.monitors.c.name == name).values(**changes))


def put_version(connection: sa.Connection, name: str, version: str, content: Mapping[str, Any], at: datetime) -> bool:
    """Keep what a version of a monitor says; False where it is kept already."""
    if content_of(connection, name, version) is not None:
        return False
    kept = {"monitor": name, "version": version, "content": dict(content), "first_used_at": at}
    connection.execute(db.monitor_versions.insert().values(**kept))
    return True


def content_of(connection: sa.Connection, name: str, version: str) -> dict[str, Any] | None:
    """What a version of a monitor says."""
    chosen = sa.select(db.monitor_versions.c.content)
    found: dict[str, Any] | None = connection.scalar(
        chosen.where(db.monitor_versions.c.monitor == name, db.monitor_versions.c.version == version)
    )
    return found


def carried(connection: sa.Connection, name: str, rule: str) -> bytes:
    """What a rule carries from one judging to the next; empty at first."""
    state = db.rule_state.c
    found = connection.scalar(sa.select(state.state).where(state.monitor == name, state.rule == rule))
    return found or b""


def carry(connection: sa.Connection, name: str, rule: str, seq: int, state: bytes) -> None:
    """Keep what a rule carries, as of a batch."""
    kept = db.rule_state.c
    connection.execute(db.rule_state.delete().where(kept.monitor == name, kept.rule == rule))
    connection.execute(db.rule_state.insert().values(monitor=name, rule=rule, seq=seq, state=state))


def consume(connection: sa.Connection, account: str, seq: int) -> bool:
    """Let an account consume a batch; False where it has."""
    spent = db.consumed_batches.c
    if connection.scalar(sa.select(sa.func.count()).where(spent.account == account, spent.seq == seq)):
        return False
    connection.execute(db.consumed_batches.insert().values(account=account, seq=seq))
    return True
