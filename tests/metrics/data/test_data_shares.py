"""Shares of missing, misfitting, unseen and named values, and of values above a limit."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from tests.metrics.stacks import categories, counted, histogram, listing

from watchkeeper.metrics.data.category_share import category_share
from watchkeeper.metrics.data.misfit_share import misfit_share
from watchkeeper.metrics.data.null_share import null_share
from watchkeeper.metrics.data.parse_status_share import parse_status_share
from watchkeeper.metrics.data.share_above import share_above
from watchkeeper.metrics.data.unseen_share import unseen_share
from watchkeeper.metrics.service.error_share import error_share
from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.grid import Grid
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.terms import Status

THOUSAND = Grid("x", "numeric", edges=tuple(float(edge) for edge in range(0, 1_001, 10)))


def test_null_and_nan_are_missing_and_infinity_is_not() -> None:
    got = null_share(histogram([1.0, None, float("nan"), float("inf")]))
    assert (got.value[0], got.n[0]) == (0.5, 4)


def test_the_same_holds_of_categories() -> None:
    assert null_share(categories(["a", None, None, "b"])).value[0] == 0.5


def test_a_value_of_the_wrong_type_is_a_misfit_and_not_missing() -> None:
    values, misfit = pa.array([1.0, None, None, 2.0]), np.array([False, True, False, False])
    numbers = Histogram.of(values, np.zeros(4, int), None, 1, THOUSAND, misfit)
    words = Categories.of(pa.array(["a", None, None, "b"]), np.zeros(4, int), None, 1, None, misfit)
    for statistic in (numbers, words):
        assert misfit_share(statistic).value[0] == 0.25 and null_share(statistic).value[0] == 0.25


def test_a_column_of_nulls_alone_has_a_null_share_of_1() -> None:
    got = null_share(histogram([None, None]))
    assert (got.value[0], got.high[0], got.n[0]) == (1, 1, 2)


def test_unseen_values_are_those_that_the_baseline_does_not_list() -> None:
    got = unseen_share(categories(["a", "z", "z", None, "b"], grid=listing("a", "b")))
    assert (got.value[0], got.n[0]) == (0.5, 4)


def test_without_the_baselines_list_nothing_is_called_unseen() -> None:
    got = unseen_share(categories(["a", "z"], []))
    assert got.status.tolist() == [Status.NO_BASELINE, Status.NO_DATA] and np.isnan(got.value).all()


def test_rows_that_were_not_read_are_a_share_of_all_but_duplicates() -> None:
    statuses = counted({"ok": 6, "not_json": 3, "too_large": 1, "duplicate": 10})
    assert parse_status_share(statuses).value[0] == 0.4
    assert parse_status_share(statuses, status="not_json").value[0] == 0.3
    assert parse_status_share(statuses, status="empty").value[0] == 0
    assert parse_status_share(statuses).n[0] == 10


def test_a_category_has_its_share_of_the_values_present() -> None:
    decisions = categories(["yes", "no", "no", None, "maybe"], grid=listing("no", "yes"))
    assert category_share(decisions, category="no").value[0] == 0.5
    assert category_share(decisions, category="__unseen__").value[0] == 0.25
    assert category_share(decisions, category="never").value[0] == 0


def test_the_level_tells_of_how_many_categories_one_is() -> None:
    three = counted({"a": 50, "b": 30, "c": 20})
    alone, of_three = category_share(three, category="a"), category_share(three, category="a", of=3)
    assert alone.level == 0.95 and of_three.level == pytest.approx(1 - 0.05 / 3)
    assert of_three.low[0] < alone.low[0] and of_three.high[0] > alone.high[0]


def test_codes_of_400_and_above_are_errors() -> None:
    got = error_share(counted({"200": 90, "302": 2, "399": 1, "400": 3, "503": 4}))
    assert got.value[0] == pytest.approx(0.07)


def test_a_table_without_codes_has_no_error_share() -> None:
    assert error_share(categories([None, None])).status[0] == Status.NO_DATA


def test_a_limit_on_an_edge_is_answered_exactly() -> None:
    got = share_above(histogram([5.0, 800.0, 800.1, 995.0], grid=THOUSAND), value=800.0)
    assert (got.value[0], got.status[0]) == (0.5, Status.OK)


def test_a_limit_inside_a_bin_is_answered_with_what_the_bin_allows() -> None:
    got = share_above(histogram([5.0] * 60 + [803.0] * 40, grid=THOUSAND), value=805.0)
    assert got.status[0] == Status.APPROXIMATE
    assert 0 < got.value[0] < 0.4 and got.low[0] == 0 and got.high[0] > 0.4


def test_sampled_rows_count_by_their_weight_and_their_effective_number() -> None:
    weight = [1.0] * 50 + [10.0] * 50
    got = category_share(categories(["a"] * 50 + ["b"] * 50, weight=weight), category="b")
    assert got.value[0] == pytest.approx(500 / 550)
    share = 500 / 550
    se = np.sqrt(50 * share**2 + 50 * 100 * (1 - share) ** 2) / 550
    assert got.n[0] == 100 and got.n_eff[0] == pytest.approx(share * (1 - share) / se**2)
    assert got.se[0] == pytest.approx(se)
