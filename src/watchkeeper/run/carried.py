"""What the change rule carries from one run to the next: the formative points of every series."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import sqlalchemy as sa

from watchkeeper import schemas
from watchkeeper.rules.change import RULE
from watchkeeper.run.outlook import Memory
from watchkeeper.store import versions
from watchkeeper.store.database import Database

_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


@dataclass(frozen=True)
class Past:
    """What is known of the runs before.

    Args:
        formed: the formative points as of the last run; None where nothing is known of them.
        closed: the last batch that was closed; what a later one wrote was never judged or told.
    """

    formed: pa.Table | None
    closed: int


def past(database: Database, monitor: str, memory: Memory) -> Past:
    """What a monitor carries from its last run; nothing where its windows are counted anew."""
    with database.reading() as connection:
        state = versions.carried(connection, monitor, RULE.identity)
        closed = versions.monitor(connection, monitor).judged_seq
    return Past(_read(state) if state and memory.counted else None, closed)


def keep(connection: sa.Connection, monitor: str, seq: int, points: pa.Table) -> None:
    """Keep the formative points of a monitor, as of a batch; written only where they differ from what is kept."""
    state = _written(points)
    if versions.carried(connection, monitor, RULE.identity) != state:
        versions.carry(connection, monitor, RULE.identity, seq, state)


def _written(points: pa.Table) -> bytes:
    plain = pa.table([points[name].combine_chunks() for name in schemas.POINTS.names], schema=schemas.POINTS)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schemas.POINTS, options=_OPTIONS) as stream:
        stream.write_table(plain)
    return sink.getvalue().to_pybytes()


def _read(state: bytes) -> pa.Table:
    with pa.ipc.open_stream(pa.py_buffer(state)) as stream:
        return stream.read_all()
