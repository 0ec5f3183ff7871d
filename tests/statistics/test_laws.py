"""The laws of merging, put to every kind of statistic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.statistics.laws import CELLS, assert_same, rows_of, split_at_random, together

from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.confusion import Confusion
from watchkeeper.statistics.distinct import Distinct
from watchkeeper.statistics.grid import CATEGORY, NUMERIC, Grid
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.statistics.kinds import KINDS
from watchkeeper.statistics.moments import Moments
from watchkeeper.statistics.score_bins import ScoreBins

numbers = st.none() | st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 1.0, np.nan, np.inf, -np.inf])
words = st.none() | st.sampled_from(["a", "b", "c", "d", "é", ""])
labels = st.none() | st.sampled_from(["0", "1", "2"])
shares = st.none() | st.sampled_from([0.0, 0.1, 0.5, 0.50001, 1.0])
NUMBERS = Grid("x", NUMERIC, edges=(-1.0, 0.5, 1.0, 10.0), atoms=(0.0, 1.0))
WORDS = Grid("x", CATEGORY, categories=("b", "a"))
CLASSES = Grid("decision", CATEGORY, categories=("0", "1"))


def plain(type_: Any) -> Callable[[list[Any]], Any]:
    return lambda values: pa.array(values, type_)


def pairs(names: tuple[str, str], types: tuple[Any, Any]) -> Callable[[list[Any]], Any]:
    def build(values: list[Any]) -> Any:
        columns = [pa.array([value[i] for value in values], types[i]) for i in range(2)]
        return pa.StructArray.from_arrays(columns, names=list(names))

    return build


SUBJECTS = {
    "moments": (Moments, numbers, plain(pa.float64()), None),
    "histogram": (Histogram, numbers, plain(pa.float64()), NUMBERS),
    "categories": (Categories, words, plain(pa.string()), WORDS),
    "observed categories": (Categories, words, plain(pa.string()), None),
    "distinct numbers": (Distinct, numbers, plain(pa.float64()), None),
    "distinct words": (Distinct, words, plain(pa.string()), None),
    "confusion": (
        Confusion, st.tuples(labels, labels), pairs(("decision", "label"), (pa.string(), pa.string())), CLASSES,
    ),
    "score bins": (
        ScoreBins, st.tuples(shares, labels), pairs(("score", "label"), (pa.float64(), pa.string())), NUMBERS,
    ),
}  # fmt: skip


def test_every_kind_is_put_to_the_laws() -> None:
    assert {kind for kind, *_ in SUBJECTS.values()} == set(KINDS.values())


@pytest.fixture(params=SUBJECTS, scope="module")
def subject(request: pytest.FixtureRequest) -> Subject:
    return Subject(*SUBJECTS[request.param])


class Subject:
    def __init__(self, kind: Any, values: Any, array: Callable[[list[Any]], Any], grid: Grid | None) -> None:
        self.kind, self.values, self.array, self.grid = kind, values, array, grid

    def rows(self, data: st.DataObject) -> list[Any]:
        return data.draw(rows_of(self.values))

    def of(self, rows: list[Any], weighted: bool = True) -> Any:
        cell = np.array([row[1] for row in rows], np.int64)
        weight = np.array([row[2] for row in rows]) if weighted else None
        return self.kind.of(self.array([row[0] for row in rows]), cell, weight, CELLS, self.grid)


@given(data=st.data(), seed=st.integers(0, 1000), weighted=st.booleans())
def test_parts_merged_in_any_order_equal_the_whole(
    subject: Subject, data: st.DataObject, seed: int, weighted: bool
) -> None:
    rows = subject.rows(data)
    parts = [subject.of(part, weighted) for part in split_at_random(rows, seed)]
    assert_same(together(parts), subject.of(rows, weighted))


@given(data=st.data())
def test_merging_is_commutative(subject: Subject, data: st.DataObject) -> None:
    left, right = subject.of(subject.rows(data)), subject.of(subject.rows(data))
    assert_same(together([left, right]), together([right, left]))


@given(data=st.data())
def test_merging_is_associative(subject: Subject, data: st.DataObject) -> None:
    a, b, c = (subject.of(subject.rows(data)) for _ in range(3))
    assert_same(together([together([a, b]), c]), together([a, together([b, c])]))


@given(data=st.data())
def test_an_empty_stack_changes_nothing(subject: Subject, data: st.DataObject) -> None:
    counted, empty = subject.of(subject.rows(data)), subject.kind.empty(CELLS, subject.grid)
    assert_same(together([counted, empty]), counted)
    assert_same(together([empty, counted]), counted)


@given(data=st.data())
def test_cells_merge_like_the_rows_they_were_counted_from(subject: Subject, data: st.DataObject) -> None:
    rows = subject.rows(data)
    one = subject.of([(value, 0, weight) for value, _, weight in rows]).take(np.array([0]))
    assert_same(subject.of(rows).merged(np.zeros(CELLS, np.int64), 1), one)


@given(data=st.data(), weighted=st.booleans())
def test_the_stored_form_gives_the_statistic_back(subject: Subject, data: st.DataObject, weighted: bool) -> None:
    counted = subject.of(subject.rows(data), weighted)
    assert_same(subject.kind.from_arrow(counted.to_arrow(), subject.grid), counted)


@given(data=st.data())
def test_a_whole_weight_counts_like_so_many_rows(subject: Subject, data: st.DataObject) -> None:
    rows = [(value, cell, 3.0 if weight > 1 else 1.0) for value, cell, weight in subject.rows(data)]
    repeated = [row for row in rows for _ in range(int(row[2]))]
    weighted, plain_rows = subject.of(rows), subject.of(repeated, weighted=False)
    if isinstance(weighted, Distinct):
        np.testing.assert_array_equal(weighted.hashes, plain_rows.hashes)
        return
    np.testing.assert_allclose(weighted.weight, plain_rows.weight, rtol=1e-12)
    if isinstance(weighted, Moments):
        np.testing.assert_allclose(weighted.mean, plain_rows.mean, rtol=1e-9, atol=1e-6)
        np.testing.assert_allclose(weighted.m2, plain_rows.m2, rtol=1e-9, atol=1e-3)
    else:
        np.testing.assert_allclose(weighted.counts.shares, plain_rows.counts.shares, rtol=1e-12)


@given(data=st.data(), constant=st.sampled_from([0.5, 2.0, 10.0]))
def test_a_constant_weight_leaves_the_effective_size_at_the_number_of_rows(
    subject: Subject, data: st.DataObject, constant: float
) -> None:
    rows = [(value, cell, constant) for value, cell, _ in subject.rows(data)]
    np.testing.assert_allclose(subject.of(rows).n_eff, subject.of(rows, weighted=False).n_eff, rtol=1e-12)


def test_a_target_below_zero_drops_the_cell(subject: Subject) -> None:
    value = {Confusion: ("1", "1"), ScoreBins: (0.5, "1"), Categories: "a"}.get(subject.kind, 2.0)
    value = "a" if subject.array([]).type == pa.string() else value
    counted = subject.of([(value, cell, 1.0) for cell in range(CELLS)])
    assert counted.merged(np.array([0, -1, 0]), 1).rows.tolist() == [2]
