"""Markdown from plain data: tables, code and the docstrings of the code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Source):\s*(.*)$")
_FENCE = "\0"
_RULE = re.compile(r"=+ +=+")
_ITEM = re.compile(r"^ {4}(\w[\w, ]*):\s+(.*)$")


def cell(text: object) -> str:
    """Text that stays within one cell of a table: on one line, its bars escaped."""
    return " ".join(str(text).split()).replace("|", "\\|")


def code(text: object) -> str:
    """Text as code; nothing where there is no text."""
    return f"`{text}`" if str(text) else ""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table.

    >>> print(table(["a", "b"], [[1, "x"]]))
    | a | b |
    |---|---|
    | 1 | x |
    """
    lines = [head, *rows]
    body = ["| " + " | ".join(map(cell, line)) + " |" for line in lines]
    return "\n".join([body[0], "|---" * len(head) + "|", *body[1:]])


def block(text: str, language: str = "") -> str:
    """Text in a fence."""
    return f"```{language}\n{text.strip()}\n```"


def prose(thing: Any) -> str:
    """A docstring as Markdown: Google sections as lists, ruled tables in fences, doctests left out."""
    lines = inspect.cleandoc(inspect.getdoc(thing) or "" if not isinstance(thing, str) else thing).split("\n")
    return "\n".join(_converted(lines)).replace("``", "`").replace(_FENCE, "```").strip()


def summary(thing: Any) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join(prose(thing).partition("\n\n")[0].split())


def _converted(lines: Sequence[str]) -> Iterable[str]:
    section = ""
    for line in lines:
        if line.startswith(">>>"):
            return
        head = _SECTION.match(line)
        if head is not None:
            section = head[1]
            yield f"**{section}**: {head[2]}".rstrip(": ") + ("" if head[2] else ":\n")
        elif section and _ITEM.match(line):
            yield _ITEM.sub(lambda item: f"- {_codes(item[1])}: {item[2]}", line)
        elif section and line.startswith("    "):
            yield "  " + line.strip()
        else:
            section = section if line.strip() else ""
            yield _FENCE if _RULE.fullmatch(line) else line


def _codes(names: str) -> str:
    return ", ".join(code(name.strip()) for name in names.split(","))
