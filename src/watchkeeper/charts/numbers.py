"""Numbers and times as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NONE = "\N{EM DASH}"


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits and thousands separators.

    >>> number(0.18666), number(41802.4), number(-0.5), number(None)
    ('0.187', '41,800', '−0.5', '—')
    """
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return (MINUS if value < 0 else "") + "∞"
    if value == 0:
        return "0"
    spare = digits - 1 - math.floor(math.log10(abs(value)))
    places = max(0, spare)
    if places > digits + 3:
        return f"{value:.{digits - 1}e}".replace("-", MINUS)
    text = f"{round(abs(value), spare):,.{places}f}"
    return (MINUS if value < 0 else "") + (text.rstrip("0").rstrip(".") if "." in text else text)


def percent(share: float | None) -> str:
    """A share as a percentage, one decimal below 10.

    >>> percent(0.0412), percent(0.5), percent(0.0), percent(0.0002)
    ('4.1 %', '50 %', '0 %', '<0.1 %')
    """
    if share is None or math.isnan(share):
        return NONE
    points = share * 100
    text = f"{abs(points):.1f}".removesuffix(".0") if abs(points) < 9.95 else f"{abs(points):.0f}"
    if points and text == "0":
        text = "<0.1"
    return f"{MINUS if points < 0 else ''}{text} %"


def count(value: float | None) -> str:
    """A whole number with separators.

    >>> count(998201)
    '998,201'
    """
    return NONE if value is None or math.isnan(value) else f"{round(value):,}".replace("-", MINUS)


def amount(value: float | None, unit: str) -> str:
    """A value in its unit: shares as percentages, rows as counts, seconds and milliseconds named."""
    if unit == "share":
        return percent(value)
    if unit == "rows":
        return count(value)
    text = number(value)
    return f"{text} {_SHORT[unit]}" if unit in _SHORT and text != NONE else text


_SHORT = {"seconds": "s", "milliseconds": "ms"}
_ENDINGS = (" %", " ms", " s")


def axis(values: Sequence[float], unit: str = "") -> list[str]:
    """Values beside an axis, as short as they can be said; large ones in thousands, millions or billions, all alike.

    >>> axis([5_000.0, 7_500.0, 10_000.0]), axis([0.0, 0.05], "share"), axis([900.0, 1200.0], "milliseconds")
    (['5k', '7.5k', '10k'], ['0 %', '5 %'], ['900 ms', '1,200 ms'])
    """
    largest = max(map(abs, values), default=0.0)
    _, size, letter = next((s for s in _SIZES if unit in ("", "rows") and largest >= s[0]), (0.0, 1.0, ""))
    scale, ending = (0.01, " %") if unit == "share" else (size, f" {_SHORT[unit]}" if unit in _SHORT else "")
    return [number(value / scale) + (letter if value else "") + ending for value in values]


_SIZES = ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))
"""From which largest value on, in what unit, and its letter."""


def interval(low: float | None, high: float | None, unit: str = "") -> str:
    """An interval, its unit said once: ``0.163–0.214``, ``14–21 %``; empty where there is none.

    >>> interval(0.143, 0.212, "share"), interval(-2.0, 1.5), interval(310.2, 355.0, "milliseconds")
    ('14–21 %', '−2 to 1.5', '310–355 ms')
    """
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    first, last = amount(low, unit), amount(high, unit)
    ending = next((e for e in _ENDINGS if first.endswith(e) and last.endswith(e)), "")
    between = " to " if MINUS in first + last else DASH
    return f"{first.removesuffix(ending)}{between}{last}"


def day(moment: datetime) -> str:
    """``24 Nov``."""
    return f"{moment.day} {moment:%b}"


def date(moment: datetime) -> str:
    """``24 Nov 2026``."""
    return f"{moment.day} {moment:%b %Y}"


def minute(moment: datetime) -> str:
    """``24 Nov 2026 13:00 UTC``."""
    return f"{date(moment)} {moment:%H:%M} UTC"
