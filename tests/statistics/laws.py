"""How the laws of merging are put to each kind of statistic."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from watchkeeper.statistics.counts import Counts
from watchkeeper.statistics.moments import Moments

CELLS = 3

weights = st.sampled_from([0.5, 1.0, 2.0, 7.25])


def rows_of(values: st.SearchStrategy[Any], max_size: int = 30) -> st.SearchStrategy[list[tuple[Any, int, float]]]:
    """Rows of (value, cell, weight)."""
    return st.lists(st.tuples(values, st.integers(0, CELLS - 1), weights), max_size=max_size)


def split_at_random(items: list[Any], seed: int) -> list[list[Any]]:
    """Shuffle and deal out into one to five parts, some of them maybe empty."""
    random = np.random.default_rng(seed)
    shuffled = [items[i] for i in random.permutation(len(items))]
    cuts = sorted(random.integers(0, len(items) + 1, random.integers(0, 5)))
    return [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(items)], strict=True)]


def together(parts: list[Any]) -> Any:
    """Merge whole stacks cell by cell."""
    cells = len(parts[0].rows)
    return type(parts[0]).stacked(parts).merged(np.tile(np.arange(cells), len(parts)), cells)


def assert_same(left: Any, right: Any) -> None:
    """Counts and hashes equal to the bit, floating sums to 1e-9 of their scale."""
    assert type(left) is type(right)
    if isinstance(left, Moments):
        assert_same_moments(left, right)
        return
    for name in type(left).__dataclass_fields__:
        a, b = getattr(left, name), getattr(right, name)
        if isinstance(a, Counts):
            assert_same_counts(a, b)
        elif isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b, name


def assert_same_counts(a: Counts, b: Counts) -> None:
    np.testing.assert_array_equal(a.n, b.n)
    np.testing.assert_allclose(a.weight, b.weight, rtol=1e-9)
    np.testing.assert_allclose(a.squared_weight, b.squared_weight, rtol=1e-9)


def assert_same_moments(a: Moments, b: Moments) -> None:
    for name in ("n", "n_null", "n_nan", "n_pos_inf", "n_neg_inf", "n_zero", "n_negative", "min", "max"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), name)
    spread = np.nan_to_num(a.max - a.min) + 1e-6 * np.nan_to_num(np.abs(a.max))
    scales = {"w": 0, "w2": 0, "mean": 1, "m2": 2, "m3": 3, "m4": 4, "v1": 1, "v2": 2}
    for name, power in scales.items():
        size = np.maximum(a.w, a.w2) if name != "mean" else 1.0
        error = np.abs(np.nan_to_num(getattr(a, name)) - np.nan_to_num(getattr(b, name)))
        assert (np.isnan(getattr(a, name)) == np.isnan(getattr(b, name))).all(), name
        assert (error <= 1e-9 * size * spread**power).all(), (name, getattr(a, name), getattr(b, name))
