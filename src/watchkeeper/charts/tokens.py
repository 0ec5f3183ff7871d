"""Colours of the light theme. Text has a contrast of at least 4.5 on its ground, marks of at least 3."""

from __future__ import annotations

from typing import Final

LIGHT: Final = {
    "bg": "#f6f7f9",
    "surface": "#ffffff",
    "sunken": "#eef0f3",
    "text": "#1a1f26",
    "muted": "#4f5967",
    "border": "#d3d8df",
    "control": "#6f7a89",
    "link": "#0b56a4",
    "ok": "#256e65",
    "ok-bg": "#e0f2ef",
    "warning": "#9a4d00",
    "warning-bg": "#fdf0d9",
    "breach": "#80101a",
    "breach-bg": "#fbe4e5",
    "nodata": "#3b4450",
    "nodata-bg": "#e6e9ee",
    "ack": "#4a1f9c",
    "ack-bg": "#ece7f9",
    "s1": "#1952af",
    "s2": "#c0640b",
    "s3": "#0c8586",
    "s4": "#6b1a6b",
    "s5": "#5b4c0d",
    "baseline": "#6c7683",
    "band": "#c3d3ec",
    "floor": "#e4e7ec",
}

DARK: Final = {
    "bg": "#11151a",
    "surface": "#181d24",
    "sunken": "#0c0f13",
    "text": "#e8ebef",
    "muted": "#a9b2be",
    "border": "#333b46",
    "control": "#7f8b9c",
    "link": "#86bbf3",
    "ok": "#5fc0b6",
    "ok-bg": "#12332f",
    "warning": "#f0b135",
    "warning-bg": "#38290a",
    "breach": "#f26b5a",
    "breach-bg": "#43191a",
    "nodata": "#c3ccd8",
    "nodata-bg": "#2a313b",
    "ack": "#a98cf0",
    "ack-bg": "#2a2150",
    "s1": "#7fb6ee",
    "s2": "#e27641",
    "s3": "#8ef0ee",
    "s4": "#b07fbb",
    "s5": "#e1ca74",
    "baseline": "#8b96a5",
    "band": "#2b3f57",
    "floor": "#2a313b",
}


def css_variables(tokens: dict[str, str]) -> str:
    """The tokens as CSS custom properties: ``--text: #1a1f26; …``."""
    return " ".join(f"--{name}: {colour};" for name, colour in tokens.items())
