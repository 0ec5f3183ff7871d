"""A few points of the past say all that later verdicts need of it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.rules.point_tables import DAILY, LATER, METRICS, START, series, verdicts

from watchkeeper.rules.formative import formative, traffic_windows
from watchkeeper.terms import Window

WINDOWS, FROM, NEEDS = 120, 100, 3
SPAN = Window(START, START + timedelta(days=28))


def moving(metric: str, **given: object) -> pa.Table:
    """A series that is unquiet at first and moves at the end."""
    rng = np.random.default_rng(3)
    values = 0.5 + rng.normal(0, 0.02, WINDOWS) + np.where(np.arange(WINDOWS) >= FROM, 0.12, 0.0)
    numbers = {"baseline_value": 0.5, "baseline_n": 20000.0, "baseline_se": 0.003, "se": 0.01}
    return series(metric, values.tolist(), **{**numbers, **given})


def all_points() -> pa.Table:
    steady = {"baseline": "", "n": 2000.0, "baseline_value": None, "baseline_n": None}
    rows = np.random.default_rng(4).poisson(2000, WINDOWS).astype(float).tolist()
    return pa.concat_tables(
        [
            moving("mean@1"),
            moving("mean@1", segment_key="place", segment_value="north", n=90.0),
            moving("null_share@1", column="age"),
            series("row_count@1", rows, **steady),
        ]
    )


def formed(points: pa.Table, span: Window | None = SPAN) -> pa.Table:
    return formative(points, metrics=METRICS, calendar=DAILY, now=LATER, span=span)


def since(points: pa.Table, window: int) -> pa.Table:
    return points.filter(pc.field("window_start") >= _day(window))


def said(judged: pa.Table) -> list[dict[str, object]]:
    ordered = judged.sort_by([(n, "ascending") for n in ("metric", "segment_value", "window_start")])
    return ordered.drop_columns(["seq"]).to_pylist()


@pytest.mark.parametrize("span", [SPAN, None])
def test_the_formative_points_and_the_last_ones_give_the_verdicts_that_all_points_give(span):
    points = all_points()
    rows = points.filter(pc.equal(points["metric"], "row_count@1"))
    recent = [since(points, FROM - NEEDS), since(rows, FROM - traffic_windows(NEEDS, DAILY))]
    few = pa.concat_tables([formed(points, span), *recent])
    there = since(verdicts(points, baseline_span=span), FROM)
    assert "breach" in there["outcome"].to_pylist()
    assert few.num_rows < points.num_rows + rows.num_rows
    assert said(since(verdicts(few, baseline_span=span), FROM)) == said(there)


def test_their_number_does_not_grow_with_time():
    points = all_points()
    early = points.filter(pc.field("window_start") < _day(40))
    assert formed(points).num_rows == formed(early).num_rows == 3 * 28


def test_windows_without_rows_and_open_ones_are_not_formative():
    few = moving("mean@1", n=[0.0] * 50 + [2000.0] * (WINDOWS - 50))
    assert pc.min(formed(few, None)["window_start"]).as_py() == START + timedelta(days=50)
    assert formed(moving("mean@1", open=[True] * WINDOWS), None).num_rows == 0


def test_what_was_formative_and_what_has_changed_tell_the_formative_points_anew():
    points = all_points()
    old, new = points.filter(pc.field("window_start") < _day(20)), points.filter(pc.field("window_start") >= _day(20))
    step = formed(pa.concat_tables([formed(old), new]))
    order = [(name, "ascending") for name in ("metric", "segment_value", "window_start")]
    assert step.sort_by(order).equals(formed(points).sort_by(order))


def _day(number: int) -> pa.Scalar:
    return pa.scalar(START + timedelta(days=number), pa.timestamp("us", "UTC"))
