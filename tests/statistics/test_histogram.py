from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.golden import Case, cases, check
from tests.statistics.laws import split_at_random, together

from watchkeeper.errors import GridMismatch
from watchkeeper.statistics.grid import NUMERIC, Grid, fit_numeric
from watchkeeper.statistics.histogram import Histogram

finite = st.floats(-1e6, 1e6)


def histogram(values: list[float | None], grid: Grid, weights: list[float] | None = None) -> Histogram:
    weight = None if weights is None else np.array(weights)
    return Histogram.of(pa.array(values, pa.float64()), np.zeros(len(values), np.int64), weight, 1, grid)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("case", cases("profile", "histogram_state"))
def test_counts_in_any_parts_are_those_published(case: Case, seed: int) -> None:
    grid = Grid("x", NUMERIC, tuple(case.inputs["edges"]))
    whole = together([histogram(part, grid) for part in split_at_random(case.inputs["values"], seed)])
    missing = int(whole.missing.rows[0])
    check(case, {"counts": whole.counts.n[0].tolist(), "n": int(whole.counts.rows[0]), "n_missing": missing})


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("case", cases("profile", "weighted_quantile"))
def test_weighted_quantiles_of_atoms_are_those_published(case: Case, seed: int) -> None:
    values, weights = case.inputs["values"], case.inputs["weights"]
    grid = fit_numeric("x", np.array(values))
    parts = split_at_random(list(zip(values, weights, strict=True)), seed)
    whole = together([histogram([v for v, _ in part], grid, [w for _, w in part]) for part in parts])
    check(case, {"quantiles": [float(whole.quantile(p)[0][0]) for p in case.inputs["probs"]]})


@pytest.mark.parametrize("case", cases("profile", "quantile"))
def test_the_published_quantiles_lie_within_a_cell_of_the_bounds(case: Case) -> None:
    values = np.sort(case.inputs["values"])
    grid = fit_numeric("x", values)
    counted = histogram(case.inputs["values"], grid)
    for p, expected in zip(case.inputs["probs"], case.expected["quantiles"], strict=True):
        rank = (len(values) - 1) * p  # type 7 lies between the two values beside this rank
        below, above = values[int(np.floor(rank))], values[int(np.ceil(rank))]
        _, low, high = counted.quantile(p)
        assert below <= expected <= above
        assert low[0] <= above
        assert high[0] >= below


@given(st.lists(finite, min_size=1, max_size=60), st.lists(finite, min_size=1, max_size=60), st.floats(0, 1))
def test_a_quantile_lies_between_its_bounds_and_so_does_the_exact_one(
    baseline: list[float], values: list[float], p: float
) -> None:
    assume(abs(p * len(values) - round(p * len(values))) > 1e-9)  # at a step the two may round to different sides
    value, low, high = histogram(values, fit_numeric("x", np.array(baseline))).quantile(p)
    exact = np.quantile(values, p, method="inverted_cdf")
    assert low[0] <= exact <= high[0]
    assert low[0] <= value[0] <= high[0]


@given(st.lists(finite, min_size=1, max_size=60), st.lists(finite, min_size=1, max_size=60), finite)
def test_a_share_above_lies_between_its_bounds_and_so_does_the_exact_one(
    baseline: list[float], values: list[float], x: float
) -> None:
    counted = histogram(values, fit_numeric("x", np.array(baseline)))
    low, high = counted.share_above_bounds(x)
    exact = np.mean(np.array(values) > x)
    assert low[0] - 1e-12 <= exact <= high[0] + 1e-12
    assert low[0] - 1e-12 <= counted.share_above(x)[0] <= high[0] + 1e-12


@given(st.lists(finite, min_size=1, max_size=60))
def test_a_share_above_an_edge_is_exact(values: list[float]) -> None:
    grid = fit_numeric("x", np.linspace(-1e6, 1e6, 400))
    counted = histogram(values, grid)
    for edge in grid.edges[50:-50:10]:
        assert counted.share_above(edge)[0] == pytest.approx(np.mean(np.array(values) > edge), abs=1e-12)


def test_shares_above_may_be_asked_with_one_value_per_cell() -> None:
    grid = Grid("x", NUMERIC, (0.0, 1.0))
    counted = Histogram.of(pa.array([0.5, 2.0, 0.5, 2.0]), np.array([0, 0, 1, 1]), None, 2, grid)
    np.testing.assert_array_equal(counted.share_above(np.array([0.0, 1.0])), [1.0, 0.5])
    assert np.isnan(counted.share_above(np.array([np.nan, 1.0]))[0])


def test_a_cell_without_values_has_no_quantile_and_no_share() -> None:
    counted = histogram([None], Grid("x", NUMERIC, (0.0, 1.0)))
    assert np.isnan([*counted.quantile(0.5), counted.share_above(0.5)]).all()


def test_weights_make_shares_and_rows_make_counts() -> None:
    counted = histogram([0.5, 2.0], Grid("x", NUMERIC, (1.0,)), [3.0, 1.0])
    assert counted.counts.n.tolist() == [[1, 1]]
    np.testing.assert_array_equal(counted.cdf, [[0.75, 1.0]])
    assert counted.n_eff[0] == pytest.approx(1.6)


def test_infinite_values_are_in_the_outermost_cells_and_nan_is_missing() -> None:
    counted = histogram([np.inf, -np.inf, np.nan, None], Grid("x", NUMERIC, (0.0,)))
    assert counted.counts.n.tolist() == [[1, 1]]
    assert counted.missing.n.tolist() == [[1, 1, 0]]
    assert counted.rows[0] == 4


def test_a_misfit_is_counted_as_such_and_not_as_null() -> None:
    values = pa.array([1.0, None, None])
    misfit = np.array([False, True, False])
    counted = Histogram.of(values, np.zeros(3, np.int64), None, 1, Grid("x", NUMERIC), misfit)
    assert counted.missing.n.tolist() == [[1, 0, 1]]


def test_cells_fold_into_coarser_bins() -> None:
    counted = histogram([0.5, 1.5, 2.5, 3.5], Grid("x", NUMERIC, (1.0, 2.0, 3.0)))
    assert counted.fold(np.array([0, 0, 1, 1])).n.tolist() == [[2, 2]]


def test_histograms_of_two_grids_cannot_be_stacked() -> None:
    left, right = (histogram([1.0], Grid("x", NUMERIC, (edge,))) for edge in (1.0, 2.0))
    with pytest.raises(GridMismatch, match="counted on two grids"):
        Histogram.stacked([left, right])


def test_a_histogram_without_a_grid_is_refused() -> None:
    with pytest.raises(GridMismatch, match="needs the grid"):
        Histogram.empty(1, None)
