"""Rows served and age of the newest event."""

from __future__ import annotations

import numpy as np
import pytest
from tests.golden import Case, cases
from tests.metrics.stacks import DAY, START, categories, counted, moments

from watchkeeper.metrics.data.freshness_seconds import freshness_seconds
from watchkeeper.metrics.data.row_count import row_count
from watchkeeper.terms import Status


@pytest.mark.parametrize("case", cases("profile", "horvitz_thompson"))
def test_sampled_rows_estimate_the_rows_served(case: Case) -> None:
    weight = 1 / np.array(case.inputs["inclusion_prob"])
    got = row_count(categories(["ok"] * weight.size, weight=weight))
    assert got.value[0] == pytest.approx(case.expected["N_hat"])
    assert got.n_eff[0] == pytest.approx(case.expected["n_eff_kish"])
    assert got.n[0] == case.expected["n_sampled"]
    assert got.se[0] == pytest.approx(np.sqrt((weight**2 - weight).sum()))


def test_a_complete_log_counts_without_error() -> None:
    got = row_count(counted({"ok": 7, "not_json": 2}))
    assert (got.value[0], got.se[0], got.low[0], got.high[0]) == (9, 0, 9, 9)


def test_duplicates_are_not_rows() -> None:
    assert row_count(counted({"ok": 7, "duplicate": 2})).value[0] == 7


def test_no_rows_are_a_count_of_0_and_not_a_missing_value() -> None:
    got = row_count(counted({"ok": 1}, {}))
    assert got.value[1] == 0 and got.status[1] == Status.OK and got.n[1] == 0


def test_freshness_is_the_time_from_the_newest_event_to_the_end() -> None:
    newest = moments([START + 1.0, START + DAY - 90e6], [START + 5.0])
    start = np.full(2, START)
    got = freshness_seconds(newest, window_start=start, window_end=start + DAY)
    assert got.value.tolist() == pytest.approx([90.0, 86_400.0 - 5e-6])
    assert got.n.tolist() == [2, 1]
