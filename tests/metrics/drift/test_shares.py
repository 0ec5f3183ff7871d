"""The bins that distances are taken on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.metrics.stacks import categories, counted, histogram, listing

from watchkeeper.errors import GridMismatch
from watchkeeper.metrics.drift.shares import drift_shares
from watchkeeper.statistics.grid import fit_numeric

RNG = np.random.default_rng(5)
NORMAL = RNG.normal(size=10_000)
MIXES = st.lists(st.integers(0, 300), min_size=4, max_size=4).filter(any)


def test_a_continuous_column_is_cut_at_the_baselines_deciles() -> None:
    shares = drift_shares(histogram(NORMAL[:500]), histogram(NORMAL))
    assert shares.bins[0] == 10
    assert shares.p[0][:10] == pytest.approx(np.full(10, 0.1), abs=0.006)
    edges = np.quantile(NORMAL, np.linspace(0.1, 0.9, 9), method="inverted_cdf")
    expected = np.bincount(np.searchsorted(edges, NORMAL[:500]), minlength=10) / 500
    assert shares.q[0][:10] == pytest.approx(expected, abs=0.012)


def test_the_bins_follow_each_baseline_cell_not_the_whole_baseline() -> None:
    high = NORMAL[NORMAL > 0]
    shares = drift_shares(histogram(NORMAL, high), histogram(NORMAL, high))
    assert shares.p[0][:10] == pytest.approx(np.full(10, 0.1), abs=0.006)
    assert shares.p[1][:10] == pytest.approx(np.full(10, 0.1), abs=0.012)


def test_a_spike_is_a_bin_of_its_own_and_takes_the_place_of_the_deciles_it_spans() -> None:
    values = np.concatenate([np.zeros(5_000), RNG.exponential(size=5_000) + 0.01])
    grid = fit_numeric("x", values)
    shares = drift_shares(histogram(values, grid=grid), histogram(values, grid=grid))
    assert shares.bins[0] == 6 and shares.p[0].max() == pytest.approx(0.5)


def test_a_column_of_few_values_is_compared_value_by_value() -> None:
    values = np.repeat([0.0, 1.0, 2.0, 7.0], [100, 400, 300, 200])
    grid = fit_numeric("x", values)
    shares = drift_shares(histogram([1.0, 7.0], [1.0, 5.0], grid=grid), histogram(values, grid=grid))
    assert shares.bins[0] == 4
    assert sorted(shares.p[0][shares.p[0] > 0]) == [0.1, 0.2, 0.3, 0.4]
    new = shares.used[1] & (shares.p[1] == 0)
    assert shares.q[1][new] == pytest.approx([0.5])


def test_values_beyond_the_baselines_range_join_its_outer_bin() -> None:
    shares = drift_shares(histogram([99.0, -99.0, 99.0, 0.0]), histogram(NORMAL))
    assert shares.q[0][9] == 0.5 and shares.q[0][0] == 0.25 and shares.bins[0] == 10


def test_infinite_values_count_and_missing_ones_do_not() -> None:
    shares = drift_shares(histogram([np.inf, -np.inf, np.nan, None]), histogram(NORMAL))
    assert shares.n[0] == 2 and shares.q[0][0] == 0.5 and shares.q[0][9] == 0.5


def test_unseen_categories_are_a_bin_that_the_baseline_never_filled() -> None:
    grid = listing("a", "b")
    shares = drift_shares(counted({"a": 40, "z": 10}, grid=grid), counted({"a": 50, "b": 50}, grid=grid))
    assert sorted(shares.q[0][shares.used[0]]) == [0.0, 0.2, 0.8]
    assert shares.p[0][(shares.q[0] == 0.2)] == 0


def test_rare_categories_share_a_bin_that_expects_half_a_percent() -> None:
    names = ["a", "b", "c", "x", "y"]
    grid = listing(*names)
    then = counted(dict(zip(names, [600, 300, 93, 4, 3], strict=True)), grid=grid)
    shares = drift_shares(counted({"a": 100, "x": 1, "y": 1}, grid=grid), then)
    assert sorted(shares.p[0][shares.p[0] > 0]) == pytest.approx([0.007, 0.093, 0.3, 0.6])
    assert shares.q[0].max() == pytest.approx(100 / 102)


def test_a_rare_remainder_below_half_a_percent_takes_in_the_smallest_common_category() -> None:
    grid = listing("a", "b", "c", "x")
    then = counted({"a": 600, "b": 300, "c": 98, "x": 2}, grid=grid)
    assert drift_shares(then, then).p[0][drift_shares(then, then).used[0]] == pytest.approx([0.6, 0.3, 0.1])


def test_two_categories_stay_apart_however_rare_one_is() -> None:
    grid = listing("no", "yes")
    then = counted({"no": 9_990, "yes": 10}, grid=grid)
    assert drift_shares(then, then).bins[0] == 2


def test_bins_that_neither_side_fills_take_no_part() -> None:
    grid = listing(*"abcdefgh")
    both = counted({"a": 50, "b": 50}, grid=grid)
    assert drift_shares(both, both).used.sum() == 2


@given(MIXES, MIXES)
def test_the_shares_of_each_side_sum_to_1(then: list[int], now: list[int]) -> None:
    grid = listing("a", "b", "c")
    sides = [counted(dict(zip("abcz", side, strict=True)), grid=grid) for side in (now, then)]
    shares = drift_shares(*sides)
    assert shares.p.sum() == pytest.approx(1) and shares.q.sum() == pytest.approx(1)
    for smoothed in shares.smoothed(0.5):
        assert smoothed.sum() == pytest.approx(1) and ((smoothed > 0) == shares.used).all()


def test_categories_counted_without_a_grid_are_aligned_by_name() -> None:
    shares = drift_shares(categories(["b", "c"]), categories(["a", "b"]))
    assert sorted(zip(shares.p[0][shares.used[0]], shares.q[0][shares.used[0]], strict=True)) == [
        (0.0, 0.5),
        (0.5, 0.0),
        (0.5, 0.5),
    ]


def test_counts_on_two_grids_are_refused() -> None:
    other = fit_numeric("x", NORMAL * 2)
    with pytest.raises(GridMismatch):
        drift_shares(histogram(NORMAL), histogram(NORMAL, grid=other))
    with pytest.raises(GridMismatch):
        drift_shares(counted({"a": 1}, grid=listing("a")), counted({"a": 1}, grid=listing("a", "b")))


def test_weights_move_shares_and_shrink_the_effective_size() -> None:
    grid = listing("a", "b")
    current = categories(["a"] * 50 + ["b"] * 50, grid=grid, weight=[1.0] * 50 + [3.0] * 50)
    shares = drift_shares(current, counted({"a": 500, "b": 500}, grid=grid))
    assert sorted(shares.q[0][shares.used[0]]) == [0.25, 0.75]
    assert shares.n[0] == 100 and shares.n_eff[0] == pytest.approx(200**2 / 500)
