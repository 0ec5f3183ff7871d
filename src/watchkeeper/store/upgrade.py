"""Brings an operational database of an earlier release up to this one, in the transaction that opens it."""

from __future__ import annotations

import json

import sqlalchemy as sa


def upgrade(connection: sa.Connection, found: int, tables: sa.MetaData) -> None:
    """Change what a database of schema ``found`` has otherwise than ``tables`` say; tables it lacks are there already.

    Indexes that it lacks are made, so a new one needs no step of its own.
    """
    for table in tables.sorted_tables:
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    if found < 2:
        _move_memories(connection)


def _move_memories(connection: sa.Connection) -> None:
    """Until schema 2 a monitor's memory was text among the cursors of its last batch."""
    monitors = connection.execute(sa.text("SELECT name, cursors FROM monitors")).all()
    for name, known in monitors:
        text = _last_cursors(connection, f"monitor:{name}")
        memory = json.loads(text or "{}").get("memory")
        if memory is not None:
            carried = json.dumps({**json.loads(known), "memory": json.loads(memory)}, sort_keys=True)
            change = sa.text("UPDATE monitors SET cursors = :carried WHERE name = :name")
            connection.execute(change, {"carried": carried, "name": name})
    connection.execute(sa.text("DROP INDEX IF EXISTS ix_batches_owner"))


def _last_cursors(connection: sa.Connection, owner: str) -> str | None:
    chosen = sa.text(
        "SELECT cursors FROM batches WHERE owner = :owner AND finished_at IS NOT NULL ORDER BY seq DESC LIMIT 1"
    )
    found: str | None = connection.scalar(chosen, {"owner": owner})
    return found
