"""SVG elements as text, with everything that comes from outside escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from watchkeeper.charts.tokens import LIGHT
from watchkeeper.charts.words import visible

PREFIX: Final = "wk-"
"""Before every class of a picture, since the style of a picture within a page holds for the whole page."""


def element(name: str, *children: str, **attributes: object) -> str:
    """One element. Attribute names use ``_`` for ``-`` and a trailing ``_`` where Python reserves the word."""
    given = "".join(f' {k.rstrip("_").replace("_", "-")}="{escape(_value(k, v))}"' for k, v in attributes.items())
    return f"<{name}{given}>{''.join(children)}</{name}>" if children else f"<{name}{given}/>"


def _value(name: str, value: object) -> str:
    return f"{PREFIX}{value}" if name == "class_" else _text(value)


def _text(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def text(x: float, y: float, words: str, **attributes: object) -> str:
    """A text at a place."""
    return element("text", escape(visible(words)), x=float(x), y=float(y), **attributes)


def path(points: Iterable[tuple[float, float]], **attributes: object) -> str:
    """A line through points; nothing for fewer than one."""
    steps = [f"{_text(float(x))} {_text(float(y))}" for x, y in points]
    return element("path", d="M" + "L".join(steps), fill="none", **attributes) if steps else ""


def area(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], **attributes: object) -> str:
    """The filled area between two lines over the same x."""
    outline = [*upper, *reversed(lower)]
    steps = [f"{_text(float(x))} {_text(float(y))}" for x, y in outline]
    return element("path", d="M" + "L".join(steps) + "Z", **attributes) if steps else ""


def runs(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    """Split a series where it has no value, so that no line crosses a gap."""
    found: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y is None or math.isnan(y):
            found.append([])
        else:
            found[-1].append((x, y))
    return [run for run in found if run]


def drawing(width: int, height: int, title: str, description: str, *children: str, styled: bool = True) -> str:
    """A whole picture that names itself to people who do not see it.

    Args:
        styled: whether the picture carries its own style, as a file of its own must; a page gives ``STYLE`` once.
    """
    return element(
        "svg",
        element("title", escape(visible(title))),
        element("desc", escape(visible(description))),
        *([element("style", STYLE)] if styled else []),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        class_="chart",
        font_family="system-ui,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif",
        font_size=11,
    )


def mark(kind: str, x: float, y: float, size: float = 5.0, **attributes: object) -> str:
    """A mark whose shape says the state: circle ok, triangle warning, diamond breach, bar not judged."""
    if kind == "circle":
        return element("circle", cx=float(x), cy=float(y), r=size * 0.7, **attributes)
    corners = [(x + dx * size, y + dy * size) for dx, dy in _SHAPES[kind]]
    return area(corners, [], **attributes)


_SHAPES = {
    "diamond": ((0, -1), (0.9, 0), (0, 1), (-0.9, 0)),
    "triangle": ((0, -1), (0.95, 0.75), (-0.95, 0.75)),
    "bar": ((-1, -0.3), (1, -0.3), (1, 0.3), (-1, 0.3)),
}

STYLE: Final = "".join(
    f".{PREFIX}{name}{{{rule}}}"
    for name, rule in {
        "axis": f"fill:{LIGHT['muted']}",
        "word": f"fill:{LIGHT['text']}",
        "grid": f"stroke:{LIGHT['border']};stroke-width:1",
        "line": f"stroke:{LIGHT['s1']};stroke-width:1.5;stroke-linejoin:round",
        "developing": f"stroke:{LIGHT['s1']};stroke-width:1.5;stroke-dasharray:6 4",
        "second": f"stroke:{LIGHT['s2']};stroke-width:1.5;stroke-linejoin:round",
        "band": f"fill:{LIGHT['band']}",
        "floor": f"fill:{LIGHT['floor']}",
        "base": f"stroke:{LIGHT['baseline']};stroke-width:1.5;stroke-dasharray:2 3",
        "limit": f"stroke:{LIGHT['breach']};stroke-width:1.5;stroke-dasharray:6 3",
        "breach": f"fill:{LIGHT['breach']}",
        "warning": f"fill:{LIGHT['warning']}",
        "span": f"fill:{LIGHT['breach']};fill-opacity:.1",
        "learn": f"fill:{LIGHT['baseline']};fill-opacity:.12",
        "open": f"fill:{LIGHT['surface']};stroke:{LIGHT['s1']};stroke-width:1.5",
        "restated": f"fill:{LIGHT['surface']};stroke:{LIGHT['ack']};stroke-width:1.5",
        "rule": f"stroke:{LIGHT['control']};stroke-width:1",
        "ok": f"fill:{LIGHT['ok']}",
        "nodata": f"fill:{LIGHT['nodata-bg']}",
        "traffic": f"fill:{LIGHT['band']}",
        "incident": f"fill:{LIGHT['breach-bg']};stroke:{LIGHT['breach']}",
        "settled": f"fill:{LIGHT['sunken']};stroke:{LIGHT['control']}",
        "version": f"fill:{LIGHT['ack-bg']};stroke:{LIGHT['ack']}",
        "learning": f"fill:{LIGHT['sunken']};stroke:{LIGHT['baseline']};stroke-dasharray:2 3",
        "matured": f"fill:{LIGHT['ok-bg']};stroke:{LIGHT['ok']}",
        "ripening": f"fill:{LIGHT['surface']};stroke:{LIGHT['ok']};stroke-dasharray:6 4",
    }.items()
)
