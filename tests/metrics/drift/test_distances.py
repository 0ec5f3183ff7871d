"""PSI, Jensen-Shannon and Kolmogorov-Smirnov distance from a baseline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tests.metrics.stacks import categories, counted, histogram, listing

from watchkeeper.metrics.base import Estimates
from watchkeeper.metrics.drift.js_distance import js_distance
from watchkeeper.metrics.drift.ks import ks
from watchkeeper.metrics.drift.psi import psi
from watchkeeper.metrics.drift.wasserstein import wasserstein
from watchkeeper.statistics.grid import fit_numeric
from watchkeeper.terms import Status

RNG = np.random.default_rng(11)
BASE = RNG.normal(size=40_000)
THEN = histogram(BASE)
Distance = Callable[[Any, Any], Estimates]
distances = pytest.mark.parametrize("distance", [psi, js_distance, ks, wasserstein])


@distances
def test_a_column_is_no_distance_from_itself(distance: Distance) -> None:
    assert distance(THEN, THEN).value[0] == pytest.approx(0, abs=1e-12)


@distances
def test_a_larger_shift_is_a_larger_distance(distance: Distance) -> None:
    shifted = histogram(*(RNG.normal(shift, size=20_000) for shift in (0.1, 0.3, 0.5, 1.0)))
    assert (np.diff(distance(shifted, THEN).value) > 0).all()


@pytest.mark.parametrize(
    ("distance", "shift", "expected"),
    [
        (psi, 0.3, 0.086),
        (psi, 0.5, 0.238),
        (js_distance, 0.3, 0.124),
        (js_distance, 0.5, 0.205),
        (ks, 0.2, 0.080),
        (ks, 0.5, 0.197),
    ],
)
def test_a_shifted_normal_column_is_as_far_as_theory_says(distance: Distance, shift: float, expected: float) -> None:
    got = distance(histogram(RNG.normal(shift, size=200_000)), THEN)
    assert got.value[0] == pytest.approx(expected, rel=0.08)


@distances
def test_without_a_change_the_value_is_about_its_noise_floor(distance: Distance) -> None:
    got = distance(histogram(*RNG.normal(size=(300, 500))), THEN)
    assert got.value.mean() == pytest.approx(got.noise_floor.mean(), rel=0.1)


@pytest.mark.parametrize("distance", [psi, js_distance])
def test_the_interval_holds_the_true_distance_in_most_windows(distance: Distance) -> None:
    truth = distance(histogram(RNG.normal(0.5, size=400_000)), THEN).value[0]
    got = distance(histogram(*RNG.normal(0.5, size=(300, 2_000))), THEN)
    assert np.mean((got.low <= truth) & (truth <= got.high)) > 0.88


def test_fewer_than_fifty_rows_or_ten_a_bin_are_not_enough() -> None:
    got = psi(histogram(*(BASE[:n] for n in (49, 99, 100))), THEN)
    assert got.status.tolist() == [Status.INSUFFICIENT, Status.INSUFFICIENT, Status.OK]
    assert np.isnan(got.value[:2]).all() and got.n.tolist() == [49, 99, 100]


def test_a_bin_that_expects_less_than_a_row_is_not_enough() -> None:
    grid = listing("a", "b")
    then = counted({"a": 9_900, "b": 100}, grid=grid)
    got = js_distance(counted({"a": 99}, {"a": 499, "b": 1}, grid=grid), then)
    assert got.status.tolist() == [Status.INSUFFICIENT, Status.OK]


@pytest.mark.parametrize("distance", [psi, js_distance])
def test_a_constant_column_is_degenerate_with_distance_0_until_another_value_comes(distance: Distance) -> None:
    grid = fit_numeric("x", np.full(100, 3.0))
    then = histogram(np.full(1_000, 3.0), grid=grid)
    got = distance(histogram(np.full(200, 3.0), np.append(np.full(150, 3.0), np.full(50, 4.0)), grid=grid), then)
    assert got.status.tolist() == [Status.DEGENERATE, Status.OK]
    assert got.value[0] == 0 and got.value[1] > 0.1


def test_disjoint_columns_are_1_apart_by_jensen_shannon_and_finitely_far_by_psi() -> None:
    grid = listing("a", "b")
    now, then = counted({"b": 500}, grid=grid), counted({"a": 500}, grid=grid)
    assert js_distance(now, then).value[0] == 1
    assert 5 < psi(now, then).value[0] < np.inf


def test_an_unseen_category_counts_as_distance() -> None:
    grid = listing("a", "b")
    then = counted({"a": 500, "b": 500}, grid=grid)
    got = js_distance(counted({"a": 250, "b": 250}, {"a": 200, "b": 200, "z": 100}, grid=grid), then)
    assert got.value[0] == pytest.approx(0, abs=1e-7) and got.value[1] > 0.2


def test_the_noise_floor_tells_the_number_of_bins() -> None:
    s = 1 / 2_000 + 1 / 40_000
    now = histogram(BASE[:2_000])
    assert psi(now, THEN).noise_floor[0] / s == pytest.approx(9)
    assert js_distance(now, THEN).noise_floor[0] ** 2 * 8 * np.log(2) / s == pytest.approx(9)


def test_the_baselines_rows_are_told_even_where_a_window_has_none() -> None:
    got = psi(histogram(BASE[:100], []), THEN)
    assert got.baseline_n.tolist() == [40_000, 40_000]


def test_sampled_rows_weigh_in_shares_and_count_once_in_noise() -> None:
    tenth = categories(["a"] * 100 + ["b"] * 100, grid=listing("a", "b"), weight=np.full(200, 10.0))
    then = counted({"a": 2_000, "b": 2_000}, grid=listing("a", "b"))
    whole = counted({"a": 100, "b": 100}, grid=listing("a", "b"))
    for part in ("value", "noise_floor", "se"):
        assert getattr(psi(tenth, then), part) == pytest.approx(getattr(psi(whole, then), part))


def test_ks_lies_in_a_bracket_that_holds_the_distance_of_the_rows() -> None:
    now = RNG.normal(0.2, 1.1, size=3_000)
    got = ks(histogram(now), THEN)
    at = np.sort(np.concatenate([now, BASE]))
    exact = np.abs(
        np.searchsorted(np.sort(now), at, "right") / now.size - np.searchsorted(np.sort(BASE), at, "right") / BASE.size
    ).max()
    assert got.low[0] <= exact <= got.high[0] and got.high[0] - got.low[0] < 0.012
    assert got.status[0] == Status.APPROXIMATE and got.level == 1


def test_ks_needs_thirty_rows() -> None:
    assert ks(histogram(BASE[:29], BASE[:30]), THEN).status[0] == Status.INSUFFICIENT


def test_a_shifted_column_has_moved_by_its_shift() -> None:
    got = wasserstein(histogram(*(BASE[:20_000] + shift for shift in (0.25, 1.0))), THEN)
    assert got.value == pytest.approx([0.25, 1.0], abs=0.02)


def test_the_earth_movers_bracket_holds_the_distance_of_the_rows() -> None:
    now = RNG.normal(0.2, 1.1, size=3_000)
    got = wasserstein(histogram(now), THEN)
    assert got.low[0] <= stats.wasserstein_distance(now, BASE) <= got.high[0]
    assert got.value[0] == pytest.approx(stats.wasserstein_distance(now, BASE), rel=0.05)


def test_rows_beyond_the_grid_have_moved_by_nobody_knows_how_much() -> None:
    got = wasserstein(histogram([*BASE[:99], np.inf]), THEN)
    assert got.status[0] == Status.UNDEFINED and np.isnan(got.value[0])
