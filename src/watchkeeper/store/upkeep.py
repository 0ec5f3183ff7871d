"""The daily upkeep of a monitor's tables, so that the files that a run opens do not become more and more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from watchkeeper.engines.base import Txn
from watchkeeper.engines.local import Local
from watchkeeper.store import tables as names
from watchkeeper.store.tables import Tables, app, monitor_owner
from watchkeeper.terms import Window

EVERY = timedelta(days=1)
"""How often a monitor's tables are tended."""
KEEP = timedelta(days=1)
"""How long files that were replaced stay for those who are reading them."""
_FEW = 8
"""Files of one month that are left as they are."""
_ORDER = ("metric", "column", "segment_key", "segment_value", "model_version", "baseline", "window_start", "seq")


def is_due(last: datetime | None, now: datetime) -> bool:
    """Whether a day has gone by since the tables were tended, or since the first run."""
    return last is not None and now - last >= EVERY


def tend(tables: Tables, monitor: str, source_id: str, keep: timedelta = KEEP) -> None:
    """Sort and join what many runs have appended; nothing that was ever said is lost.

    Points and verdicts are rewritten month by month, so that a file holds one month and a run reads only those months
    that it looks back on; within a file the rows of a series lie together. Call it under the monitor's lease.

    Args:
        source_id: the source whose events and annotations are joined too.
        keep: how long files that were replaced stay.
    """
    if not isinstance(tables.engine, Local):
        return
    for name in (names.POINTS, names.VERDICTS):
        for month in crowded(tables.engine.stretches(tables.table(name), "window_start", {"monitor": monitor})):
            _rewrite(tables, name, monitor, month)
    tables.engine.join_files(tables.table(names.STATISTICS), {"monitor": monitor})
    tables.engine.join_files(tables.table(names.ANNOTATIONS), {"source_id": source_id})
    tables.engine.join_files(tables.events_table(source_id), {})
    for table in (*map(tables.table, (*names.MONITOR_TABLES, names.ANNOTATIONS)), tables.events_table(source_id)):
        tables.engine.sweep(table, keep)


def crowded(files: Iterable[Window]) -> list[Window]:
    """The months that more than a few files reach into, in order.

    Args:
        files: from the least to the greatest time of each file.

    >>> day = datetime(2026, 5, 3, tzinfo=UTC)
    >>> [month.start.month for month in crowded([Window(day, day + timedelta(days=40))] * 9 + [Window(day, day)])]
    [5, 6]
    """
    held: dict[Window, int] = {}
    for file in files:
        for month in _months(file):
            held[month] = held.get(month, 0) + 1
    return sorted(month for month, count in held.items() if count > _FEW)


def _months(span: Window) -> Iterator[Window]:
    start = span.start.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while start <= span.end:
        end = (start + timedelta(days=32)).replace(day=1)
        yield Window(start, end)
        start = end


def _rewrite(tables: Tables, name: str, monitor: str, month: Window) -> None:
    """Replace the rows of a month by themselves, in order."""
    read = tables.points if name == names.POINTS else tables.verdicts
    rows = read(monitor, since=month.start, until=month.end)
    application = app(name, f"{monitor_owner(monitor)}/upkeep")
    seq = (tables.engine.stored_seq(tables.table(name), application) or 0) + 1
    order = [(column, "ascending") for column in (*_ORDER, *(["rule"] if name == names.VERDICTS else []))]
    tables.rewrite(name, monitor, rows.sort_by(order), month, Txn(application, seq))
