from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from watchkeeper.statistics.distinct import Distinct, K, mixed, smallest


def distinct(array: pa.Array) -> Distinct:
    return Distinct.of(array, np.zeros(len(array), np.int64), None, 1)


@pytest.mark.parametrize("values", [1, 17, 1000])
def test_few_values_are_counted_exactly(values: int) -> None:
    numbers = np.random.default_rng(1).permutation(np.repeat(np.arange(values), 3))
    assert distinct(pa.array(numbers)).estimate[0] == values
    assert distinct(pa.array([f"v{i}" for i in numbers])).estimate[0] == values


@pytest.mark.parametrize("values", [5_000, 200_000])
def test_many_values_are_estimated_within_three_standard_errors(values: int) -> None:
    estimate = distinct(pa.array(np.arange(values) * 0.5)).estimate[0]
    assert estimate == pytest.approx(values, rel=3 / np.sqrt(K - 2))
    estimate = distinct(pa.array([str(i) for i in range(values)])).estimate[0]
    assert estimate == pytest.approx(values, rel=3 / np.sqrt(K - 2))


def test_missing_values_are_no_values_and_both_zeros_are_one() -> None:
    counted = distinct(pa.array([0.0, -0.0, None, np.nan, np.inf]))
    assert counted.estimate[0] == 2
    assert counted.n[0] == 3


def test_integers_beyond_the_reach_of_doubles_are_told_apart() -> None:
    assert distinct(pa.array([2**53, 2**53 + 1], pa.int64())).estimate[0] == 2


def test_decimals_are_told_apart_by_their_digits() -> None:
    array = pa.array(["0.10000000000000000001", "0.1"]).cast(pa.decimal128(38, 20))
    assert distinct(array).estimate[0] == 2


def test_an_empty_cell_has_no_values() -> None:
    assert Distinct.empty(2, None).estimate.tolist() == [0, 0]


@pytest.mark.parametrize("values", [3, 900, 2_000, 50_000])
def test_the_smallest_hashes_do_not_depend_on_repeats(values: int) -> None:
    hashes = mixed(np.arange(values).astype(np.uint64))
    repeated = np.random.default_rng(2).choice(hashes, 50_000)
    np.testing.assert_array_equal(smallest(repeated), np.unique(repeated)[:K])


def test_the_hash_maps_no_two_numbers_to_one() -> None:
    assert len(np.unique(mixed(np.arange(100_000).astype(np.uint64)))) == 100_000
