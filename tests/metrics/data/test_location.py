"""Mean and quantile."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.golden import Case, cases, check
from tests.metrics.stacks import histogram, moments

from watchkeeper.metrics.data.mean import mean
from watchkeeper.metrics.data.quantile import quantile
from watchkeeper.statistics.grid import Grid, fit_numeric
from watchkeeper.terms import Status

RNG = np.random.default_rng(21)
BASE = RNG.normal(size=20_000)
THEN = histogram(BASE)
SMALL = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=80)


@pytest.mark.parametrize("case", cases("profile", "weighted_mean"))
def test_the_mean_and_its_error_are_the_published_ones(case: Case) -> None:
    stack = moments(case.inputs["values"], weight=case.inputs["weights"])
    got = mean(stack)
    assert got.value[0] == pytest.approx(case.expected["mean"])
    assert got.se[0] == pytest.approx(case.expected["se_hajek"])
    assert stack.n_eff[0] == pytest.approx(case.expected["n_eff_kish"])
    assert got.n_eff[0] == pytest.approx(stack.variance[0] / got.se[0] ** 2)


@pytest.mark.parametrize("case", cases("quality", "mean_ci"))
def test_the_interval_of_the_mean_is_the_published_one(case: Case) -> None:
    got = mean(moments(case.inputs["values"]))
    check(case, {"mean": got.value[0], "se": got.se[0], "low": got.low[0], "high": got.high[0]})


def test_the_mean_is_that_of_the_finite_values() -> None:
    got = mean(moments([1.0, 3.0, np.inf, np.nan, None]))
    assert (got.value[0], got.n[0]) == (2, 2)


def test_one_value_has_a_mean_without_an_interval() -> None:
    got = mean(moments([4.0], [None]))
    assert got.value[0] == 4 and np.isnan(got.low[0])
    assert got.status.tolist() == [Status.OK, Status.NO_DATA]


@pytest.mark.parametrize("case", cases("profile", "weighted_quantile"))
def test_on_single_values_the_quantile_is_the_published_one(case: Case) -> None:
    values = case.inputs["values"]
    grid = Grid("x", "numeric", edges=tuple(sorted(values)), atoms=tuple(sorted(values)))
    stack = histogram(values, weight=case.inputs["weights"], grid=grid)
    check(case, {"quantiles": [quantile(stack, p=p).value[0] for p in case.inputs["probs"]]})


@pytest.mark.parametrize("p", [0.05, 0.5, 0.95])
def test_the_quantile_is_within_a_fine_bin_of_the_exact_one(p: float) -> None:
    values = RNG.normal(size=5_000)
    got = quantile(histogram(values), p=p)
    rank = (values <= got.value[0]).mean()
    assert rank == pytest.approx(p, abs=0.006)
    assert got.status[0] == Status.APPROXIMATE and got.low[0] <= got.value[0] <= got.high[0]


def test_the_interval_holds_the_true_quantile_in_nineteen_of_twenty_windows() -> None:
    got = quantile(histogram(*RNG.normal(size=(2_000, 300))), p=0.9)
    inside = np.mean((got.low <= 1.2816) & (got.high >= 1.2816))
    assert inside >= 0.94


def test_compared_is_1_minus_p_where_nothing_has_changed() -> None:
    for p in (0.1, 0.5, 0.95):
        assert quantile(THEN, THEN, p=p).compared[0] == pytest.approx(1 - p)


@given(SMALL, st.sampled_from([0.1, 0.25, 0.5, 0.9]))
def test_that_holds_also_where_many_rows_take_one_value(values: list[float], p: float) -> None:
    stack = histogram(values, grid=fit_numeric("x", np.arange(7.0)))
    assert quantile(stack, stack, p=p).compared[0] == pytest.approx(1 - p)


def test_compared_is_the_share_of_rows_above_the_baselines_quantile() -> None:
    now = RNG.normal(0.5, size=20_000)
    got = quantile(histogram(now), THEN, p=0.9)
    assert got.compared[0] == pytest.approx((now > np.quantile(BASE, 0.9)).mean(), abs=0.004)
    assert got.baseline_n[0] == 20_000


def test_compared_is_unknown_without_baseline_rows() -> None:
    assert np.isnan(quantile(THEN, p=0.5).compared[0])
    assert np.isnan(quantile(THEN, histogram([]), p=0.5).compared[0])
    assert np.isfinite(quantile(THEN, histogram([]), p=0.5).value[0])
