"""Where text for people goes: its width, its letters, its colours."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

_ASCII = str.maketrans(
    {
        "\N{MINUS SIGN}": "-",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{MIDDLE DOT}": "|",
        "\N{RIGHTWARDS ARROW}": "->",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{BLACK CIRCLE}": "o",
        "\N{WHITE CIRCLE}": ".",
        "\N{BLACK UP-POINTING TRIANGLE}": "!",
        "\N{BLACK DIAMOND}": "#",
        "\N{HEAVY CHECK MARK}": "v",
        "\N{MULTIPLICATION X}": "x",
        "\N{BOX DRAWINGS LIGHT HORIZONTAL}": "-",
        "\N{INFINITY}": "inf",
    }
)
_TONES = {"ok": "32", "warning": "33", "breach": "31", "quiet": "2", "strong": "1"}
_LEAST, _MOST = 40, 160


@dataclass(frozen=True)
class Screen:
    """How wide the text may be, whether it may leave ASCII, and whether it may be coloured."""

    width: int = 100
    unicode: bool = True
    colour: bool = False

    @classmethod
    def of(cls, stream: TextIO) -> Screen:
        """What a stream can show; `NO_COLOR` and `COLUMNS` are heeded, a pipe is 100 wide."""
        terminal = stream.isatty()
        width = shutil.get_terminal_size((100, 24)).columns if terminal or "COLUMNS" in os.environ else 100
        encoding = (getattr(stream, "encoding", None) or "ascii").lower()
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        return cls(max(_LEAST, min(width, _MOST)), encoding.startswith("utf"), terminal and not plain)

    def letters(self, text: str) -> str:
        """The text in letters this screen has."""
        if self.unicode:
            return text
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")

    def paint(self, text: str, tone: str) -> str:
        """The text in a tone (`ok`, `warning`, `breach`, `quiet`, `strong`), where there are colours."""
        if not self.colour or tone not in _TONES:
            return text
        return f"\x1b[{_TONES[tone]}m{text}\x1b[0m"

    def wrapped(self, text: str, indent: str = "", first: str | None = None) -> str:
        """The text broken to the width."""
        start = indent if first is None else first
        return textwrap.fill(
            text,
            self.width,
            initial_indent=start,
            subsequent_indent=indent,
            break_on_hyphens=False,
            break_long_words=False,
        )


@dataclass(frozen=True)
class Column:
    """One column of a table; numbers go to the right. `flex` columns are cut to fit, and the widest of them first."""

    head: str
    right: bool = False
    flex: bool = False


def table(screen: Screen, columns: Sequence[Column], rows: Sequence[Sequence[str]], tones: Sequence[str] = ()) -> str:
    """Rows under heads, aligned, one line a row; what does not fit is left out from the right.

    Args:
        tones: a tone per row for its first cell; none paints nothing.

    >>> print(table(Screen(40), [Column("METRIC"), Column("VALUE", right=True)], [["psi", "0.2"], ["mean", "61,200"]]))
    METRIC   VALUE
    psi        0.2
    mean    61,200
    """
    widths = [max([len(c.head), *(len(row[i]) for row in rows)]) for i, c in enumerate(columns)]
    shown = _fitted(screen.width, columns, widths)
    lines = [_line(columns[: len(shown)], [c.head for c in columns], shown)]
    for index, row in enumerate(rows):
        line = _line(columns[: len(shown)], row, shown)
        first = line[: shown[0]]
        tone = tones[index] if index < len(tones) else ""
        lines.append(screen.paint(first, tone) + line[shown[0] :])
    return "\n".join([screen.paint(lines[0], "quiet"), *lines[1:]])


_GAP = 2
_NARROWEST = 24


def _fitted(width: int, columns: Sequence[Column], widths: list[int]) -> list[int]:
    """Widths that fit; flexible columns shrink first, then columns are left out from the right."""
    shown = list(widths)
    while len(shown) > 1 and _total(shown) > width:
        excess = _total(shown) - width
        flex = [i for i in range(len(shown)) if columns[i].flex and shown[i] > _NARROWEST]
        room = sum(shown[i] - _NARROWEST for i in flex)
        if room < excess:
            shown = list(widths[: len(shown) - 1])
            continue
        widest = max(flex, key=lambda i: shown[i])
        shown[widest] -= min(excess, shown[widest] - _NARROWEST)
    return shown


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _line(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int]) -> str:
    parts = [
        _cut(cell, width).rjust(width) if column.right else _cut(cell, width).ljust(width)
        for column, cell, width in zip(columns, cells, widths, strict=False)
    ]
    return (" " * _GAP).join(parts).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "\N{HORIZONTAL ELLIPSIS}"


def counted(count: int, word: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> counted(1, "window"), counted(2400, "window")
    ('1 window', '2,400 windows')
    """
    return f"{count:,} {word if count == 1 else many or word + 's'}"
