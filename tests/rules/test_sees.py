"""The smallest change a series can see."""

from datetime import timedelta

import pytest
from tests.rules.point_tables import DAILY, LATER, METRICS, START, WEEK, WEEKLY, series

from watchkeeper.rules.sees import SEES, sees
from watchkeeper.terms import Window

SPAN = Window(START, START + timedelta(days=28))


def seen(table, **given):
    return sees(table, **{"metrics": METRICS, "calendar": DAILY, "now": LATER, "baseline_span": SPAN, **given})


@pytest.mark.parametrize(("n", "share"), [(50, 0.21), (300, 0.114), (2000, 0.081), (20000, 0.070)])
def test_from_five_percent_as_published(n, share):
    table = series("category_share@1(category=1)", [0.05] * 30, n=float(n), column="label", baseline_value=0.05)
    row = seen(table).to_pylist()[0]
    assert row["high"] == pytest.approx(share, abs=3e-3)
    assert row["low"] < 0.05 and row["learnt"] and row["windows"] == 1


def test_only_the_bad_side_is_looked_for():
    nulls = series("null_share@1", [0.05] * 30, column="age", baseline_value=0.05)
    quality = series("accuracy@1", [0.8] * 30, column="decision", baseline_value=0.8, size=WEEK)
    upward = seen(nulls).to_pylist()[0]
    downward = seen(quality, calendar=WEEKLY).to_pylist()[0]
    assert upward["low"] is None and upward["high"] > 0.05
    assert downward["high"] is None and downward["low"] < 0.8


def test_traffic_is_seen_on_both_sides():
    rows = series("row_count@1", [2000.0] * 60, n=2000.0, baseline="")
    row = seen(rows).to_pylist()[0]
    assert row["low"] < 2000 / 1.25 and row["high"] > 2000 * 1.25


def test_a_series_that_is_nowhere_judged_sees_nothing():
    assert seen(series("null_share@1", [0.0] * 30, n=0.5, column="age", baseline_value=0.0)).num_rows == 0
    assert seen(series("null_share@1", [0.0]).slice(0, 0)).schema == SEES


def test_a_quantile_has_no_way_back_to_its_unit():
    row = seen(series("quantile@1", [9.0] * 30, compared=0.5, column="age")).to_pylist()[0]
    assert (row["low"], row["high"]) == (None, None)
