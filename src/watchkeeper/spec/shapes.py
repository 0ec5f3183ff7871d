"""The shapes that values of a monitor file take: each reads a node, spells a value out and describes itself."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Protocol

from watchkeeper.spec.report import Report, nearest
from watchkeeper.spec.yaml_text import Node
from watchkeeper.windows import Duration

BAD: Any = object()
"""What reading gives where there was a fault."""
REQUIRED: Any = object()
"""Default of a key that must be given."""

_YAML_1_1_TRUE = ("yes", "on", "y")
_YAML_1_1_FALSE = ("no", "off", "n")


class Shape(Protocol):
    """One kind of value."""

    def read(self, node: Node, path: str, report: Report) -> Any:
        """The value, or ``BAD`` after adding what is wrong to the report."""

    def spell(self, value: Any) -> Any:
        """The value as JSON; reading it again gives the value."""

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""


def shown(node: Node) -> str:
    """A value as a message quotes it."""
    if node.kind != "scalar":
        return f"a {node.kind}"
    if node.value is None:
        return "null"
    text = repr(node.text or node.value)
    return text if len(text) <= 60 else text[:57] + "…'"


def _wrong(node: Node, path: str, report: Report, wanted: str, fix: str = "") -> Any:
    report.add("E102", path, f"{shown(node)} is not {wanted}", fix, node.line)
    return BAD


@dataclass(frozen=True)
class Text:
    """Text; whole numbers and booleans written without quotes are not text."""

    pattern: str = ""
    wanted: str = "a text"
    fix: str = ""

    def read(self, node: Node, path: str, report: Report) -> Any:
        if not isinstance(node.value, str) or not node.value.strip() or not re.search(self.pattern, node.value):
            quote = f"write '{node.text}' with quotes" if node.text and not isinstance(node.value, str) else ""
            return _wrong(node, path, report, self.wanted, self.fix or quote)
        return node.value

    def spell(self, value: Any) -> Any:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string"} | ({"pattern": self.pattern} if self.pattern else {"minLength": 1})


@dataclass(frozen=True)
class AnyText(Text):
    """Text that may be empty."""

    def read(self, node: Node, path: str, report: Report) -> Any:
        return node.value if isinstance(node.value, str) else super().read(node, path, report)

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


@dataclass(frozen=True)
class Choice:
    """One of a few words or numbers."""

    words: tuple[str | int, ...]

    def read(self, node: Node, path: str, report: Report) -> Any:
        if node.kind == "scalar" and not isinstance(node.value, bool) and node.value in self.words:
            return node.value
        words = [str(word) for word in self.words]
        hint = nearest(node.value, words) if isinstance(node.value, str) else ""
        return _wrong(node, path, report, "one of " + ", ".join(words), hint if hint.startswith("Did") else "")

    def spell(self, value: Any) -> Any:
        return value.value if isinstance(value, Enum) else value

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class Truth:
    """``true`` or ``false``."""

    def read(self, node: Node, path: str, report: Report) -> Any:
        if isinstance(node.value, bool):
            return node.value
        said = node.text.lower()
        if said in _YAML_1_1_TRUE + _YAML_1_1_FALSE:
            instead = "true" if said in _YAML_1_1_TRUE else "false"
            report.add("E104", path, f"'{node.text}' is a text in YAML 1.2", f"write {instead}", node.line)
            return BAD
        return _wrong(node, path, report, "true or false")

    def spell(self, value: Any) -> Any:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


_OLD_OCTAL = re.compile(r"^[-+]?0[0-9_]+$")
_OLD_NUMBER = re.compile(r"^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?$")


@dataclass(frozen=True)
class Number:
    """A finite number; ``whole`` ones are at least ``least``."""

    whole: bool = False
    least: int | None = None

    def read(self, node: Node, path: str, report: Report) -> Any:
        if _OLD_OCTAL.match(node.text) or (isinstance(node.value, str) and _OLD_NUMBER.match(node.text)):
            plain = node.text.replace("_", "").lstrip("0") or "0"
            fix = "write a plain decimal number" + (f", such as {plain}" if plain.isdigit() else "")
            report.add("E104", path, f"'{node.text}' is a number in YAML 1.1 only", fix, node.line)
            return BAD
        value = node.value
        wanted = "a whole number" if self.whole else "a number"
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)) or not _finite(value):
            return _wrong(node, path, report, wanted)
        if self.least is not None and value < self.least:
            return _wrong(node, path, report, f"{wanted} of at least {self.least}")
        return value

    def spell(self, value: Any) -> Any:
        return value

    def schema(self) -> dict[str, Any]:
        least = {} if self.least is None else {"minimum": self.least}
        return {"type": "integer" if self.whole else "number"} | least


def _finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


@dataclass(frozen=True)
class Scalar:
    """Text, a number or a truth value, kept as written."""

    def read(self, node: Node, path: str, report: Report) -> Any:
        value = node.value
        good = node.kind == "scalar" and value is not None and (not isinstance(value, float | int) or _finite(value))
        return value if good else _wrong(node, path, report, "a text, a number or true/false")

    def spell(self, value: Any) -> Any:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True)
class Parsed:
    """A text with a form of its own, such as ``28 days`` or ``2 of 3``.

    ``parse`` raises ``ValueError`` with a message for people; ``unparse`` gives the text back.
    """

    parse: Callable[[str], Any]
    wanted: str
    pattern: str
    unparse: Callable[[Any], str] = str

    def read(self, node: Node, path: str, report: Report) -> Any:
        if not isinstance(node.value, str):
            return _wrong(node, path, report, self.wanted)
        try:
            return self.parse(node.value)
        except (ValueError, OverflowError):
            return _wrong(node, path, report, self.wanted)

    def spell(self, value: Any) -> Any:
        return self.unparse(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": self.pattern}


_LONGEST_DAYS = 36_525


def _duration(text: str) -> Duration:
    duration = Duration.parse(text) if len(text) <= 40 else Duration.parse("")
    if duration.count > _LONGEST_DAYS * 1440 or duration.about.days > _LONGEST_DAYS:
        raise ValueError(f"{text!r} is longer than a century")
    return duration


DURATION = Parsed(
    _duration,
    "a duration such as '1 day' or '90 days'",
    r"^\s*[0-9]+ (minute|hour|day|week|month)s?\s*$",
)


def _window(text: str) -> Duration:
    duration = _duration(text)
    seconds = duration.about.total_seconds()
    if duration.unit in ("minute", "hour") and (seconds > 86_400 or 86_400 % seconds):
        raise ValueError(f"{text!r} does not divide a day")
    return duration


WINDOW = Parsed(
    _window,
    "a window: minutes or hours that divide a day, days, weeks or months",
    r"^\s*[0-9]+ (minute|hour|day|week|month)s?\s*$",
)


def moment_of(text: str) -> datetime:
    """A UTC time from RFC 3339 text; a bare date is UTC midnight.

    Raises:
        ValueError: it is neither, or a time without a zone.

    >>> moment_of("2026-01-01")
    datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if re.match(r"^\d{4}-\d\d-\d\d$", text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    if not re.match(r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", text):
        raise ValueError(f"{text!r} is not a time; write for instance 2026-01-31 or 2026-01-31T06:00:00Z")
    at = datetime.fromisoformat(text.upper())
    if at.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone; end it with Z or an offset such as +01:00")
    return at.astimezone(UTC)


def time_text(at: datetime) -> str:
    """RFC 3339 text of a UTC time; midnight as a bare date."""
    utc = at.astimezone(UTC)
    if utc == utc.replace(hour=0, minute=0, second=0, microsecond=0):
        return utc.date().isoformat()
    return utc.isoformat().replace("+00:00", "Z")


MOMENT = Parsed(
    moment_of,
    "a date or a time with a zone, such as 2026-01-31 or 2026-01-31T06:00:00Z",
    r"^\d{4}-\d\d-\d\d([T ].+)?$",
    time_text,
)
DATE = Parsed(date.fromisoformat, "a date such as 2027-06-30", r"^\d{4}-\d\d-\d\d$", date.isoformat)


@dataclass(frozen=True)
class Optional:
    """A value or ``null``."""

    inner: Shape

    def read(self, node: Node, path: str, report: Report) -> Any:
        return None if node.value is None else self.inner.read(node, path, report)

    def spell(self, value: Any) -> Any:
        return None if value is None else self.inner.spell(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.inner.schema(), {"type": "null"}]}


@dataclass(frozen=True)
class Many:
    """A list; with ``single`` one value stands for a list of one. Values may not repeat."""

    inner: Shape
    single: bool = False
    least: int = 0

    def read(self, node: Node, path: str, report: Report) -> Any:
        if node.kind != "list":
            if self.single and node.kind == "scalar" and node.value is not None:
                value = self.inner.read(node, path, report)
                return value if value is BAD else (value,)
            return _wrong(node, path, report, "a list", "write [a, b], or one '- item' a line")
        if len(node.value) < self.least:
            report.add("E102", path, "the list is empty", "name at least one", node.line)
            return BAD
        return tuple(self._items(node, path, report))

    def _items(self, node: Node, path: str, report: Report) -> Iterator[Any]:
        seen: set[str] = set()
        for index, item in enumerate(node.value):
            where = f"{path}[{index}]"
            report.lines[where] = item.line
            value = self.inner.read(item, where, report)
            if value is BAD:
                continue
            if repr(value) in seen:
                report.add("E102", where, f"{shown(item)} stands here twice", "remove one of them", item.line)
            seen.add(repr(value))
            yield value

    def spell(self, value: Any) -> Any:
        return [self.inner.spell(item) for item in value]

    def schema(self) -> dict[str, Any]:
        several = {"type": "array", "items": self.inner.schema()} | ({"minItems": self.least} if self.least else {})
        return {"anyOf": [self.inner.schema(), several]} if self.single else several


@dataclass(frozen=True)
class Names:
    """A mapping from free names to values of one shape."""

    inner: Shape

    def read(self, node: Node, path: str, report: Report) -> Any:
        if node.kind != "mapping":
            return _wrong(node, path, report, "a mapping of names to values")
        values = {}
        for name, item in entries(node, path, report):
            value = self.inner.read(item, joined(path, name), report)
            if value is not BAD:
                values[name] = value
        return values

    def spell(self, value: Any) -> Any:
        return {name: self.inner.spell(item) for name, item in value.items()}

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self.inner.schema()}


def joined(path: str, key: str) -> str:
    """The path of a key below a path."""
    return f"{path}.{key}" if path else key


def entries(node: Node, path: str, report: Report) -> list[tuple[str, Node]]:
    """The pairs of a mapping, each key once; keys that are no text or come twice are faults."""
    found: dict[str, Node] = {}
    for key, value in node.value:
        name = key.value if isinstance(key.value, str) else key.text
        if key.kind != "scalar" or not name:
            report.add("E102", path, f"{shown(key)} cannot be a key", "keys are names", key.line)
        elif name == "<<":
            report.add("E104", path, "'<<' merges mappings in YAML 1.1 only", "write the keys out", key.line)
        elif name in found:
            first = report.lines[joined(path, name)]
            report.add("E102", joined(path, name), f"'{name}' stands twice, first in line {first}", "", key.line)
        else:
            found[name] = value
            report.lines[joined(path, name)] = key.line
    return list(found.items())


@dataclass(frozen=True)
class Key:
    """One key of a record: its name in the file, the field it fills, its shape, its default and what it is for."""

    name: str
    shape: Shape
    default: Any = REQUIRED
    about: str = ""
    field: str = ""

    @property
    def target(self) -> str:
        return self.field or self.name


@dataclass(frozen=True)
class Record:
    """A mapping with known keys that becomes a dataclass.

    ``check`` looks at the values read, adds faults and may fill in fields that depend on others.
    ``short`` turns a value that is no mapping into the values of the record; ``keys`` of several kinds come in order.
    """

    make: Callable[..., Any]
    keys: tuple[Key, ...]
    check: Callable[[dict[str, Any], str, Report], dict[str, Any] | None] | None = None
    short: Callable[[Node], dict[str, Any] | None] | None = None
    short_schema: Mapping[str, Any] = field(default_factory=dict)
    wanted: str = "a mapping"

    def read(self, node: Node, path: str, report: Report) -> Any:
        values = self._short_values(node) if node.kind != "mapping" else self._values(node, path, report)
        if values is None:
            known = ", ".join(key.name for key in self.keys)
            return _wrong(node, path, report, self.wanted, f"its keys: {known}")
        missing = [key for key in self.keys if values.get(key.target, REQUIRED) is REQUIRED]
        given = self.check(values, path, report) if self.check and not missing else values
        return BAD if missing or given is None else self.make(**given)

    def _short_values(self, node: Node) -> dict[str, Any] | None:
        values = self.short(node) if self.short else None
        return None if values is None else {key.target: key.default for key in self.keys} | values

    def _values(self, node: Node, path: str, report: Report) -> dict[str, Any]:
        values = {key.target: key.default for key in self.keys}
        given = dict(entries(node, path, report))
        for key in self.keys:
            if key.name in given:
                value = key.shape.read(given[key.name], joined(path, key.name), report)
                values[key.target] = key.default if value is BAD else value
            elif key.default is REQUIRED:
                report.add(
                    "E103", joined(path, key.name), f"'{key.name}' is missing", f"add it: {key.about}", node.line
                )
        self._refuse_unknown(given, path, report)
        return values

    def _refuse_unknown(self, given: Mapping[str, Node], path: str, report: Report) -> None:
        known = [key.name for key in self.keys]
        for name in given:
            if name not in known:
                where = f"under '{path}'" if path else "in a monitor file"
                report.add("E101", joined(path, name), f"no key '{name[:80]}' {where}.", nearest(name, known))

    def spell(self, value: Any) -> Any:
        return {key.name: key.shape.spell(getattr(value, key.target)) for key in self.keys}

    def schema(self) -> dict[str, Any]:
        mapping: dict[str, Any] = {
            "type": "object",
            "properties": {key.name: _described(key) for key in self.keys},
            "additionalProperties": False,
        }
        needed = [key.name for key in self.keys if key.default is REQUIRED]
        mapping |= {"required": needed} if needed else {}
        return {"anyOf": [dict(self.short_schema), mapping]} if self.short_schema else mapping


def _described(key: Key) -> dict[str, Any]:
    schema = key.shape.schema()
    return schema | ({"description": key.about} if key.about else {})


@dataclass(frozen=True)
class Either:
    """A value of one of several shapes, told apart by the kind of node; ``choose`` gives the place of the shape."""

    shapes: Sequence[Shape]
    choose: Callable[[Node], int]
    chosen: Callable[[Any], int]

    def read(self, node: Node, path: str, report: Report) -> Any:
        return self.shapes[self.choose(node)].read(node, path, report)

    def spell(self, value: Any) -> Any:
        return self.shapes[self.chosen(value)].spell(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [shape.schema() for shape in self.shapes]}
