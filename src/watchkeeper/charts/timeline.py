"""What happened when: traffic, versions served, baseline, maturity of labels and incidents over one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.charts import numbers, svg
from watchkeeper.charts.scale import Times
from watchkeeper.terms import Window

_ROW = 22.0
_LEFT = 132.0
_TRAFFIC = 44.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A named span; ``tone`` is a class of the style sheet, ``note`` stands in or beside the bar."""

    name: str
    span: Window
    tone: str
    note: str = ""
    starts_with_mark: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """A timeline.

    Args:
        span: the whole axis.
        traffic: windows and the rows counted in each.
        bars: one row each, from top to bottom; bars of the same name share a row.
        now: the moment of the report, or None.
    """

    title: str
    sentence: str
    span: Window
    traffic: Sequence[tuple[Window, float | None]]
    bars: Sequence[Bar]
    now: datetime | None = None


def draw(timeline: Timeline, width: int = 1200, *, styled: bool = True) -> str:
    """The timeline as SVG text, as high as its rows need; without its style where the page gives ``svg.STYLE``."""
    names = list(dict.fromkeys(bar.name for bar in timeline.bars))
    height = int(_TRAFFIC + 18 + _ROW * len(names) + 26)
    x = Times(timeline.span.start, timeline.span.end, _LEFT, width - 12.0)
    parts = [_axis(x, height), _traffic(timeline, x)]
    for row, name in enumerate(names):
        top = _TRAFFIC + 18 + row * _ROW
        parts.append(svg.text(_LEFT - 10, top + 14, _short(name), text_anchor="end", class_="word"))
        parts += [_bar(bar, x, top) for bar in timeline.bars if bar.name == name]
    return svg.drawing(width, height, timeline.title, timeline.sentence, *parts, styled=styled)


def _short(name: str) -> str:
    return name if len(name) <= 22 else name[:21] + "…"


def _axis(x: Times, height: int) -> str:
    parts = []
    for moment in x.ticks(about=max(2, int((x.end - x.start) // 84))):
        place = x(moment)
        anchor = "end" if place > x.end - 18 else "middle"
        parts.append(svg.element("path", d=f"M{place:.1f} 6V{height - 22}", class_="grid"))
        parts.append(svg.text(place, height - 7, numbers.day(moment), text_anchor=anchor, class_="axis"))
    return "".join(parts)


def _traffic(timeline: Timeline, x: Times) -> str:
    most = max((rows for _, rows in timeline.traffic if rows), default=0.0)
    label = svg.text(_LEFT - 10, 22, "Rows", text_anchor="end", class_="word")
    if not most:
        return label
    peak = svg.text(_LEFT - 10, 36, f"up to {numbers.count(most)}", text_anchor="end", class_="axis")
    columns = [_column(window, rows or 0.0, most, x) for window, rows in timeline.traffic]
    return label + peak + "".join(columns)


def _column(window: Window, rows: float, most: float, x: Times) -> str:
    high = rows / most * (_TRAFFIC - 6)
    left, right = x(window.start) + 0.5, x(window.end) - 0.5
    top = _TRAFFIC + 6 - high
    return svg.element("rect", x=left, y=top, width=max(right - left, 0.8), height=high, class_="traffic")


def _bar(bar: Bar, x: Times, top: float) -> str:
    left, right = (min(max(x(at), x.start), x.end) for at in (bar.span.start, bar.span.end))
    wide = max(right - left, 3.0)
    parts = [svg.element("rect", x=left, y=top + 3, width=wide, height=_ROW - 8, rx=3, class_=bar.tone)]
    if bar.starts_with_mark:
        parts.append(svg.mark("diamond", left, top + 3 + (_ROW - 8) / 2, 7.0, class_="breach"))
    if bar.note:
        parts.append(_note(bar.note, left, right, top + 14.5, x))
    return "".join(parts)


def _note(note: str, left: float, right: float, y: float, x: Times) -> str:
    """Inside the bar where it fits, else on the side with room."""
    needed = len(note) * 6.2 + 14
    if right - left > needed:
        return svg.text(left + 11, y, note, class_="word")
    if right + needed < x.end:
        return svg.text(right + 6, y, note, class_="word")
    return svg.text(left - 10, y, note, text_anchor="end", class_="word")
