from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.sources.naming import column_names, keys_of

NAMES = st.lists(st.sampled_from(["a", "A", "a~2", "a~2~2", "x", "score", "Score", "", "segment:x", "ß", "ss"]))


def keys(names: list[str]) -> list[tuple[str, int]]:
    seen: Counter[str] = Counter()
    result = []
    for name in names:
        seen[name] += 1
        result.append((name, seen[name]))
    return result


def test_names_that_differ_only_in_case_are_told_apart():
    assert column_names([("age", 1), ("Age", 1)]) == {("Age", 1): "Age", ("age", 1): "age~2"}


def test_names_of_counted_columns_are_kept_free():
    assert column_names([("score", 1), ("Label", 1)]) == {("score", 1): "score~2", ("Label", 1): "Label~2"}


def test_a_name_that_ends_like_a_suffix_is_not_mistaken_for_one():
    assert column_names([("a~2", 1), ("a", 1), ("a", 2)]) == {("a", 1): "a", ("a", 2): "a~2", ("a~2", 1): "a~2~2"}


@given(NAMES)
def test_columns_are_distinct_without_regard_to_case(names):
    columns = list(column_names(keys(names)).values())
    assert len({column.casefold() for column in columns}) == len(columns)


@given(NAMES, st.randoms())
def test_columns_do_not_depend_on_the_order_of_the_names(names, random):
    shuffled = keys(names)
    random.shuffle(shuffled)
    assert column_names(shuffled) == column_names(keys(names))


@given(NAMES)
def test_every_column_leads_back_to_its_key(names):
    columns = column_names(keys(names))
    assert keys_of(columns.values()) == columns
