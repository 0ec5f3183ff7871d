"""Weights as classes give what weights row by row give."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.statistics.laws import split_at_random
from tests.statistics.random_rows import measure, random_rows
from tests.statistics.test_kernel import same_shelves

from watchkeeper.statistics.counts import Counts
from watchkeeper.statistics.kernel import count, merged, with_marginals
from watchkeeper.statistics.weights import Weights, of_classes


@pytest.mark.parametrize("weight", [[], [1.0, 1.0], [0.5, 0.5, 0.5]])
def test_one_weight_is_one_class(weight):
    found = Weights.of(np.array(weight))
    assert (found.size, found.code, found.each) == (1, None, None)
    assert found.classes.tolist() == (weight[:1] or [1.0])


def test_a_class_that_comes_late_is_found():
    weight = np.ones(5_000)
    weight[-1] = 3.0
    found = Weights.of(weight)
    assert found.code is not None
    np.testing.assert_array_equal(found.classes[found.code], weight)


def test_many_weights_stay_with_their_rows():
    weight = np.linspace(1, 2, 50)
    found = Weights.of(weight)
    assert found.each is weight
    assert found.size == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.sampled_from([0.25, 1.0, 3.0])), min_size=1))
@settings(max_examples=50, deadline=None)
def test_counts_by_class_are_those_by_row(rows):
    cell, slot, weight = (np.array(part) for part in zip(*rows, strict=True))
    weights = Weights.of(weight)
    by_class = Counts.of(weights.cells(cell), slot, None, 4 * weights.size, 5)
    found, expected = of_classes(by_class.n, weights.classes), Counts.of(cell, slot, weight, 4, 5)
    np.testing.assert_array_equal(found.n, expected.n)
    np.testing.assert_allclose(found.weight, expected.weight)
    np.testing.assert_allclose(found.squared_weight, expected.squared_weight)


@given(st.integers(0, 10_000), st.sampled_from([2, 90]))
@settings(max_examples=8, deadline=None)
def test_a_batch_of_few_weights_and_the_same_rows_beside_many_give_the_same(seed, values):
    """One part has few weights and is counted by class; with rows of many weights in it no batch has."""
    few, many = random_rows(seed, rows=200, values=values), random_rows(seed + 1, rows=200, values=values)
    index = many.schema.get_field_index("weight")
    many = many.set_column(index, "weight", pa.array(np.random.default_rng(seed).uniform(0.5, 4, 200)))
    together = pa.Table.from_batches([few, many]).combine_chunks().to_batches()[0]
    apart = merged([count(few, measure()), count(many, measure())])
    same_shelves(with_marginals(apart), with_marginals(count(together, measure())))
    parts = split_at_random(list(range(400)), seed)
    split = merged(count(together.take(pa.array(part, pa.int64())), measure()) for part in parts)
    same_shelves(with_marginals(split), with_marginals(count(together, measure())))
