from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.statistics.grid import NUMERIC, Grid, fit_numeric
from watchkeeper.statistics.lattice import cells_of, codes

SPECIAL = [0.0, -0.0, np.inf, -np.inf, 5e-324, -5e-324, 1e308, -1e308, 1.7e308, 2.0**53]

random = np.random.default_rng(7)
with np.errstate(over="ignore"):
    DISTRIBUTIONS = {
        "normal": random.normal(size=4000),
        "scores around 2000": random.normal(2000, 10, 4000),
        "lognormal": random.lognormal(0, 3, 4000),
        "very wide lognormal": random.lognormal(0, 6, 4000),
        "tiny": random.normal(size=4000) * 1e-300,
        "huge": np.clip(random.normal(size=4000) * 1e308, -1.7e308, 1.7e308),
        "Cauchy": random.standard_cauchy(4000),
        "Pareto": random.pareto(1, 4000),
        "years": random.integers(1990, 2026, 4000),
        "times": random.integers(1.6e15, 1.7e15, 4000),
        "ids near 2^53": 2**53 - random.integers(0, 10_000, 4000),
        "few": random.integers(0, 4, 4000),
        "many zeros": np.where(random.random(4000) < 0.9, 0.0, random.exponential(size=4000)),
        "two scales": np.concatenate([random.normal(size=2000) * 1e-6, random.normal(size=2000) * 1e6]),
        "subnormal": random.integers(-40, 40, 4000) * 5e-324,
        "constant": np.full(100, -3.0),
        "neighbours": np.cumsum(np.full(200, np.spacing(1.0))) + 1.0,
        "negative": -random.exponential(size=4000),
    }


def searched(values: np.ndarray, grid: Grid) -> np.ndarray:
    return grid.cell_of_code[codes(values, grid.marks)]


def borders(grid: Grid) -> np.ndarray:
    marks = grid.marks
    with np.errstate(over="ignore", under="ignore"):
        return np.concatenate([marks, np.nextafter(marks, np.inf), np.nextafter(marks, -np.inf), SPECIAL])


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_every_value_and_border_falls_where_a_binary_search_puts_it(name: str) -> None:
    values = DISTRIBUTIONS[name].astype(np.float64)
    grid = fit_numeric("x", values)
    points = np.concatenate([values, borders(grid), values * 1000 if name != "huge" else values, -values])
    np.testing.assert_array_equal(cells_of(points, grid), searched(points, grid))


@settings(deadline=None)
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=150),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20),
    st.lists(st.floats(allow_nan=False), max_size=50),
)
def test_any_grid_is_exact(edges: list[float], atoms: list[float], values: list[float]) -> None:
    grid = Grid("x", NUMERIC, tuple(edges), tuple(atoms))
    points = np.concatenate([np.array(values, np.float64), borders(grid)])
    np.testing.assert_array_equal(cells_of(points, grid), searched(points, grid))


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40), st.integers(-5, 5))
def test_edges_that_are_neighbours_are_told_apart(steps: list[int], start: int) -> None:
    edge = float(start)
    edges = []
    for step in steps:
        for _ in range(step):
            edge = float(np.nextafter(edge, np.inf))
        edges.append(edge)
    grid = Grid("x", NUMERIC, tuple(edges))
    np.testing.assert_array_equal(cells_of(borders(grid), grid), searched(borders(grid), grid))


def test_cells_are_closed_on_the_right() -> None:
    grid = Grid("x", NUMERIC, (0.0, 1.0))
    assert cells_of(np.array([-1.0, 0.0, 0.5, 1.0, 1.5]), grid).tolist() == [0, 0, 1, 1, 2]


def test_an_atom_is_cut_out_of_the_cells_beside_it() -> None:
    grid = Grid("x", NUMERIC, (0.0, 2.0), (1.0,))
    assert cells_of(np.array([0.0, 0.5, 1.0, 1.5, 2.0, 2.5]), grid).tolist() == [0, 1, 2, 3, 3, 4]


def test_both_zeros_are_one_value() -> None:
    grid = Grid("x", NUMERIC, (-1.0, 1.0), (-0.0,))
    assert cells_of(np.array([0.0, -0.0]), grid).tolist() == [2, 2]
