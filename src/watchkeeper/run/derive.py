"""Statistics → points → verdicts: derived again for every window that depends on what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper import schemas
from watchkeeper.metrics.evaluate import Request, evaluate
from watchkeeper.rules.judge import judge
from watchkeeper.run.baseline import grids_from
from watchkeeper.run.differences import changed, gone
from watchkeeper.run.joins import joins, of_needed_length
from watchkeeper.run.outlook import Outlook
from watchkeeper.run.workplace import Workplace
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.store.tables import POINT_KEY, VERDICT_KEY, Tables
from watchkeeper.terms import Status, Window
from watchkeeper.windows import micros

_NUMBERS = ("value", "baseline_value", "se", "baseline_se", "low", "high", "noise_floor", "compared")


@dataclass(frozen=True)
class Points:
    """The points that changed, and how many final windows say something else than before."""

    fresh: pa.Table
    restated: int


def affected(seen: Outlook, everything: bool) -> list[Window]:
    """The windows whose points may differ: those counted, those compared with one of them, those that became final."""
    if everything:
        return list(seen.windows)
    counted = {one.window for one in seen.due}
    followers = {seen.calendar.following(window) for window in counted}
    chosen = counted | followers | seen.flipped
    return [window for window in seen.windows if window in chosen]


def points(tables: Tables, seen: Outlook, version: str, seq: int) -> Points:
    """Compute the points of the affected windows and keep those that say something new.

    A point whose rows have gone is kept as one without data.
    """
    everything = seen.fits_now or seen.labels_freeze_now or version != seen.memory.version
    windows = affected(seen, everything)
    if not windows:
        return Points(tables.current_points(seen.monitor.name).slice(0, 0), 0)
    longest = max((max(request.blocks) for request in seen.resolved.requests), default=1)
    spans = _reach(seen, windows, longest)
    ask = partial(_evaluated, seen, _shelf(tables, seen, spans), windows, version, seq)
    new = ask([replace(request, blocks=(1,)) for request in seen.resolved.requests])
    new = pa.concat_tables([new, _joined(tables, seen, new, ask)])
    current = tables.current_points(seen.monitor.name, since=spans[0].start, until=spans[-1].end)
    fresh = changed(new, current, POINT_KEY)
    lost = _emptied(gone(new, _of_these_windows(current, new), POINT_KEY), version, seq)
    return Points(pa.concat_tables([fresh.cast(schemas.POINTS), lost.cast(schemas.POINTS)]), _restated(fresh, current))


def _evaluated(
    seen: Outlook, shelf: Shelf, windows: Sequence[Window], version: str, seq: int, requests: Sequence[Request]
) -> pa.Table:
    return evaluate(
        requests,
        shelf,
        seen.baseline.shelf,
        monitor=seen.monitor.name,
        monitor_version=version,
        calendar=seen.calendar,
        windows=[micros(window.start) for window in windows],
        now=seen.clock.now,
        grace=seen.monitor.grace,
        matures_after=seen.clock.matures_after,
        partial=seen.partial,
        seq=seq,
    )


def _joined(tables: Tables, seen: Outlook, new: pa.Table, ask: Callable[[list[Request]], pa.Table]) -> pa.Table:
    """Points of joined windows, for the series whose single windows have too few rows to be judged."""
    needed = joins(pa.concat_tables([tables.current_points(seen.monitor.name), new]), seen.resolved.requests)
    lengths: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in needed.to_pylist():
        lengths[row["metric"], row["column"]].add(row["windows"])
    requests = [
        replace(request, blocks=tuple(sorted(lengths[request.identity, request.column])))
        for request in seen.resolved.requests
        if lengths[request.identity, request.column]
    ]
    return of_needed_length(ask(requests), needed, seen.calendar) if requests else new.slice(0, 0)


def _reach(seen: Outlook, windows: Sequence[Window], longest: int) -> list[Window]:
    """The windows whose statistics are read: those affected, those joined with them and one before."""
    first = seen.calendar.previous(seen.calendar.block(windows[0], longest))
    last = seen.calendar.block(windows[-1], longest)
    return [window for window in seen.windows if window.end > first.start and window.start < last.end]


def _shelf(tables: Tables, seen: Outlook, windows: Sequence[Window]) -> Shelf:
    grids = grids_from(tables.grids(seen.monitor.name))
    stored = tables.statistics(seen.monitor.name, role="input", windows=windows)
    wanted = seen.baseline.grid_ids
    fitting = [grid_id is None or not wanted or grid_id in wanted for grid_id in stored["grid_id"].to_pylist()]
    return Shelf.from_table(stored.filter(pa.array(fitting, pa.bool_())), grids)


def _of_these_windows(current: pa.Table, new: pa.Table) -> pa.Table:
    spans = new.group_by(["window_start", "window_end"]).aggregate([])
    return current.join(spans, ["window_start", "window_end"], join_type="left semi").select(current.schema.names)


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


def verdicts(place: Workplace, seen: Outlook, version: str, seq: int) -> pa.Table:
    """Judge every current point and keep the verdicts that say something new."""
    new = judge(
        place.tables.current_points(seen.monitor.name),
        metrics=place.metrics,
        calendar=seen.calendar,
        now=seen.clock.now,
        monitor_version=version,
        seq=seq,
        limits=seen.resolved.limits,
        change_needs=seen.monitor.alarms.needs,
        baseline_span=seen.baseline.span,
    )
    return changed(new, place.tables.current_verdicts(seen.monitor.name), VERDICT_KEY)
