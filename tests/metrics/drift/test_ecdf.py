"""Distances between distribution functions known at the edges of bins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tests.golden import Case, cases, check

from watchkeeper.metrics.drift.ecdf import ks_bracket, wasserstein_bracket

whole = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=60)


def shares(count: Any) -> Any:
    return np.array([count], float) / np.sum(count)


def p_value(distance: float, n: int, m: int) -> float:
    return float(stats.kstwo.sf(distance, round(n * m / (n + m))))


@pytest.mark.parametrize("case", cases("drift", "ks_from_hist"))
def test_the_bracket_is_the_published_one(case: Case) -> None:
    ref, cur = case.inputs["ref_counts"], case.inputs["cur_counts"]
    low, high = (float(x[0]) for x in ks_bracket(shares(ref), shares(cur), np.array(case.inputs["atom_bins"])))
    n, m = sum(ref), sum(cur)
    got = {"lower": low, "upper": high, "p_value_at_lower": p_value(low, n, m), "p_value_at_upper": p_value(high, n, m)}
    check(case, got)


@pytest.mark.parametrize("case", cases("drift", "ks_2samp"))
def test_the_bracket_holds_the_distance_of_the_rows(case: Case) -> None:
    ref, cur = np.array(case.inputs["ref"], float), np.array(case.inputs["cur"], float)
    edges = np.unique(np.quantile(ref, np.linspace(0.1, 0.9, 9)))
    low, high = (
        float(x[0])
        for x in ks_bracket(*(binned(side, edges) for side in (ref, cur)), np.zeros(99, bool)[: edges.size + 1])
    )
    assert low - 1e-12 <= case.expected["statistic"] <= high + 1e-12


def binned(values: Any, edges: Any) -> Any:
    return shares(np.bincount(np.searchsorted(edges, values, side="left"), minlength=edges.size + 1))


def largest_gap(ref: list[float], cur: list[float]) -> float:
    at = np.array(ref + cur)[:, None]
    return float(np.abs((np.array(ref) <= at).mean(axis=1) - (np.array(cur) <= at).mean(axis=1)).max())


@given(whole, whole)
def test_on_atoms_the_distance_is_exact(ref: list[float], cur: list[float]) -> None:
    atoms = np.arange(-5.0, 6.0)
    p, q = (shares(np.bincount(np.array(side, int) + 5, minlength=11)) for side in (ref, cur))
    low, high = ks_bracket(p, q, np.ones(atoms.size, bool))
    assert low[0] == high[0] == pytest.approx(largest_gap(ref, cur), abs=1e-12)


@pytest.mark.parametrize("case", cases("drift", "wasserstein_from_hist"))
def test_the_earth_movers_bracket_is_the_published_one(case: Case) -> None:
    p, q = shares(case.inputs["ref_counts"]), shares(case.inputs["cur_counts"])
    even, lower, upper = wasserstein_bracket(p, q, np.diff(case.inputs["edges"]))
    check(case, {"uniform_in_bin": even[0], "lower": lower[0], "upper": upper[0]})
