"""An entry that is a name, or a name with options: ``psi``, or ``quantile: {columns: [latency_ms], p: 0.95}``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.metrics.base import Metric
from watchkeeper.spec.monitor import MetricSpec, ScoreSpec
from watchkeeper.spec.report import Report, nearest
from watchkeeper.spec.shapes import BAD, Many, Scalar, Text, entries, joined, shown
from watchkeeper.spec.yaml_text import Node

DEFAULT = "default"
_COLUMNS = Many(Text(wanted="the name of a column"), single=True, least=1)


def check_name(kind: str, name: str, known: Collection[str] | None, path: str, report: Report) -> bool:
    """Whether a plug-in of that name is known, adding E201 where not; everything is known where ``known`` is None."""
    if known is None or name in known:
        return True
    report.add("E201", path, f"no {kind} '{name[:80]}'.", nearest(name, known) or f"no {kind} is set up")
    return False


def check_options(metric: Metric, options: Mapping[str, Any], path: str, report: Report) -> None:
    """Add E101 for options the metric does not have and E102 for values of another kind than their defaults."""
    for name, value in options.items():
        where = joined(path, name)
        if name not in metric.options:
            has = nearest(name, metric.options) if metric.options else "it has none"
            report.add("E101", where, f"'{metric.name}' has no option '{name[:80]}'.", has)
        elif not _fits(value, metric.options[name]):
            wanted = "a number" if isinstance(metric.options[name], int | float) else "a text"
            report.add("E102", where, f"{value!r} is not {wanted}", f"the default is {metric.options[name]!r}")


def _fits(value: Any, default: Any) -> bool:
    if default is None:
        return True
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, type(default))
    return isinstance(value, int | float) == isinstance(default, int | float)


def _pair(node: Node, path: str, report: Report, kind: str) -> tuple[str, Node | None] | None:
    """The name and, where given, the node of the options."""
    if isinstance(node.value, str) and node.value.strip():
        return node.value, None
    pairs = entries(node, path, report) if node.kind == "mapping" else []
    if len(pairs) != 1:
        fix = f"write a name, or one '{kind}: {{option: value}}' an item"
        report.add("E102", path, f"{shown(node)} is not the name of a {kind}", fix, node.line)
        return None
    return pairs[0]


def _options(node: Node | None, path: str, report: Report) -> dict[str, Node] | None:
    if node is None or node.value is None:
        return {}
    if node.kind != "mapping":
        report.add("E102", path, f"{shown(node)} is not a mapping of options", "", node.line)
        return None
    return dict(entries(node, path, report))


@dataclass(frozen=True)
class NamedMetric:
    """A metric of the monitor file. ``known`` None leaves names and options unchecked."""

    known: Mapping[str, Metric] | None = None

    def read(self, node: Node, path: str, report: Report) -> Any:
        pair = _pair(node, path, report, "metric")
        if pair is None:
            return BAD
        name, body = pair
        where = path if body is None else joined(path, name)
        given = _options(body, where, report)
        names = None if self.known is None else [*self.known, DEFAULT]
        if not check_name("metric", name, names, path, report) or given is None:
            return BAD
        columns = given.pop("columns", None)
        chosen = None if columns is None else _COLUMNS.read(columns, f"{where}.columns", report)
        options = _scalars(given, where, report)
        if self.known is not None:
            self._check(name, columns is not None, options, where, report)
        return MetricSpec(name, None if chosen is BAD else chosen, options)

    def _check(self, name: str, columns: bool, options: dict[str, Any], path: str, report: Report) -> None:
        assert self.known is not None
        if name != DEFAULT:
            check_options(self.known[name], options, path, report)
        elif options or columns:
            report.add("E101", path, "'default' takes no columns and no options.", "name a metric to set them")

    def spell(self, value: MetricSpec) -> Any:
        columns = {} if value.columns is None else {"columns": list(value.columns)}
        body = columns | dict(value.options)
        return {value.name: body} if body else value.name

    def schema(self) -> dict[str, Any]:
        if self.known is None:
            return {"anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1, "maxProperties": 1}]}
        withs = {name: _metric_schema(metric) for name, metric in sorted(self.known.items())}
        one = {"type": "object", "properties": withs, "additionalProperties": False, "maxProperties": 1}
        return {"anyOf": [{"enum": [DEFAULT, *sorted(self.known)]}, one | {"minProperties": 1}]}


def _scalars(given: Mapping[str, Node], path: str, report: Report) -> dict[str, Any]:
    read = {name: Scalar().read(node, joined(path, name), report) for name, node in given.items()}
    return {name: value for name, value in read.items() if value is not BAD}


def _metric_schema(metric: Metric) -> dict[str, Any]:
    options = {name: option_schema(default) for name, default in metric.options.items()}
    properties = {"columns": _COLUMNS.schema()} | options
    return {
        "type": ["object", "null"],
        "description": metric.summary,
        "properties": properties,
        "additionalProperties": False,
    }


def option_schema(default: Any) -> dict[str, Any]:
    """JSON schema of an option, from its default."""
    if default is None:
        return {}
    kinds: list[tuple[type | tuple[type, ...], str]] = [(bool, "boolean"), ((int, float), "number"), (str, "string")]
    names = [name for kind, name in kinds if isinstance(default, kind)]
    return {"default": default} | ({"type": names[0]} if names else {})


@dataclass(frozen=True)
class NamedScorer:
    """A scorer of the monitor file. ``known`` None leaves names unchecked."""

    known: Collection[str] | None = None
    make: Callable[..., ScoreSpec] = ScoreSpec

    def read(self, node: Node, path: str, report: Report) -> Any:
        pair = _pair(node, path, report, "scorer")
        if pair is None:
            return BAD
        name, body = pair
        where = path if body is None else joined(path, name)
        given = _options(body, where, report)
        if not check_name("scorer", name, self.known, path, report) or given is None:
            return BAD
        return self.make(name, _scalars(given, where, report))

    def spell(self, value: ScoreSpec) -> Any:
        return {value.name: dict(value.options)} if value.options else value.name

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1, "maxProperties": 1}]}
