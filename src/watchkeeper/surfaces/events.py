"""The newest events of one monitor, stored or read in place; their values are masked unless asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.engines.normal import plain_schema
from watchkeeper.rows import Identities, RowMaker
from watchkeeper.run.events import Events
from watchkeeper.run.log import find, read_as_of
from watchkeeper.run.workplace import Workplace
from watchkeeper.spec.monitor import Monitor
from watchkeeper.terms import Window

SHOWN = 20
"""Events that are shown where no number is given."""
IDS = ("event_id", "request_id", "row_hash", "session_id", "requester")
"""Columns that name something or somebody: their beginning is shown."""
VALUES = ("join_key", "score", "decision", "class_scores", "inputs", "outputs", "misfits", "turn")
"""Columns that hold what was asked and answered."""
_ID_SHOWN = 8
_FAR = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Listed:
    """Events, the newest first, and how many there are that fit; ``following`` is the time the rest begins before."""

    rows: pa.Table
    total: int
    following: datetime | None


def newest(
    place: Workplace,
    monitor: Monitor,
    *,
    parse_status: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = SHOWN,
) -> Listed:
    """The newest events of a monitor; reads, and stores nothing.

    Args:
        place: the project.
        monitor: whose log is looked at; of a payload log the events that runs have stored.
        parse_status: only these; ``duplicate`` and ``future`` are told while reading.
        since, until: events in ``[since, until)``.
        limit: how many.

    Raises:
        Faulty: the log cannot be found or read.
    """
    spans = _spans(since, until, place.now)
    events = _events(place, monitor)
    maker = RowMaker((), Identities.of(events.identities(spans)), None, place.now)
    kept, total = pa.table({}), 0
    for batch in events.read(spans):
        fit = _fitting(batch, maker, parse_status)
        total += fit.num_rows
        kept = _latest([kept, fit] if kept.num_columns else [fit], limit + 1)
    following = kept["event_time"][limit].as_py() + timedelta(microseconds=1) if kept.num_rows > limit else None
    return Listed(kept.slice(0, limit), total, following)


def _events(place: Workplace, monitor: Monitor) -> Events:
    log = find(place, monitor)
    changes = place.engine.changed(log.table, None)
    return read_as_of(place, log, log.options(place, 0, changes.cursor), changes, 0)


def _spans(since: datetime | None, until: datetime | None, now: datetime) -> Sequence[Window] | None:
    if since is None and until is None:
        return None
    return [Window(since or now - _FAR, until or now + _FAR)]


def _fitting(batch: pa.RecordBatch, maker: RowMaker, status: str | None) -> pa.Table:
    told = maker.rows(batch, {})["parse_status"].cast(pa.string())
    place = batch.schema.names.index("parse_status")
    whole = plain_schema(batch.schema)
    rows = pa.Table.from_batches([batch.cast(whole)]).set_column(place, whole.field(place), pa.chunked_array([told]))
    return rows if status is None else rows.filter(pc.equal(told, status))


def _latest(parts: Sequence[pa.Table], most: int) -> pa.Table:
    rows = pa.concat_tables([part.replace_schema_metadata(None) for part in parts], promote_options="permissive")
    order = pc.sort_indices(
        rows, [("event_time", "descending"), ("request_id", "ascending"), ("row_index", "ascending")]
    )
    return rows.take(order.slice(0, most))


def shown(rows: pa.Table, *, values: bool) -> Iterator[dict[str, Any]]:
    """Each event with the fields of EVENTS.

    Args:
        rows: of ``schemas.events``.
        values: show what was asked and answered; else a mask stands for each value, and ids are cut.
    """
    for row in rows.to_pylist():
        plain = {name: _unmapped(value) for name, value in row.items()}
        yield plain if values else masked(plain)


def _unmapped(value: Any) -> Any:
    """Maps come as pairs; they are objects."""
    if isinstance(value, list) and value and all(isinstance(one, tuple) and len(one) == 2 for one in value):
        return dict(value)
    return value


def masked(event: dict[str, Any]) -> dict[str, Any]:
    """The event with masks for values: the kind and, of texts and lists, the length; null stays null.

    >>> masked({"request_id": "0123456789ab", "score": 0.5, "inputs": {"job": "clerk", "age": None}})
    {'request_id': '01234567…', 'score': '<number>', 'inputs': {'job': '<text of 5>', 'age': None}}
    """
    return {name: _hidden(name, value) for name, value in event.items()}


def _hidden(name: str, value: Any) -> Any:
    if name in IDS:
        return _cut(value)
    if name == "raw_ref" and isinstance(value, str):
        table, sign, request = value.partition("#")
        return table + sign + str(_cut(request) or "")
    return mask(value) if name in VALUES else value


def _cut(text: Any) -> Any:
    return text[:_ID_SHOWN] + "…" if isinstance(text, str) and len(text) > _ID_SHOWN else text


def mask(value: Any) -> Any:
    """What kind of value it is, never what it says."""
    if isinstance(value, dict):
        return {name: mask(item) for name, item in value.items()}
    if value is None:
        return None
    if isinstance(value, bool):
        return "<true or false>"
    if isinstance(value, int | float):
        return "<number>"
    if isinstance(value, str):
        return f"<text of {len(value)}>"
    return f"<list of {len(value)}>" if isinstance(value, list | tuple) else "<time>"
