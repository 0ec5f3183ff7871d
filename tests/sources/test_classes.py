from __future__ import annotations

import pyarrow as pa
import pytest

from watchkeeper.sources.classes import class_array, class_texts, decided


@pytest.mark.parametrize("positive", [1, 1.0, True, "1", "true", "True"])
@pytest.mark.parametrize(
    "values", [pa.array([1, 0]), pa.array([1.0, 0.0]), pa.array([True, False]), pa.array(["1", "0"])], ids=str
)
def test_the_positive_class_is_one_however_it_is_written(values, positive):
    assert class_texts(values, positive).to_pylist() == ["1", "0"]


@pytest.mark.parametrize("positive", [0, False, "0", "false"])
def test_zero_can_be_the_positive_class(positive):
    assert class_texts(pa.array([1, 0, None]), positive).to_pylist() == ["0", "1", None]


def test_everything_else_is_negative_in_a_binary_task():
    assert class_texts(pa.array(["bad", "good", "Bad", None]), "bad").to_pylist() == ["1", "0", "0", None]


def test_other_tasks_keep_the_class():
    assert class_texts(pa.array([3.0, 2.5, float("nan")]), binary=False).to_pylist() == ["3", "2.5", None]
    assert class_texts(pa.array(["a", "b", "a"]).dictionary_encode(), binary=False).to_pylist() == ["a", "b", "a"]


def test_classes_of_several_kinds_name_the_same_class():
    assert class_texts(class_array([1, 1.0, True, "1", "true", None])).to_pylist() == ["1"] * 5 + [None]
    assert class_array(["\ud800"]).to_pylist() == ["\\ud800"]


def test_no_score_decides_nothing():
    assert decided(pa.array([0.5, 0.4999, None, float("nan")]), 0.5).to_pylist() == ["1", "0", None, None]
