"""The daily upkeep of a monitor's tables, so that the files that a run opens do not become more and more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from watchkeeper.engines.base import Txn
from watchkeeper.engines.local import Local
from watchkeeper.engines.upkeep import Stretch
from watchkeeper.store import tables as names
from watchkeeper.store.tables import Tables, app, monitor_owner

EVERY = timedelta(days=1)
"""How often a monitor's tables are tended."""
KEEP = timedelta(days=1)
"""How long files that were replaced stay for those who are reading them."""
_FEW = 8
"""Small files that are left as they are."""
_FULL = 250_000
"""Rows of a file that is left alone from then on, and that upkeep writes at most; about 20 MB to read."""
_ORDER = ("metric", "column", "segment_key", "segment_value", "model_version", "baseline", "window_start", "seq")


def is_due(last: datetime | None, now: datetime) -> bool:
    """Whether a day has gone by since the tables were tended, or since the first run."""
    return last is not None and now - last >= EVERY


def tend(tables: Tables, monitor: str, source_id: str, keep: timedelta = KEEP) -> None:
    """Sort and join what many runs have appended; nothing that was ever said is lost.

    The small files of points and verdicts, which are the newest batches, are joined to one in which the rows of a
    series lie together. A file is full at some size and then left alone, so upkeep does not rewrite history, and a run
    opens only the files that reach into the windows it looks back on. Call it under the monitor's lease.

    Args:
        source_id: the source whose events and annotations are joined too.
        keep: how long files that were replaced stay.
    """
    if not isinstance(tables.engine, Local):
        return
    for name in (names.POINTS, names.VERDICTS):
        small = newest_small(tables.engine.stretches(tables.table(name), "seq", {"monitor": monitor}))
        if small:
            _rewrite(tables, name, monitor, small[0].first, small[-1].last)
    tables.engine.join_files(tables.table(names.STATISTICS), {"monitor": monitor})
    tables.engine.join_files(tables.table(names.ANNOTATIONS), {"source_id": source_id})
    tables.engine.join_files(tables.events_table(source_id), {})
    for table in (*map(tables.table, (*names.MONITOR_TABLES, names.ANNOTATIONS)), tables.events_table(source_id)):
        tables.engine.sweep(table, keep)


def newest_small(files: Sequence[Stretch]) -> Sequence[Stretch]:
    """The files of the newest batches that are to be joined; none while they are few.

    Args:
        files: the batches of each file, in order; a batch lies in one file.

    >>> files = [Stretch(1, 9, 300_000), *(Stretch(seq, seq, 500) for seq in range(10, 20))]
    >>> newest_small(files)[0]
    Stretch(first=10, last=10, rows=500)
    """
    start, rows = len(files), 0
    while start and rows + files[start - 1].rows <= _FULL:
        start -= 1
        rows += files[start].rows
    return files[start:] if len(files) - start > _FEW else ()


def _rewrite(tables: Tables, name: str, monitor: str, first: int, last: int) -> None:
    application = app(name, f"{monitor_owner(monitor)}/upkeep")
    seq = (tables.engine.stored_seq(tables.table(name), application) or 0) + 1
    order = (*_ORDER, "rule") if name == names.VERDICTS else _ORDER
    tables.rewrite(name, monitor, first, last, order, Txn(application, seq))
