from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.incidents.build import FEATURES, NORTH, finding

from watchkeeper.incidents.suspects import suspects


def test_columns_share_the_effect_and_the_largest_comes_first():
    found = suspects([finding("age", effect=1), finding("debt", effect=3)], FEATURES)
    assert found == (("debt", 0.75), ("age", 0.25))


def test_a_column_counts_once_with_its_strongest_finding():
    found = suspects(
        [finding("age", effect=3), finding("age", segment=NORTH, effect=1), finding("debt", effect=3)], FEATURES
    )
    assert found == (("age", 0.5), ("debt", 0.5))


def test_outputs_are_no_suspects():
    assert suspects([finding("score"), finding("", "row_count@1")], FEATURES) == ()


def test_without_any_effect_nobody_is_suspected():
    assert suspects([finding("age", effect=0)], FEATURES) == ()


def test_only_the_largest_are_named():
    names = tuple(f"x{i}" for i in range(9))
    assert [name for name, _ in suspects([finding(n, effect=i + 1) for i, n in enumerate(names)], names, most=2)] == [
        "x8",
        "x7",
    ]


@given(st.lists(st.builds(finding, st.sampled_from(FEATURES), effect=st.floats(0.01, 1e6)), min_size=1))
def test_shares_sum_to_one(found):
    assert sum(share for _, share in suspects(found, FEATURES)) == pytest.approx(1)
