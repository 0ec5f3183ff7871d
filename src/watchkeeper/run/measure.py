"""From a resolved monitor to what one scan counts."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.spec.defaults import NUMERIC
from watchkeeper.spec.resolve import Column, Resolved
from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.confusion import Confusion
from watchkeeper.statistics.distinct import Distinct
from watchkeeper.statistics.grid import Grid
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.statistics.kernel import Measure, MeasuredColumn, Population
from watchkeeper.statistics.measure import LOG_LOSS
from watchkeeper.statistics.moments import Moments
from watchkeeper.statistics.score_bins import ScoreBins
from watchkeeper.terms import Role

BINARY = ("0", "1")
LABELLED = (
    ("decision", Confusion.kind),
    ("score", ScoreBins.kind),
    ("label", Categories.kind),
    (LOG_LOSS, Moments.kind),
)
"""Columns and kinds that are complete only when labels are."""
_POPULATIONS = {
    "parse_status": Population.ALL,
    "event_time": Population.ALL,
    "status_code": Population.REQUESTS,
    "latency_ms": Population.SERVED,
}


def measure(resolved: Resolved, grids: Mapping[str, Grid], classes: tuple[str, ...] = BINARY) -> Measure:
    """Every kind of statistic that applies to each column's role, so that a metric added later needs no scan.

    Args:
        grids: the grid of each column; none while the baseline is learnt.
        classes: classes of the labels and decisions.
    """
    names = {column.name for column in resolved.columns}
    labelled = resolved.monitor.labels is not None
    columns = tuple(_measured(column, grids.get(column.name), names, labelled) for column in resolved.columns)
    binary = resolved.monitor.task == "binary" and labelled and "score" in names
    keys = tuple(segment.key for segment in resolved.segments)
    return Measure(resolved.monitor.calendar, columns, keys, classes if labelled else (), log_loss=binary)


def _measured(column: Column, grid: Grid | None, names: set[str], labelled: bool) -> MeasuredColumn:
    population = _POPULATIONS.get(column.name, Population.OK)
    return MeasuredColumn(column.name, _kinds(column, names, labelled), population, grid)


def _kinds(column: Column, names: set[str], labelled: bool) -> tuple[str, ...]:
    if column.name == "event_time":
        return (Moments.kind,)
    kinds = [Moments.kind, Histogram.kind] if column.type == NUMERIC else [Categories.kind]
    if column.role is Role.FEATURE:
        kinds.append(Distinct.kind)
    if column.name == "score" and labelled:
        kinds.append(ScoreBins.kind)
    if column.name == "decision" and labelled and "label" in names:
        kinds.append(Confusion.kind)
    return tuple(kinds)
