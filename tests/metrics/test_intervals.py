"""Intervals of shares and means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.golden import Case, cases, check
from tests.metrics.stacks import moments

from watchkeeper.metrics.intervals import mean_of, share_of, simultaneous, student, wilson
from watchkeeper.statistics.counts import Counts


@pytest.mark.parametrize("case", cases("quality", "proportion_ci"))
def test_the_wilson_interval_is_the_published_one(case: Case) -> None:
    x, n = case.inputs["successes"], case.inputs["n"]
    share = np.array([x / n if n else np.nan])
    low, high = wilson(share, np.array([float(n)]), case.params["confidence"])
    expected = case.expected["wilson"]
    if expected is None:
        assert np.isnan(low[0]) and np.isnan(high[0])
    else:
        assert [low[0], high[0]] == pytest.approx(expected, abs=case.absolute, rel=case.relative)


@pytest.mark.parametrize("case", cases("quality", "mean_ci"))
def test_the_interval_of_a_mean_is_the_published_one(case: Case) -> None:
    values = np.array(case.inputs["values"])
    se = values.std(ddof=1) / np.sqrt(values.size)
    mean, n = np.array([values.mean()]), np.array([float(values.size)])
    low, high = student(mean, np.array([se]), n, case.params["confidence"])
    check(case, {"mean": mean[0], "se": se, "low": low[0], "high": high[0]})


@given(st.integers(1, 10_000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.999]))
def test_a_share_lies_in_its_interval_and_the_interval_in_0_and_1(n: int, share: float, level: float) -> None:
    low, high = wilson(np.array([share]), np.array([float(n)]), level)
    assert 0 <= low[0] <= share <= high[0] <= 1


def test_a_share_of_none_or_all_ends_at_0_or_1_exactly() -> None:
    low, high = wilson(np.array([0.0, 1.0]), np.array([50.0, 50.0]))
    assert low[0] == 0 and high[0] > 0
    assert high[1] == 1 and low[1] < 1


def test_one_row_has_a_mean_but_no_interval() -> None:
    low, high = student(np.array([3.0]), np.array([0.0]), np.array([1.0]))
    assert np.isnan(low[0]) and np.isnan(high[0])


def test_watching_more_categories_at_once_widens_each_interval() -> None:
    share, n = np.array([0.3]), np.array([100.0])
    alone, one_of_five = wilson(share, n, simultaneous(0.95, 1)), wilson(share, n, simultaneous(0.95, 5))
    assert one_of_five[0][0] < alone[0][0] and one_of_five[1][0] > alone[1][0]


def test_unequal_weights_widen_the_interval_and_equal_ones_do_not() -> None:
    cell, slot = np.zeros(40, np.int64), np.arange(40) % 2
    first, weight = np.array([True, False]), np.where(np.arange(40) < 20, 1.9, 0.1)
    plain = share_of(first, Counts.of(cell, slot, None, 1, 2))
    tenfold = share_of(first, Counts.of(cell, slot, np.full(40, 10.0), 1, 2))
    uneven = share_of(first, Counts.of(cell, slot, weight, 1, 2))
    assert (plain.low[0], plain.high[0]) == pytest.approx((tenfold.low[0], tenfold.high[0]))
    assert uneven.n[0] == 40 and uneven.n_eff[0] < 40
    assert uneven.high[0] - uneven.low[0] > plain.high[0] - plain.low[0]


@given(st.lists(st.tuples(st.booleans(), st.floats(1, 20)), min_size=2, max_size=60))
def test_the_error_of_a_weighted_share_is_hajeks(rows: list[tuple[bool, float]]) -> None:
    chosen, weight = np.array([one for one, _ in rows]), np.array([w for _, w in rows])
    got = share_of(np.array([False, True]), Counts.of(np.zeros(len(rows), np.int64), chosen * 1, weight, 1, 2))
    share = weight[chosen].sum() / weight.sum()
    assert got.value[0] == pytest.approx(share)
    if 0 < share < 1:
        variance = (weight**2 * (chosen - share) ** 2).sum() / weight.sum() ** 2
        assert got.se[0] == pytest.approx(np.sqrt(variance))
        assert got.n_eff[0] == pytest.approx(share * (1 - share) / variance)
    else:
        assert got.n_eff[0] == pytest.approx(weight.sum() ** 2 / (weight**2).sum())


def test_a_rare_outcome_that_is_always_logged_is_known_better_than_the_weights_say_and_one_seldom_logged_worse() -> (
    None
):
    slot = np.repeat([0, 1], [950, 50])
    always, seldom = (
        share_of(np.array([False, True]), Counts.of(np.zeros(1000, np.int64), slot, np.where(slot > 0, *w), 1, 2))
        for w in ((1.0, 10.0), (10.0, 1.0))
    )
    assert always.n_eff[0] > 5 * 1000 > 1000 > 5 * seldom.n_eff[0] / 2
    assert always.high[0] - always.low[0] < seldom.high[0] - seldom.low[0]


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(1, 20)), min_size=3, max_size=60))
def test_rows_without_weights_that_tell_a_mean_as_exactly_have_its_error(rows: list[tuple[float, float]]) -> None:
    stack = moments([x for x, _ in rows], weight=[w for _, w in rows])
    got = mean_of(stack)
    if got.se[0] > 1e-6:
        assert got.se[0] == pytest.approx(np.sqrt(stack.variance[0] / got.n_eff[0]))
        plain = mean_of(moments([x for x, _ in rows]))
        assert plain.n_eff[0] == pytest.approx(len(rows))
