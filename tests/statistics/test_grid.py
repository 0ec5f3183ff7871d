from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.golden import Case, cases, check

from watchkeeper.statistics.grid import (
    CATEGORY,
    MOST_CATEGORIES,
    NUMERIC,
    Grid,
    fit_categories,
    fit_numeric,
    interior_edges,
)
from watchkeeper.statistics.lattice import cells_of

samples = st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.integers(0, 5).map(float), max_size=60)


@pytest.mark.parametrize("case", cases("profile", "reference_edges"))
def test_interior_edges_are_those_published(case: Case) -> None:
    values = np.sort(np.array(case.inputs["values"], np.float64))
    check(case, {"interior_edges": interior_edges(values, case.params["bins"]).tolist()})


def test_every_half_percent_of_the_sample_is_an_edge() -> None:
    values = np.random.default_rng(1).normal(size=49_999)
    edges = set(fit_numeric("x", values).edges)
    percentiles = np.quantile(values, np.arange(1, 200) / 200, method="inverted_cdf")
    assert set(percentiles.tolist()) <= edges


def test_each_cell_inside_the_range_holds_half_a_percent() -> None:
    values = np.random.default_rng(2).lognormal(0, 2, size=40_000)
    grid = fit_numeric("x", values)
    held = np.bincount(cells_of(values, grid), minlength=grid.cells)
    assert held[held > 0].tolist() == [200] * 200


def test_a_value_that_holds_half_a_percent_has_a_cell_of_its_own() -> None:
    values = np.concatenate([np.zeros(300), np.full(6, 7.5), np.random.default_rng(3).uniform(1, 9, 700)])
    grid = fit_numeric("x", values)
    assert grid.atoms == (0.0, 7.5)
    assert grid.lower[cells_of(np.array([7.5]), grid)[0]] == 7.5


def test_up_to_twenty_values_each_have_a_cell_of_their_own() -> None:
    assert fit_numeric("x", np.repeat(np.arange(20.0), 50)).atoms == tuple(np.arange(20.0))


def test_no_single_occurrence_is_an_atom_in_a_small_sample() -> None:
    assert fit_numeric("x", np.linspace(0, 1, 100)).atoms == ()


def test_values_outside_the_range_fall_into_two_cells_an_octave() -> None:
    grid = fit_numeric("x", np.linspace(0, 16, 1000))
    beyond = 16 + 2.0 ** np.arange(0, 25)
    cells = cells_of(beyond, grid)
    assert np.diff(cells).tolist() == [2] * 24
    below = cells_of(-(2.0 ** np.arange(0, 25)), grid)
    assert np.diff(below).tolist() == [-2] * 24


def test_a_value_just_below_the_range_is_apart_from_the_smallest_one() -> None:
    grid = fit_numeric("x", np.linspace(5, 6, 1000))
    inside, outside = cells_of(np.array([5.0, np.nextafter(5.0, 0.0)]), grid)
    assert inside == outside + 1


def test_a_constant_column_has_one_cell_for_its_value_and_cells_around_it() -> None:
    grid = fit_numeric("x", np.full(50, 3.0))
    below, equal, above = cells_of(np.array([2.9, 3.0, 3.1]), grid)
    assert below < equal < above
    assert grid.is_atom[equal]


def test_an_empty_sample_gives_one_cell_for_everything() -> None:
    grid = fit_numeric("x", np.array([np.nan, np.inf]))
    assert grid.cells == 1
    assert cells_of(np.array([-np.inf, 0.0, 5.0]), grid).tolist() == [0, 0, 0]


@given(samples)
def test_cells_lie_side_by_side_and_cover_every_number(values: list[float]) -> None:
    grid = fit_numeric("x", np.array(values))
    assert grid.lower[0] == -np.inf
    assert grid.upper[-1] == np.inf
    assert (grid.lower[1:] == grid.upper[:-1]).all()
    assert ((grid.lower == grid.upper) == grid.is_atom).all()
    assert grid.cells == len(grid.lower) == len(grid.upper)


@given(samples, st.floats(allow_nan=False))
def test_a_value_lies_within_the_bounds_of_its_cell(values: list[float], x: float) -> None:
    grid = fit_numeric("x", np.array(values))
    cell = cells_of(np.array([x]), grid)[0]
    low, high = grid.lower[cell], grid.upper[cell]
    assert x == low if grid.is_atom[cell] else low < x <= high or x == -np.inf == low


def test_the_identity_of_a_grid_follows_from_its_content() -> None:
    grid = Grid("x", NUMERIC, (1.0, 2.0), (1.5,))
    assert grid.grid_id == Grid("x", NUMERIC, (1.0, 2.0), (1.5,)).grid_id
    others = [
        Grid("y", NUMERIC, (1.0, 2.0), (1.5,)),
        Grid("x", NUMERIC, (1.0, 2.5), (1.5,)),
        Grid("x", NUMERIC, (1.0, 2.0)),
        Grid("x", CATEGORY, categories=("1.0", "2.0")),
    ]
    assert len({grid.grid_id, *(other.grid_id for other in others)}) == 5


def test_the_order_of_the_sample_does_not_matter() -> None:
    values = np.random.default_rng(4).normal(size=999)
    assert fit_numeric("x", values) == fit_numeric("x", values[::-1])


def test_categories_are_listed_by_count_and_then_by_value() -> None:
    grid = fit_categories("c", {"b": 2, "a": 2, "z": 9, "gone": 0})
    assert grid.categories == ("z", "a", "b")


def test_the_hundred_most_frequent_categories_are_named() -> None:
    grid = fit_categories("c", {f"{i:05}": 20_000 - i for i in range(10_001)})
    assert len(grid.categories) == MOST_CATEGORIES
    assert grid.named == tuple(f"{i:05}" for i in range(100))


def test_text_of_any_script_has_an_identity() -> None:
    ids: set[Any] = {Grid("c", CATEGORY, categories=(value,)).grid_id for value in ("ä", "Ä", "a", "日本", "")}
    assert len(ids) == 5
