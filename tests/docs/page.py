"""A page of documentation as the blocks that a reader would follow, in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^(`{3,})(\w*)[^`]*$")
_FILE = re.compile(r"^(?:#|<!--) ([\w./-]+\.[a-z]+)(?: -->)?$")
SHOWN = ("text", "sql", "json", "groovy")
"""Languages of blocks that are only looked at."""


@dataclass(frozen=True)
class Block:
    """One fenced block; ``line`` is the number of its first line in the page."""

    language: str
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The file that it is the content of, named in a comment of its first line."""
        found = _FILE.match(self.text.partition("\n")[0])
        return found[1] if found else None


@dataclass(frozen=True)
class Command:
    """One command of a console block and the output that the page shows."""

    command: str
    output: str
    line: int


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, those inside comments too: they prepare what a reader is said to have."""
    found: list[Block] = []
    fence = language = ""
    kept: list[str] = []
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        head = _FENCE.match(line)
        if fence and line.startswith(fence):
            found.append(Block(language, "\n".join(kept), number - len(kept)))
            fence = ""
        elif fence:
            kept.append(line)
        elif head is not None:
            fence, language, kept = head[1], head[2], []
    return found


def commands(block: Block) -> list[Command]:
    """The commands of a console block: lines that begin with ``$ ``, continued after a backslash."""
    found: list[Command] = []
    open_command = False
    for number, line in enumerate(block.text.splitlines(), block.line):
        last = found[-1] if found else None
        if line.startswith("$ "):
            found.append(Command(line[2:], "", number))
        elif last is not None and open_command:
            found[-1] = Command(f"{last.command}\n{line}", "", last.line)
        elif last is not None:
            found[-1] = Command(last.command, f"{last.output}{line}\n", last.line)
        open_command = line.endswith("\\") and (line.startswith("$ ") or open_command)
    return found


def agrees(shown: str, said: str) -> bool:
    """Whether output is what a page shows, where ``...`` stands for anything, alone on a line for any lines.

    >>> agrees("a ... c", "a b c"), agrees("...\\nlast", "first\\nsecond\\nlast"), agrees("a", "b")
    (True, True, False)
    """
    lines = [line.rstrip() for line in shown.strip().splitlines()]
    pattern = "".join(_line_pattern(line) for line in lines)
    text = "".join(f"{line.rstrip()}\n" for line in said.strip().splitlines())
    return re.fullmatch(pattern, text) is not None


def _line_pattern(line: str) -> str:
    if line.strip() == "...":
        return r"(?:.*\n)*"
    return ".*".join(re.escape(part) for part in line.split("...")) + r"\n"
