"""Each panel says how small a lasting change it can see."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
from tests.surfaces.report import made_up

from watchkeeper.rules.sees import SEES
from watchkeeper.surfaces.report.visible import Visible, by_series, words


@pytest.mark.parametrize(
    ("visible", "unit", "said"),
    [
        (Visible(0.04, 0.081, 0.05), "share", "sees changes of 3.1 points or more"),
        (Visible(0.77, None, 0.80), "area", "sees falls of 0.03 or more"),
        (Visible(None, 90.0, 80.0), "milliseconds", "sees rises of 10 ms or more"),
        (Visible(None, 0.127, None), "nats", "sees 0.127 or more"),
        (Visible(None, 1800.0, None), "seconds", "sees 1,800 s or more"),
        (Visible(None, None, 0.5), "share", ""),
        (None, "share", ""),
    ],
)
def test_what_is_seen_is_said_in_the_unit_of_the_value(visible, unit, said):
    assert words(visible, unit) == said


def test_of_a_series_that_was_judged_on_several_lengths_the_newest_counts():
    key = {"metric": "mean@1", "column": "age", "model_version": "*", "segment_key": "", "segment_value": ""}
    rows = [
        {**key, "baseline": "fixed", "windows": n, "window_start": made_up.day(n).start, "baseline_value": 1.0}
        | {"low": 0.5, "high": high, "learnt": True}
        for n, high in ((7, 2.0), (1, 3.0))
    ]
    found = by_series(pa.Table.from_pylist(rows, schema=SEES))
    assert found == {("mean@1", "age", "*", "", "", "fixed"): Visible(0.5, 2.0, 1.0)}


def test_a_panel_says_it_and_one_that_sees_nothing_is_silent():
    watched = made_up.watched()
    text = made_up.words(made_up.page(watched))
    for said in ("sees changes of 2.5 or more", "sees rises of 2.4 points or more", "sees falls of 0.03 or more"):
        assert said in text
    assert "sees" not in made_up.words(made_up.page(replace(watched, visible={})))
