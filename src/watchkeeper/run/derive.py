"""Statistics → points → verdicts: derived again for every window that depends on what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper import schemas
from watchkeeper.metrics.evaluate import Request, evaluate
from watchkeeper.run.baseline import grids_from
from watchkeeper.run.carried import Past
from watchkeeper.run.differences import before, changed, closed, gone
from watchkeeper.run.joins import joins, of_needed_length, of_other_length, otherwise_joined, single
from watchkeeper.run.outlook import Outlook
from watchkeeper.run.reach import affected, readable, windows_before
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.store.current import newest
from watchkeeper.store.tables import POINT_KEY, Tables
from watchkeeper.terms import Status, Window
from watchkeeper.windows import micros

_NUMBERS = ("value", "baseline_value", "se", "baseline_se", "low", "high", "noise_floor", "compared")
_ASKED = ("metric", "column", "window_start", "window_end")


@dataclass(frozen=True)
class Points:
    """The points that changed.

    Args:
        restated: how many final windows say something else than before.
        joined: the largest number of windows that are joined for any series.
        whole: all points were derived, not only those that what arrived reaches.
    """

    fresh: pa.Table
    restated: int
    joined: int
    whole: bool

    @property
    def since(self) -> datetime | None:
        """Start of the first window that changed."""
        return pc.min(self.fresh["window_start"]).as_py()


def points(tables: Tables, seen: Outlook, version: str, seq: int, past: Past) -> Points:
    """Compute the points of the affected windows and keep those that say something new.

    A point whose rows have gone is kept as one without data.

    Args:
        past: what is known of the runs before; where that is nothing, all is derived.
    """
    whole = past.formed is None or seen.fits_now or seen.labels_freeze_now or version != seen.memory.version
    windows = affected(seen, whole)
    if not windows:
        return Points(schemas.POINTS.empty_table(), 0, 1, False)
    return _Derivation(tables, seen, version, seq, windows, None if whole else past.formed, past.closed).points()


@dataclass(frozen=True)
class _Derivation:
    """One derivation of the points of some windows; ``formed`` is None where these are all windows."""

    tables: Tables
    seen: Outlook
    version: str
    seq: int
    windows: Sequence[Window]
    formed: pa.Table | None
    closed: int

    def points(self) -> Points:
        calendar, requests = self.seen.calendar, self.seen.resolved.requests
        new = self._evaluated(self.windows, [replace(request, blocks=(1,)) for request in requests])
        past = schemas.POINTS.empty_table() if self.formed is None else self.formed
        needed = joins(single(pa.concat_tables([past, new]), calendar), requests)
        moved = otherwise_joined(joins(past, requests), needed)
        since = self._moved_since(moved, pa.concat_tables([past, new]))
        made = [new, *self._joined(needed, moved, since)]
        told = pa.concat_tables([new, *(of_needed_length(table, needed, calendar) for table in made[1:])])
        longest = max([1, *needed["windows"].to_pylist(), *moved["windows"].to_pylist()])
        known = self._known(longest, since)
        asked = _asked(known, requests)
        lost = [gone(told, _of_these(asked, made), POINT_KEY), of_other_length(asked, needed, calendar)]
        emptied = _emptied(newest(pa.concat_tables(lost), POINT_KEY), self.version, self.seq)
        fresh = changed(told, closed(known, self.closed), POINT_KEY)
        both = pa.concat_tables([fresh.cast(schemas.POINTS), emptied.cast(schemas.POINTS)])
        return Points(both, _restated(fresh, known), longest, self.formed is None)

    def _known(self, longest: int, since: datetime | None) -> pa.Table:
        """The points of the windows that are derived, single and joined, as they were before this batch."""
        first = until = None
        if self.formed is not None:
            first = windows_before(self.seen, min(self.windows[0].start, since or self.windows[0].start), longest)
            until = self.windows[-1].end
        return before(self.tables.points(self.seen.monitor.name, since=first, until=until), POINT_KEY, self.seq)

    def _moved_since(self, moved: pa.Table, points: pa.Table) -> datetime | None:
        """Start of the first window of the series that are joined otherwise than before."""
        if self.formed is None or not moved.num_rows:
            return None
        own = points.join(moved.select(schemas.SERIES_KEY), list(schemas.SERIES_KEY), join_type="left semi")
        first: datetime | None = pc.min(own["window_start"]).as_py()
        return first

    def _joined(self, needed: pa.Table, moved: pa.Table, since: datetime | None) -> list[pa.Table]:
        """Points of joined windows, for the series whose single windows have too few rows to be judged.

        Where the number of windows that a series joins has changed, all its windows are joined anew.
        """
        columns = _columns_of(moved) if since is not None else set()
        everywhere: list[Request] = []
        here: list[Request] = []
        for request in _of_lengths(self.seen.resolved.requests, needed):
            (everywhere if (request.identity, request.column) in columns else here).append(request)
        made = [self._evaluated(self.windows, here)] if here else []
        if everywhere and since is not None:
            after = {window for window in self.seen.windows if window.end > since}
            made.append(self._evaluated(sorted(after | set(self.windows)), everywhere))
        return made

    def _evaluated(self, windows: Sequence[Window], requests: Sequence[Request]) -> pa.Table:
        seen = self.seen
        return evaluate(
            requests,
            _shelf(self.tables, seen, readable(seen, windows, requests)),
            seen.baseline.shelf,
            monitor=seen.monitor.name,
            monitor_version=self.version,
            calendar=seen.calendar,
            windows=[micros(window.start) for window in windows],
            now=seen.clock.now,
            grace=seen.monitor.grace,
            matures_after=seen.clock.matures_after,
            partial=seen.partial,
            seq=self.seq,
        )


def _of_lengths(requests: Sequence[Request], needed: pa.Table) -> list[Request]:
    """The requests of which some series needs joined windows, with the numbers of windows that are joined."""
    lengths: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in needed.to_pylist():
        lengths[row["metric"], row["column"]].add(row["windows"])
    return [
        replace(request, blocks=tuple(sorted(lengths[request.identity, request.column])))
        for request in requests
        if lengths[request.identity, request.column]
    ]


def _columns_of(series: pa.Table) -> set[tuple[str, str]]:
    return set(zip(series["metric"].to_pylist(), series["column"].to_pylist(), strict=True))


def _asked(known: pa.Table, requests: Sequence[Request]) -> pa.Table:
    """Points of what is still asked; those of a metric that was taken out of the monitor stay as they are."""
    asked = pa.table(
        {"metric": [r.identity for r in requests], "column": [r.column for r in requests]},
        schema=pa.schema([("metric", pa.string()), ("column", pa.string())]),
    )
    once = asked.group_by(["metric", "column"]).aggregate([])
    return known.join(once, ["metric", "column"], join_type="left semi").select(known.schema.names).cast(known.schema)


def _shelf(tables: Tables, seen: Outlook, windows: Sequence[Window]) -> Shelf:
    grids = grids_from(tables.grids(seen.monitor.name))
    stored = tables.statistics(seen.monitor.name, role="input", windows=windows)
    wanted = seen.baseline.grid_ids
    fitting = [grid_id is None or not wanted or grid_id in wanted for grid_id in stored["grid_id"].to_pylist()]
    return Shelf.from_table(stored.filter(pa.array(fitting, pa.bool_())), grids)


def _of_these(known: pa.Table, made: Sequence[pa.Table]) -> pa.Table:
    """The known points of the metrics, columns and windows that were derived."""
    there = pa.concat_tables([table.select(_ASKED) for table in made]).group_by(list(_ASKED)).aggregate([])
    return known.join(there, list(_ASKED), join_type="left semi").select(known.schema.names).cast(known.schema)


def _emptied(lost: pa.Table, version: str, seq: int) -> pa.Table:
    lost = lost.filter(pc.not_equal(lost["status"], Status.NO_DATA.value))
    same = {
        "status": pa.scalar(Status.NO_DATA.value),
        "reason": pa.scalar("its rows have gone"),
        "n": pa.scalar(0, pa.int64()),
        "n_eff": pa.scalar(0.0),
        "monitor_version": pa.scalar(version),
        "seq": pa.scalar(seq, pa.int64()),
    }
    same |= {name: pa.scalar(None, pa.float64()) for name in _NUMBERS}
    for name, value in same.items():
        at = lost.schema.get_field_index(name)
        lost = lost.set_column(at, lost.schema.field(name), pa.repeat(value, lost.num_rows))
    return lost


def _restated(fresh: pa.Table, current: pa.Table) -> int:
    final = current.filter(pc.invert(current["open"])).select([*POINT_KEY, "value"])
    old = final.rename_columns([*POINT_KEY, "former"])
    both = fresh.select([*POINT_KEY, "value"]).join(old, list(POINT_KEY), join_type="inner")
    moved = both.filter(pc.not_equal(both["value"], both["former"]))
    return len(pc.unique(moved["window_start"]))
