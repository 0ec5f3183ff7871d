"""How one number moved: line with its interval, baseline, noise floor, limit, incidents; open and restated windows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from watchkeeper.charts import numbers, svg
from watchkeeper.charts.scale import Log, Scale, Times, fitting
from watchkeeper.terms import Maturity, Outcome, Window


@dataclass(frozen=True, slots=True)
class Dot:
    """One window of a series as it is drawn."""

    window: Window
    value: float | None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    floor: float | None = None
    outcome: Outcome = Outcome.NOT_JUDGED
    open: bool = False
    maturity: Maturity | None = None
    restated_from: float | None = None

    @property
    def middle(self) -> datetime:
        return self.window.start + (self.window.end - self.window.start) / 2


@dataclass(frozen=True, slots=True)
class Series:
    """A chart of one series.

    Args:
        title: what is drawn, such as "mean of income".
        sentence: what a person would say of it.
        unit: unit of the values; shares are drawn as percentages.
        baseline: value in the baseline.
        incidents: spans during which an incident was open, with its mark at the start.
        learned: the span of the baseline, where it lies on the time axis.
        deployments: first window and name of each model version.
    """

    title: str
    sentence: str
    dots: Sequence[Dot]
    unit: str = ""
    baseline: float | None = None
    incidents: Sequence[Window] = ()
    learned: Window | None = None
    deployments: Sequence[tuple[datetime, str]] = ()
    from_zero: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """The plot inside a picture: its scales and its edges in pixels."""

    x: Times
    y: Scale
    left: float
    right: float
    top: float
    bottom: float


def draw(series: Series, width: int = 392, height: int = 160, *, styled: bool = True) -> str:
    """The chart as SVG text of this size in pixels; without its style where the page gives ``svg.STYLE``."""
    frame = _frame(series, width, height)
    layers = (_spans, _floor, _grid, _band, _baseline, _limit, _lines, _marks, _axis)
    drawn = (layer(series, frame) for layer in layers)
    return svg.drawing(width, height, series.title, series.sentence, *drawn, styled=styled)


def _frame(series: Series, width: int, height: int) -> Frame:
    top, bottom, right = 18.0, height - 22.0, width - 10.0
    own = [d.value for d in series.dots if d.value is not None]
    spoken = [v for d in series.dots for v in (d.low, d.high, d.limit, d.restated_from)]
    y = fitting(own, _tamed([*spoken, series.baseline], series), bottom, top, from_zero=series.from_zero)
    longest = max(map(len, _labels(y, series.unit)), default=0)
    left = max(30.0, longest * _LETTER + 12)
    windows = [dot.window for dot in series.dots]
    x = Times(min(w.start for w in windows), max(w.end for w in windows), left, right)
    return Frame(x, y, left, right, top, bottom)


def _labels(scale: Scale, unit: str) -> list[str]:
    """One label a tick; on a scale of ratios each has its own size."""
    ticks = scale.ticks()
    return [numbers.axis([tick], unit)[0] for tick in ticks] if isinstance(scale, Log) else numbers.axis(ticks, unit)


_LETTER = 6.2
"""Width of a letter of the axis in pixels, on the safe side."""


def _tamed(values: list[float | None], series: Series) -> list[float | None]:
    """Leave out interval ends and limits that would squeeze the line itself into a corner."""
    own = [d.value for d in series.dots if d.value is not None]
    if not own:
        return values
    low, high = min(own), max(own)
    wide = sorted(d.high - d.low for d in series.dots if d.high is not None and d.low is not None)
    room = max(high - low, abs(high) * 0.1, wide[len(wide) // 2] if wide else 0.0, 1e-12) * 3
    return [v for v in values if v is not None and math.isfinite(v) and low - room <= v <= high + room]


def _spans(series: Series, frame: Frame) -> str:
    spans = [(window, "span") for window in series.incidents]
    spans += [(series.learned, "learn")] if series.learned is not None else []
    return "".join(_column(frame, window, name) for window, name in spans)


def _column(frame: Frame, window: Window, name: str) -> str:
    x0, x1 = (min(max(frame.x(at), frame.left), frame.right) for at in (window.start, window.end))
    return svg.element("rect", x=x0, y=frame.top, width=max(x1 - x0, 1.0), height=frame.bottom - frame.top, class_=name)


def _floor(series: Series, frame: Frame) -> str:
    known = [(frame.x(d.middle), frame.y(min(d.floor, frame.y.high))) for d in series.dots if d.floor is not None]
    return svg.area(known, [(x, frame.y(max(frame.y.low, 0.0))) for x, _ in known], class_="floor") if known else ""


def _grid(series: Series, frame: Frame) -> str:
    lines = []
    for tick, label in zip(frame.y.ticks(), _labels(frame.y, series.unit), strict=True):
        y = frame.y(tick)
        lines.append(svg.element("path", d=f"M{frame.left:.0f} {y:.1f}H{frame.right:.0f}", class_="grid"))
        lines.append(svg.text(frame.left - 6, y + 3.5, label, text_anchor="end", class_="axis"))
    if isinstance(frame.y, Log):
        lines.append(svg.text(frame.left, 10, "ratio scale", class_="axis"))
    return "".join(lines)


def _band(series: Series, frame: Frame) -> str:
    parts = []
    for run in _unbroken(series.dots, lambda d: d.low is not None and d.high is not None):
        upper = [(frame.x(d.middle), frame.y(_within(d.high, frame.y))) for d in run]
        lower = [(frame.x(d.middle), frame.y(_within(d.low, frame.y))) for d in run]
        parts.append(svg.area(upper, lower, class_="band"))
    return "".join(parts)


def _within(value: float | None, scale: Scale) -> float:
    assert value is not None
    return min(max(value, scale.low), scale.high)


def _unbroken(dots: Sequence[Dot], known: Callable[[Dot], bool]) -> list[list[Dot]]:
    runs: list[list[Dot]] = [[]]
    for dot in dots:
        if known(dot):
            runs[-1].append(dot)
        else:
            runs.append([])
    return [run for run in runs if run]


def _baseline(series: Series, frame: Frame) -> str:
    if series.baseline is None or not frame.y.low <= series.baseline <= frame.y.high:
        return ""
    y = frame.y(series.baseline)
    return svg.element("path", d=f"M{frame.left:.0f} {y:.1f}H{frame.right:.0f}", class_="base", fill="none")


def _limit(series: Series, frame: Frame) -> str:
    """The limit of each window as a step, where it fits in the plot; limits above and below are never joined."""
    parts = []
    for run in _unbroken(series.dots, lambda d: d.limit is not None and frame.y.low <= d.limit <= frame.y.high):
        for _, side in groupby(run, key=lambda d: _is_above(d, series.baseline)):
            steps = [(frame.x(at), frame.y(d.limit or 0.0)) for d in side for at in (d.window.start, d.window.end)]
            parts.append(svg.path(steps, class_="limit"))
    return "".join(parts)


def _is_above(dot: Dot, baseline: float | None) -> bool:
    middle = baseline if baseline is not None else dot.value
    return middle is None or (dot.limit or 0.0) >= middle


def _lines(series: Series, frame: Frame) -> str:
    parts: list[str] = []
    for name, dots in _by_maturity(series.dots).items():
        places = [(frame.x(d.middle), None if d.value is None else frame.y(d.value)) for d in dots]
        parts += [svg.path(run, class_=name) for run in svg.runs(places)]
    return "".join(parts)


def _by_maturity(dots: Sequence[Dot]) -> dict[str, list[Dot]]:
    """Matured and unlabelled windows are one line, developing ones another; the two are never joined."""
    developing = [d.maturity is Maturity.DEVELOPING for d in dots]
    solid = [_blank(d) if late else d for d, late in zip(dots, developing, strict=True)]
    dashed = [d if late else _blank(d) for d, late in zip(dots, developing, strict=True)]
    return {"line": solid, "developing": dashed}


def _blank(dot: Dot) -> Dot:
    return Dot(dot.window, None)


def _marks(series: Series, frame: Frame) -> str:
    parts = [_mark(dot, frame) for dot in series.dots if dot.value is not None]
    return "".join([*_flags(series, frame), *parts])


def _flags(series: Series, frame: Frame) -> list[str]:
    """A thin rule at each deployment, its name above the plot where it meets no other."""
    parts, taken = [], frame.left + (70 if isinstance(frame.y, Log) else 0)
    for start, name in sorted(series.deployments):
        x = frame.x(start)
        if not frame.left < x < frame.right:
            continue
        parts.append(svg.element("path", d=f"M{x:.1f} 6V{frame.bottom:.0f}", class_="rule"))
        word, long = f"v {_short(name)}", len(_short(name)) * _LETTER + 16
        left = x + 3 if x + 3 + long < frame.right else x - long
        if left >= taken:
            parts.append(svg.text(left, 12, word, class_="axis"))
            taken = left + long
    return parts


def _short(name: str) -> str:
    return name if len(name) <= 12 else name[:11] + "…"


_SEEN = 2.0
"""A former value less than so many pixels away is not marked."""


def _mark(dot: Dot, frame: Frame) -> str:
    assert dot.value is not None
    x, y = frame.x(dot.middle), frame.y(dot.value)
    parts = []
    old = y if dot.restated_from is None else frame.y(_within(dot.restated_from, frame.y))
    if abs(old - y) >= _SEEN:
        parts += [
            svg.path([(x - 3, old), (x + 3, old)], class_="rule"),
            svg.mark("circle", x, y, 4.5, class_="restated"),
        ]
    if dot.open:
        parts.append(svg.mark("circle", x, y, 4.5, class_="open"))
    elif dot.outcome is Outcome.BREACH:
        parts.append(svg.mark("diamond", x, y, class_="breach"))
    elif dot.outcome is Outcome.WARNING:
        parts.append(svg.mark("triangle", x, y, 4.0, class_="warning"))
    return "".join(parts)


def _axis(_: Series, frame: Frame) -> str:
    room = frame.right - frame.left
    labels = []
    for moment in frame.x.ticks(about=max(2, int(room // 72))):
        x = frame.x(moment)
        anchor = "end" if x > frame.right - 16 else "start" if x < frame.left + 16 else "middle"
        labels.append(svg.text(x, frame.bottom + 15, numbers.day(moment), text_anchor=anchor, class_="axis"))
    return "".join(labels)
