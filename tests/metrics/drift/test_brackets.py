"""On real tables the distances of the rows lie within the limits that are read off bins."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from benchmarks import brackets
from tests.golden import Case, cases
from tests.metrics.stacks import histogram

from watchkeeper.metrics.drift.divergence import jensen_shannon
from watchkeeper.metrics.drift.ecdf import ks_bracket
from watchkeeper.metrics.drift.js_distance import js_distance
from watchkeeper.metrics.drift.shares import drift_shares
from watchkeeper.metrics.drift.wasserstein import wasserstein
from watchkeeper.statistics.grid import Grid, fit_numeric
from watchkeeper.terms import Status

real = pytest.mark.skipif(not brackets.FOLDER.is_dir(), reason="the real tables are not beside this checkout")
TABLES = pytest.mark.parametrize("table", brackets.SETS)


@cache
def of(table: str) -> list[brackets.Bracket]:
    return [brackets.bracket(table, name, values) for name, values in brackets.columns(table)]


@real
@TABLES
@pytest.mark.slow
def test_the_distances_of_the_rows_lie_within_their_limits(table: str) -> None:
    assert len(of(table)) >= 5
    assert not [one for one in of(table) if not one.holds]


@real
@TABLES
@pytest.mark.slow
def test_the_limits_of_kolmogorov_and_smirnov_are_within_a_percent(table: str) -> None:
    assert max(one.ks_high - one.ks_low for one in of(table)) < 0.01


def test_a_limit_that_is_too_tight_would_be_noticed() -> None:
    values = np.random.default_rng(1).normal(size=2_000)
    one = brackets.bracket("none", "x", values)
    assert one.holds and one.ks_high > one.ks_low
    moved = brackets.Bracket(**{**vars_of(one), "ks_high": one.ks_low - 0.001, "ks_low": one.ks_low - 0.002})
    assert not moved.holds


def vars_of(one: brackets.Bracket) -> dict[str, float]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def test_wide_empty_tails_add_no_distance() -> None:
    rng = np.random.default_rng(5)
    then, now = rng.integers(1, 8, 30_000).astype(float), rng.integers(1, 9, 29_989).clip(1, 7).astype(float)
    grid = fit_numeric("x", then)
    got = wasserstein(histogram(now, grid=grid), histogram(then, grid=grid))
    exact = brackets.stats.wasserstein_distance(now, then)
    assert got.status[0] == Status.OK
    assert got.value[0] == pytest.approx(exact, rel=1e-11)


@real
@TABLES
def test_jensen_shannon_is_that_of_the_rows_counted_over_the_same_bins(table: str) -> None:
    """The bins are the baseline's deciles or values; what is counted in them by hand gives the same distance."""
    checked = 0
    for name, values in brackets.columns(table):
        then, now = np.array_split(values, 2)
        grid = fit_numeric(name, then)
        base, current = histogram(then, grid=grid), histogram(now, grid=grid)
        found, shares = js_distance(current, base), drift_shares(current, base)
        if np.isfinite(found.value[0]):
            bits = float(jensen_shannon(shares.p, shares.q)[0] / np.log(2))
            assert found.value[0] == pytest.approx(np.sqrt(bits))
            assert shares.p.sum() == pytest.approx(1) and shares.q.sum() == pytest.approx(1)
            by_value = by_values(then, now)
            assert found.value[0] <= by_value + 1e-9, "bins that are joined can only lose distance"
            checked += 1
    assert checked


@pytest.mark.parametrize("case", cases("drift", "ks_2samp"))
def test_where_every_value_has_its_bin_the_distance_is_the_published_one(case: Case) -> None:
    ref, cur = (np.array(case.inputs[side], float) for side in ("ref", "cur"))
    edges = tuple(np.unique(np.concatenate([ref, cur])).tolist())
    grid = Grid("x", "numeric", edges=edges, atoms=edges)
    low, high = ks_bracket(
        histogram(ref, grid=grid).counts.shares, histogram(cur, grid=grid).counts.shares, grid.is_atom
    )
    assert low[0] == pytest.approx(case.expected["statistic"], abs=1e-12)
    assert high[0] == pytest.approx(low[0])


def by_values(then: np.ndarray, now: np.ndarray) -> float:
    """Distance over all distinct values, the common refinement of all bins."""
    values = np.unique(np.concatenate([then, now]))
    p, q = (np.bincount(np.searchsorted(values, side), minlength=values.size) / side.size for side in (then, now))
    return float(np.sqrt(jensen_shannon(p[None], q[None])[0] / np.log(2)))
