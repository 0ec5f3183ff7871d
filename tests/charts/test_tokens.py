"""Contrast as WCAG 2.2 counts it."""

from __future__ import annotations

import pytest

from watchkeeper.charts.tokens import DARK, LIGHT, css_variables

THEMES = {"light": LIGHT, "dark": DARK}
STATES = ("ok", "warning", "breach", "nodata", "ack")


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["surface", "bg", "sunken"])
@pytest.mark.parametrize("token", ["text", "muted", "link", *STATES])
def test_text_can_be_read_on_every_ground(theme, ground, token):
    assert contrast(THEMES[theme][token], THEMES[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("state", STATES)
def test_a_state_can_be_read_on_its_own_ground(theme, state):
    assert contrast(THEMES[theme][state], THEMES[theme][f"{state}-bg"]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("token", ["control", "baseline", "s1", "s2", "s3", "s4", "s5"])
def test_marks_and_lines_stand_out_from_the_surface(theme, token):
    assert contrast(THEMES[theme][token], THEMES[theme]["surface"]) >= 3.0


@pytest.mark.parametrize("theme", THEMES)
def test_the_line_stands_out_from_its_own_band(theme):
    assert contrast(THEMES[theme]["s1"], THEMES[theme]["band"]) >= 3.0


@pytest.mark.parametrize(
    ("theme", "token", "figure"),
    [("light", "text", 16.6), ("light", "muted", 7.1), ("light", "breach", 10.5), ("light", "s2", 4.1),
     ("dark", "text", 14.2), ("dark", "muted", 7.9), ("dark", "breach", 5.7), ("dark", "s3", 12.8)],
)  # fmt: skip
def test_contrasts_are_those_that_were_designed(theme, token, figure):
    assert contrast(THEMES[theme][token], THEMES[theme]["surface"]) == pytest.approx(figure, abs=0.06)


def test_both_themes_name_the_same_tokens():
    assert LIGHT.keys() == DARK.keys()
    assert css_variables({"text": "#111111"}) == "--text: #111111;"
