"""The keys of a shape as lines of a table: path, what it takes, default, meaning."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.spec.shapes import REQUIRED, Either, Key, Many, Optional, Record, Shape

_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One key. ``section`` is the path of the record it stands in; ``[]`` stands for an item of a list."""

    section: str
    path: str
    takes: str
    default: str
    about: str


def lines(record: Record, section: str = "") -> list[Line]:
    """The keys of a record and of the records below it, outer ones first."""
    own = [_line(key, section) for key in record.keys]
    below = [line for key in record.keys for line in _below(key.shape, _path(section, key))]
    return own + below


def _below(shape: Shape, path: str) -> Iterator[Line]:
    if isinstance(shape, Record):
        yield from lines(shape, path)
    elif isinstance(shape, Optional):
        yield from _below(shape.inner, path)
    elif isinstance(shape, Many):
        yield from _below(shape.inner, f"{path}[]")
    elif isinstance(shape, Either):
        for each in shape.shapes:
            yield from _below(each, path)


def _line(key: Key, section: str) -> Line:
    return Line(section, _path(section, key), takes(key.shape), _default(key), key.about)


def _path(section: str, key: Key) -> str:
    return f"{section}.{key.name}" if section else key.name


def _default(key: Key) -> str:
    if key.default is REQUIRED:
        return "**needed**"
    if isinstance(key.shape, Record):
        return ""
    spelt = key.shape.spell(key.default)
    return "" if spelt is None else f"`{spelt if isinstance(spelt, str) and spelt else json.dumps(spelt)}`"


def takes(shape: Shape) -> str:
    """What a value may be, in a few words.

    >>> from watchkeeper.spec.shapes import DURATION
    >>> takes(Many(DURATION, single=True))
    "a duration such as '1 day' or '90 days', or a list of them"
    """
    if isinstance(shape, Optional):
        return takes(shape.inner)
    if isinstance(shape, Many):
        one = takes(shape.inner)
        return f"{one}, or a list of them" if shape.single else "list"
    wanted = getattr(shape, "wanted", "")
    return wanted.removeprefix("of the form ") or _of_schema(shape.schema())


def _of_schema(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(f"`{word}`" for word in schema["enum"])
    if "anyOf" in schema:
        kinds = list(dict.fromkeys(_of_schema(each) for each in schema["anyOf"]))
        return " or ".join(kind for kind in kinds if kind != "null") or "null"
    kinds = schema.get("type", "mapping")
    least = f" of at least {schema['minimum']}" if "minimum" in schema else ""
    return " or ".join(_WORDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)) + least
