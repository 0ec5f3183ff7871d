"""Divergences, and what each is by chance."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.golden import Case, cases, check

from watchkeeper.metrics.drift.divergence import (
    jensen_shannon,
    jensen_shannon_floor,
    kl,
    psi_floor,
    psi_terms,
    smoothed,
)

counts = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=20).filter(
    lambda pairs: all(sum(side) for side in zip(*pairs, strict=True))
)


def both(case: Case) -> tuple[Any, Any]:
    return np.array([case.inputs["ref_counts"]], float), np.array([case.inputs["cur_counts"]], float)


def shares(count: Any) -> Any:
    return count / count.sum(axis=1, keepdims=True)


def jeffreys(count: Any) -> Any:
    return smoothed(shares(count), count.sum(axis=1))


def with_floor(count: Any, smallest: float) -> Any:
    return np.maximum(shares(count), smallest)


@pytest.mark.parametrize("case", cases("drift", "psi"))
def test_psi_is_the_published_one(case: Case) -> None:
    treated = {"jeffreys": jeffreys, "floor": partial(with_floor, smallest=case.params["eps"]), "none": shares}
    p, q = map(treated[case.params["smoothing"]], both(case))
    terms = psi_terms(p, q)[0]
    check(case, {"psi": terms.sum(), "contributions": terms})


@pytest.mark.parametrize("case", cases("drift", "kl"))
def test_kl_is_the_published_one(case: Case) -> None:
    p, q = map(jeffreys if case.params["smoothing"] == "jeffreys" else shares, both(case))
    check(case, {"kl_nats": (kl(p, q) if case.params["direction"] == "cur_ref" else kl(q, p))[0]})


@pytest.mark.parametrize("case", cases("drift", "js_distance"))
def test_the_jensen_shannon_distance_is_the_published_one(case: Case) -> None:
    divergence = jensen_shannon(*map(shares, both(case)))[0] / np.log(case.params["base"])
    check(case, {"divergence": divergence, "distance": np.sqrt(divergence)})


@pytest.mark.parametrize("case", cases("drift", "noise_floor"))
def test_noise_floors_are_the_published_ones(case: Case) -> None:
    count = np.array([case.inputs["ref_counts"]], float)
    s = np.array([1 / count.sum() + 1 / case.inputs["n_cur"]])
    bins = (count > 0).sum(axis=1)
    got = {"psi": psi_floor(bins, s)[0], "jsd_nats": jensen_shannon_floor(bins, s)[0]}
    for name, value in got.items():
        assert value == pytest.approx(case.expected[name], rel=case.relative)


@given(counts)
def test_psi_is_symmetric_and_never_negative(pairs: list[tuple[int, int]]) -> None:
    p, q = map(jeffreys, np.array(pairs, float).T[:, None, :])
    there, back = psi_terms(p, q).sum(), psi_terms(q, p).sum()
    assert there == pytest.approx(back, abs=1e-12) and there >= 0


@given(counts)
def test_the_jensen_shannon_divergence_is_symmetric_and_at_most_ln_2(pairs: list[tuple[int, int]]) -> None:
    p, q = map(shares, np.array(pairs, float).T[:, None, :])
    there = jensen_shannon(p, q)[0]
    assert there == pytest.approx(jensen_shannon(q, p)[0], abs=1e-12) and 0 <= there <= np.log(2)


@given(counts)
def test_smoothed_shares_are_positive_and_sum_to_1(pairs: list[tuple[int, int]]) -> None:
    share = jeffreys(np.array([[there for there, _ in pairs]], float))
    assert (share > 0).all() and share.sum() == pytest.approx(1)


def test_equal_shares_are_no_distance_apart() -> None:
    p = np.array([[0.2, 0.8]])
    assert psi_terms(p, p).sum() == 0 and jensen_shannon(p, p)[0] == 0


def test_psi_of_the_same_law_is_on_average_its_noise_floor() -> None:
    rng = np.random.default_rng(7)
    shape = np.full(10, 0.1)
    p, q = rng.multinomial(2_000, shape, 4_000).astype(float), rng.multinomial(500, shape, 4_000).astype(float)
    floor = psi_floor(np.array([10.0]), np.array([1 / 2_000 + 1 / 500]))[0]
    assert psi_terms(jeffreys(p), jeffreys(q)).sum(axis=1).mean() == pytest.approx(floor, rel=0.03)
