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
from watchkeeper.rules.limit import Limit
from watchkeeper.run.baseline import grids_from
from watchkeeper.run.differences import changed, gone
from watchkeeper.run.joins import joins, newly_needed, of_needed_length, of_other_length, single
from watchkeeper.run.limits import Later, standing
from watchkeeper.run.outlook import Outlook
from watchkeeper.run.reach import affected, readable
from watchkeeper.run.workplace import Workplace
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.store.current import newest
from watchkeeper.store.tables import POINT_KEY, VERDICT_KEY, Tables
from watchkeeper.terms import Status, Window
from watchkeeper.windows import micros

_NUMBERS = ("value", "baseline_value", "se", "baseline_se", "low", "high", "noise_floor", "compared")


@dataclass(frozen=True)
class Points:
    """The points that changed, and how many final windows say something else than before."""

    fresh: pa.Table
    restated: int


def points(tables: Tables, seen: Outlook, version: str, seq: int) -> Points:
    """Compute the points of the affected windows and keep those that say something new.

    A point whose rows have gone is kept as one without data.
    """
    everything = seen.fits_now or seen.labels_freeze_now or version != seen.memory.version
    windows = affected(seen, everything)
    known = tables.current_points(seen.monitor.name)
    if not windows:
        return Points(known.slice(0, 0), 0)
    ask = partial(_evaluated, tables, seen, version, seq)
    new = ask(windows, [replace(request, blocks=(1,)) for request in seen.resolved.requests])
    needed = joins(single(pa.concat_tables([known, new]), seen.calendar), seen.resolved.requests)
    new = pa.concat_tables([new, *_joined(seen, known, needed, windows, ask)])
    fresh = changed(new, _not_before(known, new), POINT_KEY)
    asked = _asked(known, seen.resolved.requests)
    lost = pa.concat_tables(
        [gone(new, _of_these_windows(asked, new), POINT_KEY), of_other_length(asked, needed, seen.calendar)]
    )
    lost = _emptied(newest(lost, POINT_KEY), version, seq)
    return Points(pa.concat_tables([fresh.cast(schemas.POINTS), lost.cast(schemas.POINTS)]), _restated(fresh, known))


def _evaluated(
    tables: Tables, seen: Outlook, version: str, seq: int, windows: Sequence[Window], requests: Sequence[Request]
) -> pa.Table:
    return evaluate(
        requests,
        _shelf(tables, seen, readable(seen, windows)),
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


def _joined(
    seen: Outlook,
    known: pa.Table,
    needed: pa.Table,
    windows: Sequence[Window],
    ask: Callable[[Sequence[Window], list[Request]], pa.Table],
) -> list[pa.Table]:
    """Points of joined windows, for the series whose single windows have too few rows to be judged.

    Where the length that a series needs has changed, all its windows are joined anew.
    """
    moved = _columns_of(newly_needed(known, needed, seen.calendar))
    everywhere: list[Request] = []
    here: list[Request] = []
    for request in _of_lengths(seen.resolved.requests, needed):
        (everywhere if (request.identity, request.column) in moved else here).append(request)
    made = [ask(windows, here)] if here else []
    made += [ask(seen.windows, everywhere)] if everywhere else []
    return [of_needed_length(table, needed, seen.calendar) for table in made]


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


def _not_before(known: pa.Table, new: pa.Table) -> pa.Table:
    first = pc.min(new["window_start"])
    return known.filter(pc.greater_equal(known["window_start"], first)) if new.num_rows else known


def _of_these_windows(current: pa.Table, new: pa.Table) -> pa.Table:
    spans = new.group_by(["window_start", "window_end"]).aggregate([])
    return (
        current.join(spans, ["window_start", "window_end"], join_type="left semi")
        .select(current.schema.names)
        .cast(current.schema)
    )


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
    """Judge every current point and keep the verdicts that say something new.

    A limit that came later is asked only of what had not been judged when it came.
    """
    points = place.tables.current_points(seen.monitor.name)
    since = standing(seen.resolved.limits, seen.memory.limits, seen.memory.last)
    ask = partial(_judged, place, seen, version, seq)
    made = [ask(points, [limit for limit in seen.resolved.limits if since[limit.identity] is None])]
    for limit in seen.resolved.limits:
        if (came := since[limit.identity]) is not None:
            later = Later(limit, came)
            made.append(later.verdicts(ask(later.asked(points, place.metrics, seen.clock), [limit])))
    return changed(pa.concat_tables(made), place.tables.current_verdicts(seen.monitor.name), VERDICT_KEY)


def _judged(
    place: Workplace, seen: Outlook, version: str, seq: int, points: pa.Table, limits: Sequence[Limit]
) -> pa.Table:
    return judge(
        points,
        metrics=place.metrics,
        calendar=seen.calendar,
        now=seen.clock.now,
        monitor_version=version,
        seq=seq,
        limits=limits,
        change_needs=seen.monitor.alarms.needs,
        baseline_span=seen.baseline.span,
    )
