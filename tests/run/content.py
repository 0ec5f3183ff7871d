"""Everything that a store and its database say, without the numbers of batches, clocks of writing and hashes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from tests.run.build import NAME, STATISTICS_KEY, Bank, assert_same

from watchkeeper.run.log import find
from watchkeeper.run.outlook import Memory
from watchkeeper.run.remembered import remembered
from watchkeeper.store import database as db
from watchkeeper.store import incidents as projection
from watchkeeper.store import ledger, verification
from watchkeeper.store.tables import POINT_KEY, VERDICT_KEY
from watchkeeper.terms import Incident

EVENT_KEY = ("event_id", "row_hash", "row_index")


@dataclass(frozen=True)
class Content:
    """Tables in the order of their keys; of points and verdicts every state, the earlier first."""

    events: pa.Table
    annotations: pa.Table
    grids: pa.Table
    statistics: pa.Table
    points: pa.Table
    verdicts: pa.Table
    current_points: pa.Table
    current_verdicts: pa.Table
    memory: Memory
    entries: list[tuple[Any, ...]]
    incidents: list[Incident]
    outbox: list[tuple[Any, ...]]
    left_over: list[str]


def content_of(bank: Bank, name: str = NAME) -> Content:
    """What a bank's store and database hold of one monitor."""
    place = bank.place()
    tables, source = place.tables, find(place, bank.monitor(name)).source_id
    with place.database.reading() as connection:
        assert verification.verify(connection).intact
        entries, known = ledger.entries(connection), projection.listed(connection)
        asked = connection.execute(sa.select(db.outbox).order_by(db.outbox.c.key)).all()
        unfinished = connection.scalars(sa.select(db.batches.c.owner).where(db.batches.c.finished_at.is_(None))).all()
        leases = connection.scalars(sa.select(db.leases.c.owner)).all()
    memory = replace(remembered(place, name), events=None, annotations=0)
    place.database.close()
    events = list(tables.scan_events(source))
    return Content(
        events=_said(pa.Table.from_batches(events), EVENT_KEY) if events else pa.table({}),
        annotations=_said(tables.annotations(source), ("annotation_id",)),
        grids=_said(tables.grids(name), ("fitted_on", "column", "grid_id")),
        statistics=_said(tables.statistics(name), STATISTICS_KEY),
        points=_said(tables.points(name), (*POINT_KEY, "seq")),
        verdicts=_said(tables.verdicts(name), (*VERDICT_KEY, "seq")),
        current_points=_said(tables.current_points(name), POINT_KEY),
        current_verdicts=_said(tables.current_verdicts(name), VERDICT_KEY),
        memory=memory,
        entries=[(e.seq, e.actor, e.actor_kind, e.kind, e.subject, e.key, e.body) for e in entries],
        incidents=known,
        outbox=[(one.entry_seq, one.channel, one.key, one.state, one.attempts) for one in asked],
        left_over=[*unfinished, *leases],
    )


def _said(table: pa.Table, key: Iterable[str]) -> pa.Table:
    there = [name for name in key if name in table.column_names]
    ordered = table.sort_by([(name, "ascending") for name in there])
    return ordered.drop_columns([name for name in ("seq", "batch_seq") if name in ordered.column_names])


def assert_same_content(left: Content, right: Content) -> None:
    """Equal row for row; floats to 1e-9."""
    for field in fields(Content):
        one, other = getattr(left, field.name), getattr(right, field.name)
        if isinstance(one, pa.Table):
            assert one.num_rows == other.num_rows, field.name
            assert_same(one.select(_comparable(one)), other.select(_comparable(one)))
            assert _nested(one) == _nested(other), field.name
        else:
            assert one == other, field.name


def _comparable(table: pa.Table) -> list[str]:
    return [field.name for field in table.schema if not pa.types.is_struct(field.type)]


def _nested(table: pa.Table) -> list[Any]:
    names = [field.name for field in table.schema if pa.types.is_struct(field.type)]
    return table.select(names).to_pylist() if names else []
