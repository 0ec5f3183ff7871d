"""YAML 1.2 text as a tree of nodes that know their lines; scalars follow the core schema, nothing is executed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 50
MAX_NODES = 100_000

_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
_TRUE = re.compile(r"^(?:true|True|TRUE)$")
_FALSE = re.compile(r"^(?:false|False|FALSE)$")
_INT = re.compile(r"^[-+]?[0-9]{1,400}$")
_OTHER_BASE = re.compile(r"^0(?:o[0-7]{1,99}|x[0-9a-fA-F]{1,99})$")
_FLOAT = re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$")
_SPECIAL = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}


@dataclass(slots=True)
class Node:
    """One value of the text.

    ``value`` is None, bool, int, float or str, a list of nodes, or for a mapping a list of pairs of nodes.
    ``text`` is what a plain scalar says in the file, "" for everything else. ``size`` counts the nodes below and
    itself, each alias at full length.
    """

    value: Any
    line: int
    kind: str = "scalar"
    text: str = ""
    size: int = 1

    def plain(self) -> Any:
        """The value without lines; a later key of the same name wins."""
        if self.kind == "list":
            return [item.plain() for item in self.value]
        if self.kind == "mapping":
            return {str(key.plain()): value.plain() for key, value in self.value}
        return self.value


class NotYaml(Exception):
    """The text cannot be read as YAML; carries the line, what is wrong and how to mend it."""

    def __init__(self, line: int, message: str, fix: str = "", code: str = "E102") -> None:
        super().__init__(message)
        self.line, self.message, self.fix, self.code = line, message, fix, code


def parse(text: str) -> Node | None:
    """Read one YAML document; None for a text without one.

    Raises:
        NotYaml: on the first place that is not YAML 1.2, or too large, too deep or a tag.

    >>> parse("source: main.serving.log").plain()
    {'source': 'main.serving.log'}
    """
    if len(text) > MAX_CHARACTERS:
        raise NotYaml(1, f"the file has {len(text):,} characters", f"a monitor file has at most {MAX_CHARACTERS:,}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Builder().build(YAML(pure=True).parse(text))
    except MarkedYAMLError as error:
        raise _unreadable(error, text) from error
    except (YAMLError, ValueError, OverflowError) as error:
        raise NotYaml(1, f"this is not YAML: {_first_line(str(error))}") from error


def _unreadable(error: MarkedYAMLError, text: str) -> NotYaml:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else 1
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    tabbed = "\t" in here[: len(here) - len(here.lstrip())] or "'\\t'" in str(error.problem)
    fix = "indent with spaces, YAML allows no tabs there" if tabbed else "check indentation, quotes and brackets"
    return NotYaml(line, f"this is not YAML: {_first_line(str(error.problem or error.context))}", fix)


def _first_line(text: str) -> str:
    return " ".join(text.strip().split("\n")[0].split())[:200]


class _Builder:
    """Builds the tree from parse events without recursion, so depth and aliases cannot hurt."""

    def __init__(self) -> None:
        self.open: list[tuple[Node, str | None, Node | None]] = []
        self.anchors: dict[str, Node] = {}
        self.root: Node | None = None
        self.documents = 0

    def build(self, events: Iterator[Any]) -> Node | None:
        for event in events:
            kind, line = type(event).__name__, event.start_mark.line + 1
            if kind == "DocumentStartEvent":
                self._document(event, line)
            elif kind == "ScalarEvent":
                self._add(_scalar(event, line), event.anchor)
            elif kind == "AliasEvent":
                self._add(self._alias(event.anchor, line), None)
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                self._begin(event, "mapping" if kind == "MappingStartEvent" else "list", line)
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                self._end()
        return self.root

    def _document(self, event: Any, line: int) -> None:
        self.documents += 1
        if self.documents > 1:
            raise NotYaml(line, "a second document begins here", "one file holds one monitor: remove the '---'")
        if event.version is not None and tuple(event.version) != (1, 2):
            raise NotYaml(line, "monitor files are YAML 1.2", "remove the %YAML directive", "E104")

    def _begin(self, event: Any, kind: str, line: int) -> None:
        _refuse_tag(event, line)
        if len(self.open) >= MAX_DEPTH:
            raise NotYaml(
                line, f"values are nested more than {MAX_DEPTH} deep", "no key of a monitor file is that deep"
            )
        self.open.append((Node([], line, kind, "", 1), event.anchor, None))

    def _end(self) -> None:
        node, anchor, _ = self.open.pop()
        self._add(node, anchor)

    def _alias(self, name: str, line: int) -> Node:
        node = self.anchors.get(name)
        if node is None:
            raise NotYaml(line, f"'*{name}' names no finished anchor before it", "write the value out")
        return node

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = node
        if not self.open:
            self.root = node
            return
        parent, name, key = self.open[-1]
        parent.size += node.size
        if parent.size > MAX_NODES:
            raise NotYaml(node.line, f"aliases grow to more than {MAX_NODES:,} values", "write the values out")
        if parent.kind == "list":
            parent.value.append(node)
        elif key is None:
            self.open[-1] = (parent, name, node)
        else:
            parent.value.append((key, node))
            self.open[-1] = (parent, name, None)


def _refuse_tag(event: Any, line: int) -> None:
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise NotYaml(line, f"the tag {str(tag)[:80]!r} is not allowed", "write plain values, without '!'")


def _scalar(event: Any, line: int) -> Node:
    _refuse_tag(event, line)
    if not event.implicit[0]:
        return Node(event.value, line)
    return Node(_core_schema(event.value), line, "scalar", event.value)


def _core_schema(text: str) -> Any:
    if _NULL.match(text):
        return None
    if _TRUE.match(text) or _FALSE.match(text):
        return bool(_TRUE.match(text))
    if _INT.match(text):
        return int(text)
    if _OTHER_BASE.match(text):
        return int(text[2:], 8 if text[1] == "o" else 16)
    if text.lower() in _SPECIAL:
        return float(_SPECIAL[text.lower()])
    return float(text) if len(text) <= 400 and _FLOAT.match(text) else text
