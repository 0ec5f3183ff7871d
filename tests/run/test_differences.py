"""Only what says something else is written."""

from __future__ import annotations

import pyarrow as pa

from watchkeeper.run.differences import changed, gone

KEY = ("k",)


def rows(*given: tuple[str, float | None, str, int]) -> pa.Table:
    names = ("k", "value", "word", "seq")
    schema = pa.schema([("k", pa.string()), ("value", pa.float64()), ("word", pa.string()), ("seq", pa.int64())])
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in given], schema=schema)


def keys(table: pa.Table) -> list[str]:
    return sorted(table["k"].to_pylist())


def test_rows_that_say_the_same_are_left_out_whatever_batch_they_come_with():
    assert keys(changed(rows(("a", 1.0, "x", 9)), rows(("a", 1.0, "x", 1)), KEY)) == []


def test_new_keys_other_words_and_other_numbers_are_kept():
    new = rows(("a", 1.0, "x", 2), ("b", 2.0, "x", 2), ("c", 1.0, "y", 2), ("d", 1.0, "x", 2))
    current = rows(("a", 1.0, "x", 1), ("b", 1.0, "x", 1), ("c", 1.0, "x", 1))
    assert keys(changed(new, current, KEY)) == ["b", "c", "d"]


def test_floats_differ_beyond_a_billionth():
    new = rows(("a", 1e6 * (1 + 1e-10), "x", 2), ("b", 1e6 * (1 + 1e-8), "x", 2))
    assert keys(changed(new, rows(("a", 1e6, "x", 1), ("b", 1e6, "x", 1)), KEY)) == ["b"]


def test_a_number_that_came_or_went_is_a_change():
    new = rows(("a", None, "x", 2), ("b", 1.0, "x", 2), ("c", None, "x", 2))
    assert keys(changed(new, rows(("a", 1.0, "x", 1), ("b", None, "x", 1), ("c", None, "x", 1)), KEY)) == ["a", "b"]


def test_what_is_current_and_no_longer_made_has_gone():
    current = rows(("a", 1.0, "x", 1), ("b", 1.0, "x", 1))
    assert keys(gone(rows(("a", 5.0, "y", 2)), current, KEY)) == ["b"]
    assert keys(gone(rows(), current, KEY)) == ["a", "b"]
    assert keys(gone(rows(("a", 5.0, "y", 2)), rows(), KEY)) == []
