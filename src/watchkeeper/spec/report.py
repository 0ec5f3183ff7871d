"""The faults of one file, gathered while it is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from watchkeeper.errors import Fault


@dataclass
class Report:
    """All faults of one file so far, and the line of every path read."""

    file: str
    faults: list[Fault] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def add(self, code: str, path: str, message: str, fix: str = "", line: int | None = None) -> None:
        """Add one fault; its line is that of the path, or of the nearest path above it."""
        said = message if message.endswith((".", "?")) else message + "."
        mend = fix[:1].upper() + fix[1:]
        self.faults.append(Fault(code, said, mend, self.file, line or line_of(self.lines, path), path or None))

    @property
    def failed(self) -> bool:
        return any(not fault.is_warning for fault in self.faults)

    def ordered(self) -> list[Fault]:
        """The faults by line, each once."""
        return sorted(dict.fromkeys(self.faults), key=lambda fault: (fault.line or 0, fault.path or "", fault.code))


def line_of(lines: dict[str, int], path: str) -> int | None:
    """The line of a path or of the nearest path above it; None in an empty file.

    >>> line_of({"": 1, "alarms": 7}, "alarms.limits[0]")
    7
    """
    while path not in lines and path:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path)


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint naming the closest known word, or listing a few when none is close.

    >>> nearest("psii", ["psi", "ks"])
    "Did you mean 'psi'?"
    """
    words = sorted(known)
    close = get_close_matches(word, words, n=1, cutoff=0.6) or get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"known: {listed(words)}" if words else ""


def listed(words: Iterable[str], most: int = 12) -> str:
    """The first words and how many more there are.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    every = list(words)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
