"""The fully spelt form of a monitor: every key with its value, as JSON and as YAML that loads to the same monitor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from watchkeeper.spec.declarations import Known, monitor_shape
from watchkeeper.spec.monitor import Monitor

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@ ")


def spelt(monitor: Monitor) -> dict[str, Any]:
    """Every key of the monitor file with its value, defaults included; plain JSON values."""
    form: dict[str, Any] = monitor_shape(Known()).spell(monitor)
    return form


def spelt_text(monitor: Monitor) -> str:
    """The spelt form as YAML 1.2; loading it gives the same monitor."""
    return yaml_text(spelt(monitor))


def yaml_text(value: dict[str, Any]) -> str:
    """YAML 1.2 in block style of a mapping of JSON values.

    >>> print(yaml_text({"source": {"table": "main.serving.log"}, "segments": ["region"]}), end="")
    source:
      table: main.serving.log
    segments:
      - region
    """
    return "".join(f"{line}\n" for line in _mapping(value))


def _mapping(value: dict[str, Any]) -> Iterator[str]:
    for key, item in value.items():
        if not isinstance(item, dict | list) or not item:
            yield f"{_scalar(key)}: {_scalar(item)}"
            continue
        yield f"{_scalar(key)}:"
        yield from (f"  {line}" for line in _block(item))


def _block(value: dict[str, Any] | list[Any]) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _mapping(value)
        return
    for item in value:
        lines = list(_block(item)) if isinstance(item, dict | list) and item else [_scalar(item)]
        yield from (("- " if index == 0 else "  ") + line for index, line in enumerate(lines))


def _scalar(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    safe = value[:1].isalpha() and value == value.strip() and set(value) <= _PLAIN
    return value if safe and value.lower() not in ("null", "true", "false") else quoted(value)


def quoted(text: str) -> str:
    """Text in double quotes; what does not print is escaped."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08x}"
