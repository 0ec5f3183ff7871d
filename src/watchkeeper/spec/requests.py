"""Which metric is computed for which column: the table of defaults, the metrics named and those that limits need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.request import Request
from watchkeeper.rules.limit import Limit
from watchkeeper.rules.merge import lengths
from watchkeeper.spec.defaults import CATEGORY, LEAST_SHARE, MOST_CATEGORIES, NUMERIC, defaults_for
from watchkeeper.spec.monitor import PREVIOUS, ROLLING, MetricSpec, Monitor
from watchkeeper.spec.named import DEFAULT, check_name, check_options
from watchkeeper.spec.report import Report, listed
from watchkeeper.spec.watched import Column, SegmentSpec
from watchkeeper.statistics.grid import Grid
from watchkeeper.terms import Role

_READS = {"histogram": NUMERIC, "moments": NUMERIC, "categories": CATEGORY}
_DAY = 86_400
TWO_CLASSES = ("binary", "ranking")
"""The tasks whose labels and decisions are told as ``1`` and ``0``."""
POSITIVE = "1"


@dataclass(frozen=True)
class Requests:
    """Makes the requests of one monitor.

    Args:
        columns: the watched columns by name.
        grids: the grids known so far by column; a category grid names the categories whose shares are followed.
        shares: share of each category in the baseline by column, where known.
    """

    monitor: Monitor
    columns: Mapping[str, Column]
    metrics: Mapping[str, Metric]
    grids: Mapping[str, Grid]
    shares: Mapping[str, Mapping[str, float]]
    report: Report

    def all(self, limits: Iterable[Limit]) -> list[Request]:
        """Every request once, in an order that the file does not decide."""
        wanted = [request for i, spec in enumerate(self.monitor.metrics) for request in self._named(i, spec)]
        wanted += [self._request(limit.metric, limit.options, limit.column) for limit in limits]
        by_key = {(request.column, request.identity): request for request in wanted}
        return [by_key[key] for key in sorted(by_key)]

    def _named(self, index: int, spec: MetricSpec) -> Iterator[Request]:
        path = f"metrics[{index}]"
        if spec.name == DEFAULT:
            yield from self._defaults()
        elif check_name("metric", spec.name, [*self.metrics, DEFAULT], path, self.report):
            metric = self.metrics[spec.name]
            check_options(metric, spec.options, f"{path}.{spec.name}", self.report)
            for column in self._columns(metric, spec.columns, path):
                yield from self._each(metric.name, spec.options, column)

    def _defaults(self) -> Iterator[Request]:
        labelled = self.monitor.labels is not None
        for column in self.columns.values():
            for line in defaults_for(self.monitor.task, column.role, column.type, column.name, labelled):
                read = self.metrics[line.metric].column or column.name
                yield from self._each(line.metric, line.options, read)

    def _each(self, metric: str, options: Mapping[str, Any], column: str) -> Iterator[Request]:
        """One request, or one for each category of the column where none is named."""
        if metric != "category_share" or options.get("category"):
            yield self._request(metric, options, column)
            return
        categories = self._categories(column)
        of = {"of": len(categories)} if len(categories) > 1 else {}
        for category in categories:
            yield self._request(metric, {"category": category, **of, **options}, column)

    def _categories(self, column: str) -> list[str]:
        """The categories followed; of the two classes of a binary model one says it all."""
        role = self.columns[column].role
        if self.monitor.task in TWO_CLASSES and role in (Role.DECISION, Role.LABEL):
            return [POSITIVE]
        grid = self.grids.get(column)
        shares = self.shares.get(column)
        named = grid.named if grid is not None else ()
        often = [c for c in named if shares is None or shares.get(c, 0.0) >= LEAST_SHARE]
        return often[:MOST_CATEGORIES]

    def _request(self, name: str, options: Mapping[str, Any], column: str) -> Request:
        metric = self.metrics[name]
        return Request(
            metric=metric,
            options=normal_options(metric, options),
            column=column,
            baselines=self._baselines(metric),
            blocks=self._blocks(metric),
        )

    def _baselines(self, metric: Metric) -> tuple[str, ...]:
        """What its points are compared with.

        Only a distance needs a point of its own against the window before; of the others the series itself shows it.
        """
        if not metric.compared_with_baseline:
            return ()
        asked = baselines(self.monitor)
        return asked if metric.needs_baseline else tuple(name for name in asked if name != PREVIOUS)

    def _blocks(self, metric: Metric) -> tuple[int, ...]:
        """How many windows are joined to one: windows under a day, volumes and ages are never joined."""
        short = self.monitor.window.about.total_seconds() < _DAY
        return (1,) if short or not metric.compared_with_baseline else lengths(metric.family, self.monitor.calendar)

    def _columns(self, metric: Metric, named: tuple[str, ...] | None, path: str) -> list[str]:
        """The columns a named metric is computed for, adding E202 and E302 where it cannot be."""
        missing = missing_for(metric, self.columns)
        if missing:
            self.report.add("E202", path, f"'{metric.name}' needs {missing}", _MEND[missing])
            return []
        if metric.column is not None:
            return self._own_column(metric, named, path)
        if named is None:
            fitting = [column.name for column in self.columns.values() if fits(metric, column)]
            if not fitting:
                self.report.add("E202", path, f"'{metric.name}' applies to no watched column", applies_to(metric))
            return fitting
        where = f"{path}.{metric.name}.columns"
        found = (self.suiting(metric, name, f"{where}[{i}]") for i, name in enumerate(named))
        return [column.name for column in found if column is not None]

    def _own_column(self, metric: Metric, named: tuple[str, ...] | None, path: str) -> list[str]:
        assert metric.column is not None
        for name in named or ():
            if name != metric.column:
                where = f"{path}.{metric.name}.columns"
                self.report.add("E202", where, f"'{metric.name}' reads {metric.column} alone, not '{name}'")
        return [metric.column]

    def suiting(self, metric: Metric, name: str, path: str) -> Column | None:
        """The watched column that a file calls by this name, adding E302 or E202 where the metric cannot read it."""
        column = self.columns.get(name) or self.columns.get(f"{name}~2")
        if column is None:
            self.report.add("E302", path, f"no watched column '{name}'", f"there are: {listed(sorted(self.columns))}")
            return None
        if not fits(metric, column):
            said = f"'{metric.name}' does not apply to '{name}', a {column.type} {column.role.value}"
            self.report.add("E202", path, said, applies_to(metric))
            return None
        return column


_MEND = {
    "labels": "add 'labels' with the table that the truth arrives in",
    "a score": "name its column: 'columns: {score: ...}'",
    "a decision": "name its column, or 'decision: {threshold: 0.5}'",
    "a status code": "only serving logs have one",
}


def missing_for(metric: Metric, columns: Mapping[str, Column]) -> str:
    """What a metric lacks: labels, a score, a decision or a status code; "" where nothing."""
    if metric.needs_labels and "label" not in columns:
        return "labels"
    needs = {"score": "a score", "log_loss": "a score", "decision": "a decision", "status_code": "a status code"}
    read = "score" if metric.column == "log_loss" else metric.column
    return needs.get(metric.column or "", "") if read is not None and read not in columns else ""


def read_types(metric: Metric) -> set[str]:
    """The types of columns whose statistics a metric reads."""
    kinds = (statistic.kind.partition("@")[0] for statistic in metric.reads)
    return {_READS[kind] for kind in kinds if kind in _READS}


def fits(metric: Metric, column: Column) -> bool:
    """Whether a metric can be computed for a column; a system's time is a number but no measurement."""
    return column.role in metric.roles and column.type in read_types(metric) and column.name != "event_time"


def applies_to(metric: Metric) -> str:
    """Which columns a metric is for, in words."""
    types, roles = " or ".join(sorted(read_types(metric))), " or ".join(role.value for role in metric.roles)
    return f"it is for columns of type {types} and role {roles}"


def normal_options(metric: Metric, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options with one form per number, so that ``800`` and ``800.0`` give the same identity.

    Options that a metric does not have are left out; ``check_options`` names them.
    """
    return {name: _normal(value, metric.options[name]) for name, value in options.items() if name in metric.options}


def _normal(value: Any, default: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(default, float):
        return float(value)
    return int(value) if float(value).is_integer() else value


def baselines(monitor: Monitor) -> tuple[str, ...]:
    """The baselines as points name them: ``fixed``, ``previous``, ``rolling:28d``."""
    rolling = monitor.baseline.rolling
    days = 0 if rolling is None else rolling.about.days
    return tuple(f"rolling:{days}d" if text.startswith(ROLLING) else text for text in monitor.baseline.compare)


@dataclass(frozen=True)
class Limits:
    """Makes the limits of one monitor precise: the column they read, options in one form, a segment that exists."""

    made: Requests
    segments: Mapping[str, SegmentSpec]

    def all(self) -> list[Limit]:
        """The limits that can be judged, in the order of the file."""
        found = (self._limit(i, limit) for i, limit in enumerate(self.made.monitor.alarms.limits))
        return [limit for limit in found if limit is not None]

    def _limit(self, index: int, limit: Limit) -> Limit | None:
        path, report = f"alarms.limits[{index}]", self.made.report
        if not check_name("metric", limit.metric, self.made.metrics, f"{path}.metric", report):
            return None
        metric = self.made.metrics[limit.metric]
        check_options(metric, limit.options, f"{path}.options", report)
        column = self._column(metric, limit, path)
        if limit.segment is not None and limit.segment.key not in self.segments:
            fix = f"segments are: {listed(self.segments)}" if self.segments else "add it to 'segments'"
            report.add("E302", f"{path}.segment", f"no segment '{limit.segment.key}'", fix)
            return None
        if column is None:
            return None
        return replace(limit, column=column, options=normal_options(metric, limit.options))

    def _column(self, metric: Metric, limit: Limit, path: str) -> str | None:
        report = self.made.report
        missing = missing_for(metric, self.made.columns)
        if missing:
            report.add("E202", f"{path}.metric", f"'{metric.name}' needs {missing}", _MEND[missing])
            return None
        if metric.column is not None:
            if limit.column not in ("", metric.column):
                report.add("E202", f"{path}.column", f"'{metric.name}' reads {metric.column}, not '{limit.column}'")
            return metric.column
        if not limit.column:
            report.add("E103", f"{path}.column", f"a limit on '{metric.name}' needs a column", applies_to(metric))
            return None
        column = self.made.suiting(metric, limit.column, f"{path}.column")
        return None if column is None else column.name
