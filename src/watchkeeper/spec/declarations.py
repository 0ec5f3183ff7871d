"""Every key of the monitor file: its shape, its default and what it is for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from watchkeeper.metrics.base import Metric
from watchkeeper.rules.limit import Limit
from watchkeeper.rules.outcome import KofN
from watchkeeper.spec.monitor import (
    FIXED,
    PREVIOUS,
    ROLLING,
    AlarmsSpec,
    BaselineSpec,
    CapsSpec,
    ColumnsSpec,
    FeaturesSpec,
    LabelsSpec,
    Monitor,
    NotifySpec,
    RemedySpec,
    SourceSpec,
    Threshold,
)
from watchkeeper.spec.named import NamedMetric, NamedScorer, check_name, check_options
from watchkeeper.spec.report import Report, nearest
from watchkeeper.spec.shapes import (
    BAD,
    DATE,
    DURATION,
    MOMENT,
    REQUIRED,
    WINDOW,
    AnyText,
    Choice,
    Either,
    Key,
    Many,
    Names,
    Number,
    Optional,
    Parsed,
    Record,
    Scalar,
    Text,
    Truth,
    joined,
)
from watchkeeper.spec.yaml_text import Node
from watchkeeper.terms import Segment, Severity
from watchkeeper.windows import Duration

TASKS = ("binary", "multiclass", "regression", "ranking", "genai", "none")
GENAI_FORMATS = ("mlflow_traces", "otlp", "langsmith", "langfuse", "opik", "trulens")
FORMATS = ("auto", "inference_table", "rows", *GENAI_FORMATS)
TYPES = ("double", "bigint", "string", "boolean")
SEVERITIES = tuple(severity.value for severity in Severity)


@dataclass(frozen=True)
class Known:
    """The names a monitor file may use; None leaves names of that kind unchecked."""

    metrics: Mapping[str, Metric] | None = None
    channels: Collection[str] | None = None
    scorers: Collection[str] | None = None


_COLUMN = Text(wanted="the name of a column")
_TABLE = Text(wanted="the name of a table, a folder, a file or a glob")
_SQL = Text(wanted="an SQL boolean, such as \"region = 'north'\"")
_NAME = Text(r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$", "a name", "use letters, digits, '_', '-' and '.'")


_MOST_WINDOWS = 100


def _k_of_n(text: str) -> KofN:
    match = re.match(r"^\s*(\d{1,3}) of (\d{1,3})\s*$", text, re.ASCII)
    k, n = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= k <= n <= _MOST_WINDOWS:
        raise ValueError(f"{text!r} is not 'k of n'")
    return KofN(k, n)


def _k_of_n_text(needs: KofN) -> str:
    return f"{needs.k} of {needs.n}"


K_OF_N = Parsed(_k_of_n, "of the form '2 of 3' with 1 ≤ k ≤ n ≤ 100", r"^[0-9]+ of [0-9]+$", _k_of_n_text)


@dataclass(frozen=True)
class _OneOf(Text):
    """A name; the known ones are listed in the schema and checked elsewhere."""

    names: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.names)} if self.names else super().schema()


def _one_of(wanted: str, names: Collection[str] | None) -> Text:
    return _OneOf(wanted=wanted, names=tuple(sorted(names or ())))


def monitor_shape(known: Known) -> Record:
    """The shape of a whole monitor file."""
    return Record(Monitor, _monitor_keys(known), _complete, wanted="a mapping of keys to values")


def _monitor_keys(known: Known) -> tuple[Key, ...]:
    return (
        Key("version", Choice((1,)), 1, "version of the file's form"),
        Key("name", Optional(_NAME), None, "the file's stem where none is given"),
        Key("model", Optional(_NAME), None, "the model watched; the monitor's name where none is given"),
        Key("task", Optional(Choice(TASKS)), None, "what the model does"),
        Key("owner", Optional(Text()), None, "who answers for the monitor"),
        Key("description", AnyText(), "", "what the monitor is for"),
        Key("source", _SOURCE, REQUIRED, "the serving log: a table name, a folder, a file or a glob"),
        Key("columns", _COLUMNS, ColumnsSpec(), "where the parts of a prediction stand"),
        Key("window", WINDOW, Duration(1, "day"), "the span of one number"),
        Key("grace", DURATION, Duration(1, "hour"), "how long after its end a window waits for late rows"),
        Key("timezone", _TIMEZONE, "UTC", "the zone windows are aligned to"),
        Key("segments", Many(Text(wanted="a column or an SQL boolean")), (), "columns or SQL booleans"),
        Key("baseline", _BASELINE, _DEFAULT_BASELINE, "what windows are compared with"),
        Key("labels", Optional(_LABELS), None, "where the truth arrives later"),
        Key("scores", Many(NamedScorer(known.scorers)), (), "scorers of GenAI turns"),
        Key("metrics", Many(NamedMetric(known.metrics), least=1), (_DEFAULT_METRICS,), "names, or a name with options"),
        Key("alarms", _alarms(known), AlarmsSpec(None, KofN(2, 3), ()), "what makes an alarm"),
        Key("notify", Many(_notify(known)), (), "channels told of incidents"),
        Key("remedies", Many(_REMEDY), (), "what to propose when something fails"),
        Key("caps", _CAPS, CapsSpec(), "bounds on the work of one window"),
    )


_DEFAULT_METRICS = NamedMetric().read(Node("default", 1), "metrics[0]", Report(""))


def _complete(values: dict[str, Any], _path: str, report: Report) -> dict[str, Any]:
    """Fill the keys whose defaults depend on others."""
    stem = PurePosixPath(report.file.replace("\\", "/")).stem
    if values["name"] is None and not re.search(_NAME.pattern, stem):
        report.add("E103", "name", f"the file's stem {stem[:80]!r} cannot be a name", "add for instance 'name: credit'")
    name = values["name"] or stem
    task = values["task"] or _task(values["source"], values["columns"])
    place = {"file": report.file, "lines": dict(report.lines)}
    return values | {"name": name, "model": values["model"] or name, "task": task} | place


def _task(source: SourceSpec, columns: ColumnsSpec) -> str:
    if source.format in GENAI_FORMATS:
        return "genai"
    return "binary" if columns.score or columns.decision else "none"


_SOURCE = Record(
    SourceSpec,
    (
        Key("table", _TABLE, REQUIRED, "a Unity Catalog name, a folder, a file or a glob"),
        Key("format", Choice(FORMATS), "auto", "how the table logs predictions"),
        Key("where", Optional(_SQL), None, "an SQL boolean; other rows are left out"),
        Key("since", DURATION, Duration(90, "day"), "how far back the first run looks"),
        Key("former", Many(_TABLE, single=True), (), "tables that held the log before it moved; no event counts twice"),
    ),
    short=lambda node: {"table": node.value} if isinstance(node.value, str) and node.value.strip() else None,
    short_schema=_TABLE.schema(),
    wanted="the name of a table or a mapping",
)


def _one_choice(values: dict[str, Any], path: str, report: Report) -> dict[str, Any] | None:
    if (values["only"] is None) == (values["without"] == ()):
        report.add("E102", path, "features need either 'only' or 'except'", "write 'all' to watch every feature")
        return None
    return values


_FEATURES = Either(
    (
        Choice(("all",)),
        Record(
            FeaturesSpec,
            (
                Key("only", Optional(Many(_COLUMN, least=1)), None, "watch these features"),
                Key("except", Many(_COLUMN), (), "watch all features but these", "without"),
            ),
            _one_choice,
        ),
    ),
    lambda node: int(node.kind == "mapping"),
    lambda value: int(not value.all),
)


@dataclass(frozen=True)
class _Features:
    """``all``, or a mapping with ``only`` or ``except``."""

    def read(self, node: Node, path: str, report: Report) -> Any:
        value = _FEATURES.read(node, path, report)
        return FeaturesSpec() if value == "all" else value

    def spell(self, value: FeaturesSpec) -> Any:
        if value.all:
            return "all"
        return {"except": list(value.without)} if value.only is None else {"only": list(value.only)}

    def schema(self) -> dict[str, Any]:
        return _FEATURES.schema()


_DECISION = Either(
    (_COLUMN, Record(Threshold, (Key("threshold", Number(), REQUIRED, "a score from which on it is yes", "value"),))),
    lambda node: int(node.kind == "mapping"),
    lambda value: int(isinstance(value, Threshold)),
)


def _needs_score(values: dict[str, Any], path: str, report: Report) -> dict[str, Any]:
    if isinstance(values["decision"], Threshold) and values["score"] is None:
        report.add("E103", joined(path, "score"), "a threshold needs a score", "name the column of the score")
    return values


_COLUMNS = Record(
    ColumnsSpec,
    (
        Key("id", Optional(_COLUMN), None, "identifies a request; inference tables and traces know theirs"),
        Key("time", Optional(_COLUMN), None, "when the prediction was made"),
        Key("score", Optional(_COLUMN), None, "the number the model gave; a dotted path may reach into a struct"),
        Key("decision", Optional(_DECISION), None, "what was decided, or {threshold: 0.5}"),
        Key("positive", Scalar(), 1, "the label and decision that count as positive"),
        Key("version", Optional(_COLUMN), None, "the version of the model"),
        Key("weight", Optional(_COLUMN), None, "how many rows a row stands for"),
        Key("features", _Features(), FeaturesSpec(), "all, {only: [...]} or {except: [...]}"),
        Key("types", Names(Choice(TYPES)), {}, "types of features, such as income: double"),
    ),
    _needs_score,
)


@dataclass(frozen=True)
class _Timezone(Text):
    wanted: str = "a time zone such as Europe/Zurich"

    def read(self, node: Node, path: str, report: Report) -> Any:
        value = super().read(node, path, report)
        if value is BAD or _is_zone(value):
            return value
        report.add("E102", path, f"no time zone '{value[:80]}'.", nearest(value, available_timezones()), node.line)
        return BAD


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


_TIMEZONE = _Timezone()


def _comparison(text: str) -> str:
    words = " ".join(text.split())
    if words in (FIXED, PREVIOUS):
        return words
    kind, _, length = words.partition(" ")
    if kind != ROLLING or DURATION.parse(length).unit not in ("day", "week"):
        raise ValueError(f"{text!r} names no baseline")
    return f"{ROLLING} {DURATION.parse(length)}"


_COMPARISON = Parsed(
    _comparison,
    "one of fixed, previous, or for instance 'rolling 28 days'",
    r"^(fixed|previous|rolling [0-9]+ (day|week)s?)$",
)


def _baseline(table: str | None, first: Any, start: Any, end: Any, refit: bool, compare: tuple[str, ...]) -> Any:
    span = None if start is None or end is None else (start, end)
    return BaselineSpec(table, first, span, refit, compare)


_FIRST = Duration(28, "day")
_DEFAULT_BASELINE = BaselineSpec(None, _FIRST, None, False, (FIXED, PREVIOUS))


def _one_baseline(values: dict[str, Any], path: str, report: Report) -> dict[str, Any] | None:
    start, end = values["start"], values["end"]
    given = [name for name in ("table", "first") if values[name] is not None]
    given += ["from/to"] if start is not None or end is not None else []
    if len(given) > 1:
        report.add("E102", path, f"{' and '.join(given)} name different baselines", "keep one of them")
        return None
    if (start is None) != (end is None):
        missing = "from" if start is None else "to"
        report.add("E103", joined(path, missing), "a span needs both 'from' and 'to'", f"add '{missing}'")
        return None
    if start is not None and start >= end:
        report.add("E102", joined(path, "to"), "the span ends before it begins", "'to' must be later than 'from'")
        return None
    if sum(text.startswith(ROLLING) for text in values["compare"]) > 1:
        report.add("E102", joined(path, "compare"), "more than one rolling baseline", "keep one of them")
        return None
    return values if given else values | {"first": _FIRST}


_BASELINE = Record(
    _baseline,
    (
        Key("table", Optional(_TABLE), None, "a table of its own, such as the training data"),
        Key("first", Optional(DURATION), None, "the first windows of the log; 28 days where nothing is named"),
        Key("from", Optional(MOMENT), None, "start of a span of the log", "start"),
        Key("to", Optional(MOMENT), None, "end of a span of the log", "end"),
        Key("refit", Truth(), False, "fit the grids anew at the next run"),
        Key("compare", Many(_COMPARISON, least=1), (FIXED, PREVIOUS), "what each window is compared with"),
    ),
    _one_baseline,
)

_LABELS = Record(
    LabelsSpec,
    (
        Key("table", _TABLE, REQUIRED, "the table that labels arrive in"),
        Key("join", Many(_COLUMN, single=True, least=1), REQUIRED, "the columns that tie a label to its prediction"),
        Key("value", _COLUMN, REQUIRED, "the column of the label"),
        Key("at", Optional(_COLUMN), None, "the column that says when the label was known"),
        Key("matures_after", Optional(DURATION), None, "how long until a window's labels are complete"),
        Key("when_missing", Choice(("exclude", "negative")), "exclude", "what a row without a label counts as"),
    ),
)


@dataclass(frozen=True)
class _Segment:
    """One value of one segment: ``{region: north}``."""

    def read(self, node: Node, path: str, report: Report) -> Any:
        value = Names(Scalar()).read(node, path, report)
        if value is not BAD and len(value) == 1:
            return Segment(*((key, _segment_text(item)) for key, item in value.items()).__next__())
        if value is not BAD:
            report.add("E102", path, "a limit speaks of one segment value", "write for instance {region: north}")
        return BAD

    def spell(self, value: Segment) -> Any:
        return {value.key: value.value}

    def schema(self) -> dict[str, Any]:
        return Names(Scalar()).schema() | {"minProperties": 1, "maxProperties": 1}


def _segment_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _limit(known: Known) -> Record:
    options = Names(Scalar())

    def check(values: dict[str, Any], path: str, report: Report) -> dict[str, Any] | None:
        metrics = known.metrics
        named = check_name("metric", values["metric"], metrics, joined(path, "metric"), report)
        metric = metrics[values["metric"]] if named and metrics is not None else None
        sides = [side for side in ("above", "below") if values[side] is not None]
        written = [side for side in ("above", "below") if joined(path, side) in report.lines]
        if len(sides) != 1 and (len(sides) == 2 or not written):
            said = "both 'above' and" if sides else "neither 'above' nor"
            report.add("E203", path, f"a limit has {said} 'below'", "give exactly one of them")
        if metric is not None:
            check_options(metric, values["options"], joined(path, "options"), report)
            for side in sides:
                _check_range(metric, side, values[side], joined(path, side), report)
        return values if len(sides) == 1 else None

    keys = (
        Key("metric", _one_of("the name of a metric", known.metrics), REQUIRED, "the metric that is bounded"),
        Key("column", _NO_COLUMN, "", "its column; null where the metric speaks of the whole table"),
        Key("options", options, {}, "the metric's options, such as {value: 800}"),
        Key("segment", Optional(_Segment()), None, "one segment value, such as {region: north}; null for all rows"),
        Key("above", Optional(Number()), None, "values greater than this are beyond the limit"),
        Key("below", Optional(Number()), None, "values smaller than this are beyond the limit"),
        Key("for", K_OF_N, KofN(2, 3), "how many of the newest windows must be beyond", "needs"),
        Key("severity", Choice(SEVERITIES), "warning", "severity of the incident"),
        Key("owner", Text(), REQUIRED, "who set the limit"),
        Key("reason", Text(), REQUIRED, "why it stands where it stands"),
        Key("expires", Optional(DATE), None, "the first day on which it no longer holds"),
    )
    return Record(_make_limit, keys, check)


@dataclass(frozen=True)
class _NoColumn:
    """A column, or null for the whole table."""

    def read(self, node: Node, path: str, report: Report) -> Any:
        return "" if node.value is None else _COLUMN.read(node, path, report)

    def spell(self, value: str) -> Any:
        return value or None

    def schema(self) -> dict[str, Any]:
        return Optional(_COLUMN).schema()


_NO_COLUMN = _NoColumn()


def _make_limit(**values: Any) -> Limit:
    return Limit(**values | {"severity": Severity(values["severity"])})


def _check_range(metric: Metric, side: str, bound: float, path: str, report: Report) -> None:
    """A bound the metric can never pass, or always passes, is no limit."""
    low, high = metric.bounds
    outside = (low is not None and bound < low) or (high is not None and bound > high)
    never = bound == (high if side == "above" else low)
    if outside or never:
        said = (
            f"{metric.name} is never {side} {bound:g}" if never else f"{bound:g} is outside the range of {metric.name}"
        )
        report.add("E203", path, said, f"{metric.name} runs from {_edge(low)} to {_edge(high)} ({metric.unit})")


def _edge(bound: float | None) -> str:
    return "no end" if bound is None else f"{bound:g}"


@dataclass(frozen=True)
class _NoPromise:
    """Null, for a rate of false alarms that is not promised yet."""

    def read(self, node: Node, path: str, report: Report) -> Any:
        if node.value is not None:
            fix = "write null; alarms follow the change rule and the limits"
            report.add("E102", path, "no rate of false alarms can be promised yet", fix, node.line)
        return None

    def spell(self, value: None) -> None:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "null"}


def _alarms(known: Known) -> Record:
    return Record(
        AlarmsSpec,
        (
            Key("false_alarms_per_year", _NoPromise(), None, "null until the alarm budget exists"),
            Key("needs", K_OF_N, KofN(2, 3), "how many of the newest windows must be beyond, for the change rule"),
            Key("limits", Many(_limit(known)), (), "fixed bounds that people set"),
        ),
    )


def _notify(known: Known) -> Record:
    def check(values: dict[str, Any], path: str, report: Report) -> dict[str, Any]:
        check_name("channel", values["to"], known.channels, joined(path, "to"), report)
        return values

    keys = (
        Key("to", _one_of("the name of a channel", known.channels), REQUIRED, "a channel of watchkeeper.yaml"),
        Key("from", Choice(SEVERITIES), "warning", "the least severity that is told", "severity"),
    )
    return Record(NotifySpec, keys, check)


_REMEDY = Record(
    RemedySpec,
    (
        Key("when", Text(), REQUIRED, "what must fail, such as quality"),
        Key("do", Text(), REQUIRED, "a remedy of watchkeeper.yaml"),
        Key("mode", Choice(("propose",)), "propose", "a person approves each"),
    ),
)

_CAPS = Record(
    CapsSpec,
    (
        Key("segment_values", Number(True, 1), 100, "values kept apart per segment; the rest becomes __other__"),
        Key("cells_per_window", Number(True, 1), 20_000, "versions times segment values of one window"),
    ),
)
