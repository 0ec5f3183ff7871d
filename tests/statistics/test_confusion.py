from __future__ import annotations

import numpy as np
import pyarrow as pa

from watchkeeper.statistics.confusion import Confusion
from watchkeeper.statistics.grid import CATEGORY, Grid


def confusion(pairs: list[tuple[str | None, str | None]], classes: tuple[str, ...] = ("0", "1")) -> Confusion:
    columns = [pa.array([pair[i] for pair in pairs], pa.string()) for i in range(2)]
    values = pa.StructArray.from_arrays(columns, names=["decision", "label"])
    grid = Grid("decision", CATEGORY, categories=classes)
    return Confusion.of(values, np.zeros(len(pairs), np.int64), None, 1, grid)


def test_the_slot_is_decision_before_label() -> None:
    counted = confusion([("1", "0"), ("1", "0"), ("1", "1"), ("0", "1")])
    assert counted.counts.n.reshape(2, 2).tolist() == [[0, 1], [2, 1]]


def test_rows_without_decision_or_label_or_of_no_listed_class_are_left_out() -> None:
    assert confusion([(None, "1"), ("1", None), ("2", "1"), ("1", "1")]).rows[0] == 1


def test_stacks_of_different_classes_are_laid_over_all_of_them() -> None:
    stacked = Confusion.stacked([confusion([("b", "a")], ("a", "b")), confusion([("c", "a")], ("a", "c"))])
    assert stacked.classes == ("a", "b", "c")
    assert stacked.counts.n.reshape(2, 3, 3)[0, 1, 0] == 1
    assert stacked.counts.n.reshape(2, 3, 3)[1, 2, 0] == 1


def test_the_stored_form_names_its_classes() -> None:
    both = Confusion.stacked([confusion([("b", "a")], ("a", "b")), confusion([("c", "a")], ("a", "c"))])
    back = Confusion.from_arrow(both.to_arrow())
    assert back.classes == both.classes
    np.testing.assert_array_equal(back.counts.n, both.counts.n)
