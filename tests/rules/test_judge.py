"""From points to verdicts as a whole."""

import time
from datetime import timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.point_tables import METRICS, START, series, verdicts

from watchkeeper import schemas
from watchkeeper.rules.limit import Limit
from watchkeeper.terms import Window

NO_SPAN, SPAN = None, Window(START, START + timedelta(days=20))
LIMITS = [Limit("mean", "age", above=10.5)]


def world(seed: int, days: int = 50) -> list[pa.Table]:
    """Restless series of every kind, with gaps, small windows and a step on day 35."""
    rng = np.random.default_rng(seed)
    step = np.where(np.arange(days) >= 35, 1.0, 0.0)
    rows = rng.integers(5, 90, days).astype(float)
    gone = rng.random(days) < 0.1
    n = rng.integers(300, 3000, days).astype(float)

    def gappy(values):
        return [None if lost else float(v) for lost, v in zip(gone, values, strict=True)]

    mean = {"baseline_value": 10.0, "baseline_se": 2 / np.sqrt(20000), "column": "age"}
    return [
        series("mean@1", gappy(10 + rng.normal(0, 0.1, days) + step), n=n.tolist(), **mean),
        series("mean@1", gappy(10 + rng.normal(0, 0.1, days) + step), n=n.tolist(), model_version="3", **mean),
        series("mean@1", gappy(10 + rng.normal(0, 0.1, days)), n=n.tolist(), **{**mean, "baseline": "previous"}),
        series("null_share@1", (rng.random(days) * 0.02).tolist(), n=rows.tolist(), baseline_value=0.01, column="age"),
        series("null_share@1", [0.3] * (days // 2), n=60.0, joins=2, baseline_value=0.01, column="age"),
        series("null_share@1", [0.3] * (days // 7), n=300.0, joins=7, baseline_value=0.01, column="age"),
        series("psi@1", (rng.random(days) * 0.2).tolist(), n=1000.0, noise_floor=0.01, column="score"),
        series("row_count@1", (n * (1 - step / 2)).tolist(), n=n.tolist(), baseline=""),
        series("freshness_seconds@1", (rng.random(days) * 9000).tolist(), baseline=""),
        series("accuracy@1", (0.8 + rng.normal(0, 0.05, days)).tolist(), baseline_value=0.8, column="decision"),
    ]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.randoms(use_true_random=False), st.sampled_from([NO_SPAN, SPAN]))
def test_the_order_of_the_points_does_not_matter(seed, random, span):
    points = pa.concat_tables(world(seed))
    order = list(range(points.num_rows))
    random.shuffle(order)
    given_ = {"limits": LIMITS, "baseline_span": span}
    assert verdicts(points.take(order), **given_).equals(verdicts(points, **given_))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(21, 49), st.sampled_from([NO_SPAN, SPAN]))
def test_later_windows_never_change_earlier_verdicts(seed, days, span):
    points = pa.concat_tables(world(seed))
    end = START + timedelta(days=days)
    until = pa.compute.less_equal(points["window_end"], pa.scalar(end, schemas.TIME))
    given_ = {"limits": LIMITS, "baseline_span": span}
    whole = verdicts(points, **given_)
    earlier = whole.filter(pa.compute.less_equal(whole["window_end"], pa.scalar(end, schemas.TIME)))
    assert verdicts(points.filter(until), **given_).equals(earlier)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_every_judged_series_has_one_verdict_for_each_window_and_rule(seed):
    found = verdicts(pa.concat_tables(world(seed)), limits=LIMITS)
    key = [*schemas.SERIES_KEY, "rule", "window_start", "window_end"]
    rows = found.select(key).to_pylist()
    assert len({tuple(row.values()) for row in rows}) == len(rows)
    assert found.schema == schemas.VERDICTS


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_what_is_beyond_has_evidence_and_an_effect_above_one(seed):
    for row in verdicts(pa.concat_tables(world(seed)), limits=LIMITS).to_pylist():
        assert bool(row["evidence"]) == (row["outcome"] in ("warning", "breach"))
        if row["outcome"] == "warning":
            assert row["effect"] > 1 and row["evidence"] == [row["window_start"]]
        if row["outcome"] == "breach":
            assert len(row["evidence"]) >= 2
        assert (row["limit"] is None) == (row["outcome"] == "not_judged")


def test_no_points_give_no_verdicts():
    assert verdicts(series("mean@1", [1.0]).slice(0, 0)).equals(schemas.VERDICTS.empty_table())


def test_a_restated_point_counts_as_restated():
    quiet = series("mean@1", [10.0] * 30, baseline_value=10.0, baseline_se=0.1 / np.sqrt(20000), column="age")
    wild = series(
        "mean@1", [99.0], baseline_value=10.0, baseline_se=0.1 / np.sqrt(20000), column="age", first=29, seq=9
    )
    assert verdicts(quiet, wild)["outcome"].to_pylist()[-1] == "warning"


def test_fifty_thousand_points_take_well_under_a_second():
    days, columns = 60, 850
    rng = np.random.default_rng(0)
    one = series("mean@1", [10.0] * days, baseline_value=10.0, baseline_se=0.01, column="age")
    many = pa.concat_tables(
        one.set_column(2, "column", pa.array([f"f{i}"] * days)).set_column(
            one.schema.get_field_index("value"), "value", pa.array(10 + rng.normal(0, 0.01, days))
        )
        for i in range(columns)
    ).cast(schemas.POINTS)
    best = min(_seconds(many) for _ in range(3))
    assert best < 1.0


def _seconds(points: pa.Table) -> float:
    began = time.perf_counter()
    assert verdicts(points).num_rows == points.num_rows
    return time.perf_counter() - began


NASTY = [None, float("nan"), 0.0, 0.3, 1.0, -1.0, 7.5, 1e-300, 1e300, -1e300]
SIZES = [0.0, 1e-9, 29.9, 30.0, 700.0, 1e12]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([NO_SPAN, SPAN]), st.integers(2, len(NASTY)))
def test_numbers_of_any_kind_give_verdicts_and_no_complaint(seed, span, kinds):
    rng = np.random.default_rng(seed)
    pool = [NASTY[i] for i in rng.permutation(len(NASTY))[:kinds]]

    def some(values=pool):
        return [values[i] for i in rng.integers(0, len(values), 40)]

    tables = [
        series(
            f"{name}@1",
            some(),
            status="ok",
            n=some(SIZES),
            baseline_n=some([None, *SIZES]),
            column="score" if name == "psi" else "age",
            **{part: some() for part in ("baseline_value", "se", "baseline_se", "compared", "noise_floor")},
            baseline="" if name in ("row_count", "freshness_seconds") else "fixed",
        )
        for name in METRICS
    ]
    found = verdicts(*tables, baseline_span=span)
    effects = found["effect"].to_numpy()
    beyond = pa.compute.is_in(found["outcome"], pa.array(["warning"])).to_numpy(zero_copy_only=False)
    assert (effects[beyond] > 1).all() and found.num_rows >= 40
