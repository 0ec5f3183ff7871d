"""What a judgement rests on beside its own window: the first windows of each series, and the last ones before it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from watchkeeper.metrics.base import Metric
from watchkeeper.rules.change import applies
from watchkeeper.rules.families import DISTANCE, FAMILIES, FRESHNESS, ROW_COUNT, family_of
from watchkeeper.rules.judge import laid_out
from watchkeeper.rules.merge import FIRST
from watchkeeper.rules.series import Bools, SeriesBlock
from watchkeeper.rules.spread import AT_MOST, calibrating, inside
from watchkeeper.rules.volume import AGES, RESIDUALS
from watchkeeper.terms import Window
from watchkeeper.windows import Calendar

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@np.errstate(all="ignore")
def formative(
    points: pa.Table, *, metrics: Mapping[str, Metric], calendar: Calendar, now: datetime, span: Window | None
) -> pa.Table:
    """The points that every later judgement of their series rests on, however old they are.

    Of each series these are its first (up to 28) single windows with rows, which tell how many windows must be joined;
    the first (up to 28) that tell how much windows differ; and the windows of the baseline. Their number is bounded by
    the number of series, not by time.

    Args:
        points: current rows of ``schemas.POINTS``; those that were formative before, and all that have changed since.
        span: the time of a baseline taken from the monitored windows.

    Returns:
        Rows of ``points``.
    """
    found = laid_out(points, metrics, calendar, now)
    rows = [np.zeros(0, np.int64)]
    for (name, joined), block in found.items():
        if joined == 1:
            rows.append(block.row[_formative(block, metrics[name], calendar, span)])
    return points.take(pa.array(np.sort(np.concatenate(rows))))


def _formative(block: SeriesBlock, metric: Metric, calendar: Calendar, span: Window | None) -> Bools:
    chosen = _first(block.present & ~block.open & (block.n_eff > 0), FIRST)
    families = np.asarray([family_of(metric.family, metric.name, column) or "" for column in block.columns])
    chosen[np.isin(families, (ROW_COUNT, FRESHNESS))] = False
    for family in sorted(set(families) - {"", ROW_COUNT, FRESHNESS}):
        rows = np.flatnonzero((families == family) & applies(block, family, calendar))
        if rows.size:
            chosen[rows] |= _judged_by(block.take(rows), family, span)
    return chosen


def _judged_by(block: SeriesBlock, family: str, span: Window | None) -> Bools:
    of_baseline = block.present & (inside(block, span) if span is not None else False)
    if family == DISTANCE:
        return of_baseline
    kind = FAMILIES[family]
    return of_baseline | _first(calibrating(block, kind.scaled(block), kind), AT_MOST)


def _first(counted: Bools, size: int) -> Bools:
    return counted & (np.cumsum(counted, axis=1) <= size)


def traffic_windows(needs: int, calendar: Calendar) -> int:
    """How many windows before a window its verdict on traffic looks at.

    The ages of 28 windows of the stratum, or the 26 last differences from what was expected of 8; for each of the
    windows that a breach is counted in.

    Args:
        needs: the largest n of all "k of n".

    >>> from watchkeeper.windows import Duration
    >>> traffic_windows(3, Calendar(Duration(1, "day"))), traffic_windows(3, Calendar(Duration(1, "week")))
    (225, 57)
    """
    stratified = calendar.size.about <= _DAY and calendar.size.unit != "month"
    period = -(-_WEEK // calendar.size.about) if stratified else 1
    return needs + RESIDUALS + AGES * period
