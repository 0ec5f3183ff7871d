"""From statistics to points: every metric asked, over all windows, versions and segments at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa

from watchkeeper import schemas
from watchkeeper.metrics.base import Estimates
from watchkeeper.metrics.places import Places, Rows, empty_like
from watchkeeper.metrics.points import Header, points_table
from watchkeeper.metrics.request import Request, distinct
from watchkeeper.metrics.spans import Clock, Spans
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.terms import Status
from watchkeeper.windows import Calendar, Duration

__all__ = ["Request", "evaluate"]

CHUNK = 16_384
"""Cells that are computed at once; it bounds the memory, a fine histogram being 1.6 kB a cell."""


def evaluate(
    requests: Iterable[Request],
    shelf: Shelf,
    baseline: Shelf | None,
    *,
    monitor: str,
    monitor_version: str,
    calendar: Calendar,
    windows: Sequence[int],
    now: datetime,
    grace: Duration,
    matures_after: Duration | None = None,
    partial: Collection[int] = (),
    seq: int,
) -> pa.Table:
    """Compute the points of some windows, and of the spans of joined windows that hold them.

    There is a point for each request, baseline and cell (window, model version, segment) on the shelf. A window
    without any statistics counts 0 rows and has no data otherwise, for all versions and rows only.

    Args:
        requests: what to compute; a request met twice counts once.
        shelf: statistics of the windows, of those before them that baselines read and of all that are joined.
        baseline: statistics of the complete fixed baseline, or None while it is learnt.
        monitor: name of the monitor.
        monitor_version: digest of its resolved file.
        calendar: how the monitor cuts time.
        windows: starts of the windows, microseconds since 1970.
        now: the moment the points speak of.
        grace: how long after its end a window is open.
        matures_after: how long after its end a window's labels are incomplete; None: until it is final.
        partial: starts of windows that were read in part.
        seq: the batch that produces the points.

    Returns:
        Rows of ``schemas.POINTS``, one per key.

    Raises:
        GridMismatch: current and baseline statistics of a column were counted on different grids.
        ValueError: a request names a baseline that does not exist.
    """
    asked, header = distinct(requests), Header(monitor, monitor_version, seq)
    clock = Clock(now, grace, matures_after, frozenset(partial))
    tables = [schemas.POINTS.empty_table()]
    for length in sorted({length for request in asked for length in request.blocks}):
        places = Places.of(Spans.of(windows, length, calendar, clock), shelf, baseline, calendar)
        for request in asked if len(places.cells) else ():
            if length in request.blocks:
                tables += [points_table(places, header, request, *made) for made in _estimates_of(request, places)]
    return pa.concat_tables(tables).combine_chunks()


def _estimates_of(request: Request, places: Places) -> Iterator[tuple[str, Estimates, Estimates | None]]:
    """Per baseline its name, the estimates of each place, and those of its baseline."""
    metric, current = request.metric, places.current(request.metric, request.column)
    for name in request.compared_with:
        if current is None:
            yield name, _without_statistic(request, places), None
            continue
        base = places.baseline_of(name, metric, request.column) if name else None
        yield name, _estimates(request, places, current, base), _of_baseline(request, base)


def _estimates(request: Request, places: Places, current: Rows, base: Rows | None) -> Estimates:
    count = len(places.cells)
    chunks = ((start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))
    return Estimates.joined([_computed(request, places, current, base, chunk) for chunk in chunks])


def _computed(request: Request, places: Places, current: Rows, base: Rows | None, chunk: tuple[int, int]) -> Estimates:
    metric, now = request.metric, current.between(*chunk)
    if metric.needs_baseline:
        return metric.compute(now, empty_like(now) if base is None else base.between(*chunk), **request.options)
    if metric.uses_baseline:
        return metric.compute(now, None if base is None else base.between(*chunk), **request.options)
    if metric.needs_window:
        spans, span = places.spans, places.span[slice(*chunk)]
        return metric.compute(now, window_start=spans.start[span], window_end=spans.end[span], **request.options)
    return metric.compute(now, **request.options)


def _without_statistic(request: Request, places: Places) -> Estimates:
    """What there is to say where no statistic of the kind is stored."""
    metric, count = request.metric, len(places.cells)
    if not metric.compared_with_baseline:
        empty = Rows(metric.reads[0].empty(1, None), np.full(count, -1, np.int64))
        return _estimates(request, places, empty, None)
    uncut = places.uncut(metric, request.column)
    n = np.zeros(count, np.int64) if uncut is None else uncut
    return Estimates.of(np.full(count, np.nan), n=n, status=np.full(count, Status.NO_BASELINE.value))


def _of_baseline(request: Request, base: Rows | None) -> Estimates | None:
    """The metric of each place's baseline, for metrics that a baseline has a value of."""
    metric = request.metric
    if base is None or metric.needs_baseline:
        return None
    used, at = np.unique(base.index, return_inverse=True)
    then = Rows(base.statistic, used).take(np.arange(used.size))
    made = metric.compute(then, *([None] if metric.uses_baseline else []), **request.options)
    return made.take(at)
