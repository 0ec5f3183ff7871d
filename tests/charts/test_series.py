from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charts.drawings import day, dots, elements, places
from tests.surfaces import golden

from watchkeeper.charts.scale import Times, fitting
from watchkeeper.charts.series import Dot, Series, draw

STORY = Series(
    title="share missing of income",
    sentence="Share missing of income on 12 Mar: 24 %",
    dots=dots(),
    unit="share",
    baseline=0.11,
    incidents=[day(7, 5)],
    learned=day(0, 3),
    deployments=[(day(6).start, "2026-03")],
    from_zero=True,
)


def test_a_series_is_drawn_as_it_was():
    golden.agrees(draw(STORY), "series.svg", Path(__file__).parent)


def test_a_picture_names_itself():
    (root,) = elements(draw(STORY), "svg")
    assert root.get("role") == "img"
    assert [e.text for e in (*elements(draw(STORY), "title"), *elements(draw(STORY), "desc"))] == [
        STORY.title,
        STORY.sentence,
    ]


values = st.lists(st.floats(-1e6, 1e6, allow_nan=False, width=32), min_size=2, max_size=60)


@given(values)
def test_every_point_of_the_line_lies_where_its_value_is(values):
    told = Series("t", "s", [Dot(day(i), value) for i, value in enumerate(values)])
    text = draw(told)
    (line,) = elements(text, "path", "line")
    drawn = places(line)
    left, right = (float(n) for n in _grid_edges(text))
    x = Times(day(0).start, day(len(values) - 1).end, left, right)
    y = fitting(values, [], 160 - 22.0, 18.0, from_zero=False)
    assert len(drawn) == len(values)
    for (at, high), dot in zip(drawn, told.dots, strict=True):
        assert abs(at - x(dot.middle)) <= 0.55 and abs(high - y(dot.value)) <= 0.1


def _grid_edges(text: str) -> tuple[str, str]:
    """From where to where the grid lines run; whole pixels."""
    steps = elements(text, "path", "grid")[0].get("d")
    start, end = steps.removeprefix("M").split("H")
    return start.split(" ")[0], end


def test_no_line_crosses_a_window_without_data():
    assert [len(places(line)) for line in elements(draw(STORY), "path", "line")] == [3, 5]


def test_labels_to_come_are_a_dashed_line_of_their_own():
    assert [len(places(line)) for line in elements(draw(STORY), "path", "developing")] == [3]


def test_an_open_window_is_hollow_and_a_restated_one_shows_its_former_value():
    text = draw(STORY)
    assert len(elements(text, "circle", "open")) == 1
    assert len(elements(text, "circle", "restated")) == 1


def test_a_former_value_that_nobody_could_see_is_not_marked():
    told = replace(STORY, dots=[replace(dot, restated_from=dot.value) for dot in dots()])
    assert elements(draw(told), "circle", "restated") == []


def test_breach_and_warning_differ_in_shape():
    text = draw(STORY)
    assert len(places(elements(text, "path", "breach")[0])) == 4
    assert len(places(elements(text, "path", "warning")[0])) == 3


def test_limits_above_and_below_are_never_joined():
    sides = [0.12, 0.12, 0.09, 0.09]
    told = replace(STORY, dots=[Dot(day(i), 0.1, limit=limit) for i, limit in enumerate(sides)], incidents=())
    assert [len(places(line)) for line in elements(draw(told), "path", "limit")] == [4, 4]


def test_a_line_before_a_change_of_unit_is_not_pressed_flat_against_the_axis():
    told = Series("t", "s", [Dot(day(i), 14_000.0 * (1000.0 if i > 6 else 1.0)) for i in range(10)])
    drawn = places(elements(draw(told), "path", "line")[0])
    assert drawn[0][1] - drawn[-1][1] > 60
    assert "ratio scale" in [e.text for e in elements(draw(told), "text")]


@pytest.mark.parametrize("top", [1.0, 1_500.0, 2_500_000.0, 0.00004])
def test_every_text_begins_and_ends_inside_the_picture(top):
    told = replace(STORY, unit="", dots=[Dot(day(i), top * (1 + i / 20)) for i in range(12)], baseline=None)
    for text in elements(draw(told), "text"):
        x, long = float(text.get("x")), len(text.text) * 6.2
        start = {"end": x - long, "middle": x - long / 2}.get(text.get("text-anchor", ""), x)
        assert start >= 0 and start + long <= 392 + 6.2


def test_ticks_of_one_axis_have_labels_of_their_own():
    labels = [e.text for e in elements(draw(STORY), "text", "axis") if "%" in (e.text or "")]
    assert len(labels) == len(set(labels)) >= 2


def test_hostile_words_stay_words():
    told = replace(STORY, title="</title><script>alert(1)</script>", sentence='"><img src=x onerror=y>')
    told = replace(told, deployments=[(day(6).start, "<b>&'\"")])
    text = draw(told)
    assert "<script" not in text and "<img" not in text and "<b>" not in text
    assert elements(text, "title")[0].text == told.title


def test_a_series_without_any_value_has_axes_and_no_line():
    text = draw(Series("t", "s", [Dot(day(0), None), Dot(day(1), None)]))
    assert elements(text, "path", "line") == [] and elements(text, "path", "grid")


def test_within_a_page_the_style_is_left_to_the_page():
    assert elements(draw(STORY, styled=False), "style") == [] != elements(draw(STORY), "style")


def test_a_share_that_is_always_zero_is_not_drawn_against_a_hundred_per_cent():
    told = replace(STORY, dots=[Dot(day(i), 0.0, 0.0, 0.003) for i in range(8)], baseline=0.0, deployments=())
    labels = [e.text for e in elements(draw(told), "text", "axis") if "%" in (e.text or "")]
    assert labels[0] == "0 %" and max(float(label.split()[0]) for label in labels) < 1
