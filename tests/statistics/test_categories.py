from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from tests.statistics.laws import together

from watchkeeper.errors import GridMismatch
from watchkeeper.statistics.categories import MOST_UNSEEN, Categories
from watchkeeper.statistics.grid import NAMED, Grid, fit_categories

GRID = Grid("c", "category", categories=("red", "blue"))


def categories(values: list[str | None], grid: Grid | None = GRID, weights: list[float] | None = None) -> Categories:
    weight = None if weights is None else np.array(weights)
    return Categories.of(pa.array(values, pa.string()), np.zeros(len(values), np.int64), weight, 1, grid)


def test_named_values_are_counted_in_the_order_of_the_grid() -> None:
    counted = categories(["blue", "red", "red", None])
    assert counted.values == ("red", "blue")
    assert counted.counts.n.tolist() == [[2, 1, 0, 0]]
    assert counted.missing.n.tolist() == [[1, 0]]


def test_a_value_of_the_list_without_a_name_is_other_and_one_beyond_the_list_unseen() -> None:
    grid = fit_categories("c", {f"{i:03}": 1000 - i for i in range(NAMED + 1)})
    counted = categories([f"{NAMED:03}", "new", "new"], grid)
    assert counted.counts.n[0, -2:].tolist() == [1, 2]
    assert counted.unseen == ((("new", 2),),)


def test_the_ten_most_frequent_unseen_values_are_kept_by_name() -> None:
    values = [f"v{i:02}" for i in range(20) for _ in range(20 - i)]
    counted = categories(values)
    assert len(counted.unseen[0]) == MOST_UNSEEN
    assert counted.unseen[0][0] == ("v00", 20)
    assert counted.counts.n[0, -1] == len(values)


def test_without_a_grid_every_observed_value_has_a_count() -> None:
    left, right = categories(["b", "a"], None), categories(["c", "a"], None)
    merged = together([left, right])
    assert merged.values == ("a", "b", "c")
    assert merged.counts.n.tolist() == [[2, 1, 1, 0, 0]]


def test_without_a_grid_a_cell_keeps_its_hundred_most_frequent_values() -> None:
    values = [f"{i:03}" for i in range(NAMED + 5)] + ["104", "104"]
    counted = categories(values, None)
    assert len(counted.values) == NAMED
    assert "104" in counted.values
    assert "103" not in counted.values
    assert counted.counts.n[0, -2] == 5
    assert Categories.from_arrow(counted.to_arrow(), None).rows[0] == len(values)


def test_a_share_is_weighted_and_leaves_out_what_is_missing() -> None:
    counted = categories(["red", "blue", None], weights=[3.0, 1.0, 9.0])
    assert counted.share("red")[0] == 0.75
    assert counted.share("green")[0] == 0.0
    assert np.isnan(categories([None]).share("red")[0])


def test_a_misfit_is_counted_as_such_and_not_as_null() -> None:
    misfit = np.array([True, False, False])
    counted = Categories.of(pa.array([None, None, "red"]), np.zeros(3, np.int64), None, 1, GRID, misfit)
    assert counted.missing.n.tolist() == [[1, 1]]


@pytest.mark.parametrize(
    ("array", "values"),
    [
        (pa.array(["x", None, "x"]).dictionary_encode(), ("x",)),
        (pa.array(["x", None, "x"], pa.string_view()), ("x",)),
        (pa.array(["x", None, "x"], pa.large_string()), ("x",)),
        (pa.array([200, None, 200], pa.int32()), ("200",)),
        (pa.array([True, None, True]), ("true",)),
        (pa.array(["w", "x", None, "x"])[1:], ("x",)),
        (pa.DictionaryArray.from_arrays([0, 1, 2], pa.array(["x", None, "x"])), ("x",)),
        (pa.DictionaryArray.from_arrays([0, None, 1], pa.array(["x", "x", "unused"])), ("x",)),
    ],
    ids=lambda value: str(value.type) if hasattr(value, "type") else "",
)
def test_any_arrow_type_is_counted_as_text(array: pa.Array, values: tuple[str, ...]) -> None:
    counted = Categories.of(array, np.zeros(3, np.int64), None, 1, None)
    assert counted.values == values
    assert counted.counts.n[0, 0] == 2
    assert counted.missing.n.tolist() == [[1, 0]]


def test_a_column_without_any_value_is_all_null() -> None:
    counted = Categories.of(pa.nulls(3), np.zeros(3, np.int64), None, 1, GRID)
    assert counted.missing.n.tolist() == [[3, 0]]


def test_counts_of_two_grids_cannot_be_stacked() -> None:
    with pytest.raises(GridMismatch):
        Categories.stacked([categories(["red"]), categories(["red"], None)])


def test_many_values_in_many_cells_are_counted_by_sorting_to_the_same_result() -> None:
    random = np.random.default_rng(1)
    words, cell = random.integers(0, 5000, 20_000), random.integers(0, 200, 20_000)
    array = pa.array([f"v{word}" for word in words])
    many = Categories.of(array, cell, None, 200, fit_categories("c", {f"v{i}": 1 for i in range(50)}))
    for place in (0, 7, 199):
        mine = cell == place
        few = Categories.of(array.filter(pa.array(mine)), np.zeros(mine.sum(), np.int64), None, 1, many.grid)
        np.testing.assert_array_equal(many.counts.n[place], few.counts.n[0])
        assert many.unseen[place] == few.unseen[0]
