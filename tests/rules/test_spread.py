"""How much windows differ when nothing is wrong."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from tests.rules.point_tables import DAILY, START, series

from watchkeeper.rules.families import FAMILIES
from watchkeeper.rules.series import blocks
from watchkeeper.rules.spread import Spread, spread
from watchkeeper.terms import Window

AGE = {"column": "age", "baseline_value": 0.0, "baseline_se": 1 / np.sqrt(20000)}


def learnt(*tables, span=None, wanted="fixed") -> Spread:
    base = blocks(pa.concat_tables(tables), DAILY)["mean", 1]
    block = base.where(base.baselines == wanted)
    family = FAMILIES["mean"]
    scaled, of_base = family.scaled(block), family.scaled(base)
    return spread(block, scaled, base, of_base, family, span=span, calendar=DAILY)


def days(seed: int = 0, count: int = 60, tau: float = 0.2) -> list[float]:
    return np.random.default_rng(seed).normal(0, tau, count).tolist()


def expected(values: list[float], factor: float = 1.0, n: float = 2000.0) -> float:
    few = (stats.t.ppf(0.999, len(values) - 1) / stats.norm.ppf(0.999)) ** 2
    return max(0.0, np.var(values, ddof=1) - 1 / n) * few * factor


def first(count: int) -> Window:
    return Window(START, START + timedelta(days=count))


def test_the_published_factors():
    assert [round(expected([0.0] * (h - 1) + [1.0], 1 + 1 / h, 1e9) * h, 2) for h in (14, 28, 56)] == [1.66, 1.27, 1.12]


def test_the_first_28_windows_tell_it_and_no_window_tells_of_itself():
    values = days()
    found = learnt(series("mean@1", values, **AGE))
    assert found.variance[0, 59] == pytest.approx(expected(values[:28]))
    assert found.variance[0, 20] == pytest.approx(expected(values[:20]))
    assert found.variance[0, 13] == pytest.approx(0.1**2) and not found.learnt[0, 13]


def test_a_baseline_of_the_monitored_windows_tells_it_and_has_itself_moved():
    values = days()
    found = learnt(series("mean@1", values, **AGE), span=first(40))
    assert found.variance[0, 50] == pytest.approx(expected(values[:40], 1 + 1 / 40))


def test_a_short_baseline_leaves_it_to_the_first_28_windows():
    values = days()
    found = learnt(series("mean@1", values, **AGE), span=first(10))
    assert found.variance[0, 50] == pytest.approx(expected(values[:28], 1 + 1 / 10))


def test_what_the_rows_explain_is_taken_off():
    noise = np.random.default_rng(1).normal(0, 0.05, 60).tolist()
    assert learnt(series("mean@1", noise, n=30.0, **AGE)).variance[0, -1] == 0


def test_against_the_previous_window_both_have_moved():
    values = days()
    before = {**AGE, "baseline_value": [0.0, *values[:-1]], "baseline": "previous"}
    found = learnt(series("mean@1", values, **AGE), series("mean@1", values, **before), wanted="previous")
    assert found.variance[0, 50] == pytest.approx(expected(values[:28], 2.0))


def test_without_a_fixed_baseline_it_is_learnt_from_steps():
    values = days(count=600)
    before = {**AGE, "baseline_value": [0.0, *values[:-1]], "baseline": "previous"}
    found = learnt(series("mean@1", values, **before), wanted="previous")
    steps = np.diff([0.0, *values])[:28]
    few = (stats.t.ppf(0.999, 27) / stats.norm.ppf(0.999)) ** 2
    assert found.variance[0, 50] == pytest.approx((np.var(steps, ddof=1) - 1 / 2000 - 1 / 20000) * few)


def test_days_of_too_few_rows_tell_nothing():
    assert not learnt(series("mean@1", days(), n=20.0, **AGE)).learnt.any()
