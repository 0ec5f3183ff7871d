from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.charts.drawings import day, elements
from tests.surfaces import golden

from watchkeeper.charts.timeline import Bar, Timeline, draw

STORY = Timeline(
    title="Timeline of credit_score",
    sentence="credit_score from 2 Mar to 15 Mar 2026, 1 incident",
    span=day(0, 14),
    traffic=[(day(i), rows) for i, rows in enumerate([100.0, 120.0, None, 80.0, 0.0, 110.0])],
    bars=[
        Bar("Baseline", day(0, 5), "learning", "what later windows are compared with"),
        Bar("Version a", day(0, 9), "version"),
        Bar("income", day(9, 5), "incident", "open", starts_with_mark=True),
        Bar("income", day(5, 1), "settled", "resolved", starts_with_mark=True),
    ],
)


def test_a_timeline_is_drawn_as_it_was():
    golden.agrees(draw(STORY), "timeline.svg", Path(__file__).parent)


def test_bars_of_one_name_share_a_row():
    names = [e.text for e in elements(draw(STORY), "text", "word")]
    assert names.count("income") == 1
    open_, over = elements(draw(STORY), "rect", "incident") + elements(draw(STORY), "rect", "settled")
    assert open_.get("y") == over.get("y")


def test_bars_stay_within_the_axis():
    told = replace(STORY, bars=[Bar("long", day(-30, 90), "version")])
    (bar,) = elements(draw(told), "rect", "version")
    assert float(bar.get("x")) >= 132 and float(bar.get("x")) + float(bar.get("width")) <= 1188.1


def test_columns_of_traffic_are_as_high_as_their_rows():
    tall = [float(e.get("height")) for e in elements(draw(STORY), "rect", "traffic")]
    assert tall[1] == max(tall) and abs(tall[0] / tall[1] - 100 / 120) < 0.01 and tall[4] == 0


def test_a_model_without_traffic_says_rows_and_draws_none():
    text = draw(replace(STORY, traffic=[]))
    assert elements(text, "rect", "traffic") == []


def test_hostile_names_stay_names():
    text = draw(replace(STORY, bars=[Bar("<script>x</script>", day(0, 5), "version", note='"><svg onload=x>')]))
    assert "<script" not in text and "<svg onload" not in text
