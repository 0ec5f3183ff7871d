"""What a monitor watches of a table: its columns with role and type, and its segments."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

import pyarrow as pa

from watchkeeper import schemas
from watchkeeper.spec.defaults import CATEGORY, NUMERIC
from watchkeeper.spec.monitor import ColumnsSpec, Monitor, Threshold
from watchkeeper.spec.report import Report, listed, nearest
from watchkeeper.terms import Role

IsBoolean = Callable[[str, pa.Schema], str | None]
"""Says why an SQL text is no boolean expression over a schema, or None where it is one."""

SYSTEM: dict[str, tuple[Role, str]] = {
    "score": (Role.SCORE, NUMERIC),
    "decision": (Role.DECISION, CATEGORY),
    "label": (Role.LABEL, CATEGORY),
    "event_time": (Role.SERVICE, NUMERIC),
    "parse_status": (Role.SERVICE, CATEGORY),
    "status_code": (Role.SERVICE, CATEGORY),
    "latency_ms": (Role.SERVICE, NUMERIC),
}
"""The columns every source may have beside features, in the order they are watched."""
ALWAYS = ("event_time", "parse_status")
KEYS = ("client_request_id", "databricks_request_id", "request_id", "row_index", "trace_id")
"""What labels may be joined on without being a feature."""
_IDENTIFIER = re.compile(r"^[A-Za-z_][A-Za-z0-9_.]*$")
_TAKEN = frozenset((*SYSTEM, "", "model_version", "weight", "row_index", "misfits", "log_loss"))


@dataclass(frozen=True, slots=True, order=True)
class Column:
    """One watched column. ``type`` is ``numeric`` or ``category``."""

    name: str
    role: Role
    type: str


@dataclass(frozen=True, slots=True, order=True)
class SegmentSpec:
    """A segment: the values of ``column``, or whether ``sql`` is true. ``key`` is its text in the file."""

    key: str
    column: str | None = None
    sql: str | None = None


def type_of(arrow: pa.DataType) -> str | None:
    """``numeric``, ``category``, or None for what is not watched: times, bytes, lists and structs.

    >>> type_of(pa.int64()), type_of(pa.bool_()), type_of(pa.binary())
    ('numeric', 'category', None)
    """
    kinds = pa.types
    if kinds.is_integer(arrow) or kinds.is_floating(arrow) or kinds.is_decimal(arrow):
        return NUMERIC
    text = kinds.is_string(arrow) or kinds.is_large_string(arrow) or kinds.is_string_view(arrow)
    if kinds.is_dictionary(arrow):
        return type_of(arrow.value_type)
    return CATEGORY if text or kinds.is_boolean(arrow) else None


def kept_name(name: str, inputs: pa.Schema) -> str | None:
    """The column a feature is kept under: its name, or that with ``~2`` where its name means something else."""
    return next((candidate for candidate in (name, f"{name}~2") if candidate in inputs.names), None)


def watched_columns(
    monitor: Monitor, inputs: pa.Schema, available: Collection[str], report: Report
) -> tuple[list[Column], list[tuple[str, str]]]:
    """The watched columns, and the features left out with the reason."""
    _check_named(monitor.columns, inputs, available, report)
    chosen, left_out = _features(monitor, inputs, report)
    present = {*available, *ALWAYS} | ({"label"} if monitor.labels is not None else set())
    system = [Column(name, *SYSTEM[name]) for name in SYSTEM if name in present]
    return chosen + system, left_out


def _check_named(columns: ColumnsSpec, inputs: pa.Schema, available: Collection[str], report: Report) -> None:
    there = f"there are: {listed([*inputs.names, *sorted(available)], 40)}"
    for key in ("score", "decision"):
        wanted = getattr(columns, key)
        if wanted is not None and not isinstance(wanted, Threshold) and key not in available:
            report.add("E302", f"columns.{key}", f"no column '{wanted}'", there)
    for name in columns.types:
        if kept_name(name, inputs) is None:
            report.add("E302", f"columns.types.{name}", f"no feature '{name}'", _features_there(name, inputs))
    for key, names in (("only", columns.features.only or ()), ("except", columns.features.without)):
        for index, name in enumerate(names):
            known = kept_name(name, inputs) is not None
            if not known and key == "only":
                path = f"columns.features.only[{index}]"
                report.add("E302", path, f"no feature '{name}'", _features_there(name, inputs))


def _features_there(name: str, inputs: pa.Schema) -> str:
    hint = nearest(name, inputs.names)
    return hint if hint.startswith("Did") else f"there are: {listed(sorted(inputs.names), 40)}"


def _features(monitor: Monitor, inputs: pa.Schema, report: Report) -> tuple[list[Column], list[tuple[str, str]]]:
    spec = monitor.columns.features
    only = None if spec.only is None else {kept_name(name, inputs): i for i, name in enumerate(spec.only)}
    without = {kept_name(name, inputs) for name in spec.without} | (set() if only else _own_columns(monitor))
    chosen, left_out = [], []
    for field in sorted(inputs, key=lambda field: field.name):
        name, kind = field.name, type_of(field.type)
        if (only is not None and name not in only) or name in without:
            continue
        reason = "its name is taken" if name in _TAKEN else f"{field.type} is neither a number nor a category"
        if kind is not None and name not in _TAKEN:
            chosen.append(Column(name, Role.FEATURE, kind))
        elif only is not None:
            report.add("E303", f"columns.features.only[{only[name]}]", f"column '{name}' cannot be watched: {reason}")
        else:
            left_out.append((name, reason))
    return chosen, left_out


def _own_columns(monitor: Monitor) -> set[str | None]:
    """Columns of the table that are something else than features."""
    columns = monitor.columns
    named = {columns.id, columns.time, columns.score, columns.version, columns.weight}
    decision = {columns.decision} if isinstance(columns.decision, str) else set()
    labels = monitor.labels
    in_same_table = labels is not None and labels.table == monitor.source.table
    return named | decision | ({labels.value, labels.at} if labels is not None and in_same_table else set())


def check_keys(monitor: Monitor, inputs: pa.Schema, available: Collection[str], report: Report) -> None:
    """Add E305 where there is no time, or no column that labels could be joined on, and W501 without an id."""
    if "event_time" not in available:
        report.add("E305", "columns.time", "there is no time of the prediction", "name its column: 'time: ...'")
    if monitor.source.format == "rows" and monitor.columns.id is None:
        fix = "name it with 'id: ...', so that a row that arrives twice counts once"
        report.add("W501", "columns.id", "rows have no id column, so equal rows count each", fix)
    known = {*available, *KEYS} | ({monitor.columns.id} if monitor.columns.id else set())
    for index, name in enumerate(monitor.labels.join if monitor.labels is not None else ()):
        if name not in known and kept_name(name, inputs) is None:
            path = "labels.join" if len(report.lines) and f"labels.join[{index}]" not in report.lines else ""
            fix = f"join on {listed(KEYS[:1])} or a feature: {listed(sorted(inputs.names), 20)}"
            report.add("E305", path or f"labels.join[{index}]", f"no column '{name}' to join labels on", fix)


def visible(inputs: pa.Schema, available: Collection[str]) -> pa.Schema:
    """What an SQL boolean may name: the features and the system columns that are there."""
    system = schemas.events(None, None)
    fields = [field for field in system if field.name in available and field.name not in inputs.names]
    return pa.schema([*inputs, *fields])


def watched_segments(
    monitor: Monitor, seen: pa.Schema, is_boolean: IsBoolean | None, report: Report
) -> list[SegmentSpec]:
    """The segments, each a column or an SQL boolean."""
    found = [
        _segment(text, f"segments[{index}]", seen, is_boolean, report) for index, text in enumerate(monitor.segments)
    ]
    return [segment for segment in found if segment is not None]


def _segment(text: str, path: str, seen: pa.Schema, check: IsBoolean | None, report: Report) -> SegmentSpec | None:
    name = kept_name(text, seen)
    if name is not None:
        return _column_segment(text, name, path, seen, report)
    if _IDENTIFIER.match(text) and text.lower() not in ("true", "false"):
        report.add("E302", path, f"no column '{text}'", _features_there(text, seen))
        return None
    return SegmentSpec(text, sql=text) if _is_boolean(text, path, seen, check, report) else None


def _column_segment(text: str, name: str, path: str, seen: pa.Schema, report: Report) -> SegmentSpec | None:
    arrow = seen.field(name).type
    whole = pa.types.is_integer(arrow)
    if type_of(arrow) != CATEGORY and not whole:
        fix = f'write an SQL boolean such as "{text} > 10"'
        report.add("E303", path, f"column '{text}' is {arrow}; a segment needs text, booleans or whole numbers", fix)
        return None
    return SegmentSpec(text, column=name)


def _is_boolean(sql: str, path: str, seen: pa.Schema, check: IsBoolean | None, report: Report) -> bool:
    reason = None if check is None else check(sql, seen)
    if reason is not None:
        fix = f"there are: {listed(sorted(seen.names), 20)}"
        report.add("E307", path, f"'{sql[:80]}' is not a boolean expression: {reason}", fix)
    return reason is None


def check_where(monitor: Monitor, seen: pa.Schema, check: IsBoolean | None, report: Report) -> None:
    """Add E307 where the filter of the source is no boolean expression."""
    if monitor.source.where is not None:
        _is_boolean(monitor.source.where, "source.where", seen, check, report)
