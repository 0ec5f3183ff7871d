"""How many windows are joined before a series is judged."""

import numpy as np
import pytest
from tests.rules.point_tables import said, series, verdicts

from watchkeeper.rules.merge import smallest_merge


def last(n: list[float], **given) -> int:
    rows = np.array([n], np.float64)
    return int(smallest_merge(rows, rows > 0, **{"minimum": 30, **given})[0, -1])


@pytest.mark.parametrize(("typical", "windows"), [(30, 1), (29, 2), (14, 7), (4.2, 28), (1.0, 0)])
def test_the_smallest_merge_that_reaches_the_minimum(typical, windows):
    assert last([typical] * 40) == windows


def test_windows_without_rows_do_not_count():
    assert last([30, 0, 0, 30, 0, 0]) == 1


def test_only_the_first_28_windows_count():
    assert last([29.0] * 28 + [1000.0] * 100) == 2


def test_a_target_is_wanted_and_the_minimum_is_needed():
    assert last([100.0] * 28, target=700) == 7
    assert last([10.0] * 28, target=700) == 28
    assert last([1.0] * 28, target=700) == 0


def test_what_it_was_never_changes():
    rng = np.random.default_rng(0)
    n = rng.integers(0, 80, (5, 60)).astype(float)
    whole = smallest_merge(n, n > 0, minimum=30)
    for k in range(60):
        assert (smallest_merge(n[:, :k], n[:, :k] > 0, minimum=30) == whole[:, : k + 1]).all()


def test_a_series_is_judged_on_the_merge_that_has_rows_enough_and_on_no_other():
    age = {"column": "age", "baseline_value": 0.1}
    days = series("null_share@1", [0.1] * 28, n=10.0, **age)
    pairs = series("null_share@1", [0.1] * 14, n=20.0, joins=2, **age)
    weeks = series("null_share@1", [0.1, 0.1, 0.9, 0.9], n=70.0, joins=7, **age)
    found = verdicts(days, pairs, weeks)
    length = [(row["window_end"] - row["window_start"]).days for row in found.to_pylist()]
    assert (length.count(1), length.count(2), length.count(7)) == (28, 0, 4)
    assert said(days, pairs, weeks)[-4:] == [("ok", "within_limits")] * 2 + [
        ("warning", "beyond_noise"),
        ("breach", "beyond_noise"),
    ]
    assert set(said(days, pairs, weeks)[:28]) == {("not_judged", "no_value")}


def test_merged_windows_are_left_alone_where_single_ones_have_rows_enough():
    age = {"column": "age", "baseline_value": 0.1}
    found = verdicts(series("null_share@1", [0.1] * 14, **age), series("null_share@1", [0.9] * 2, joins=7, **age))
    assert found.num_rows == 14 and set(found["outcome"].to_pylist()) == {"ok"}


def test_merged_windows_are_judged_by_the_spread_of_single_ones():
    age = {"column": "score", "baseline_value": 0.8, "baseline_se": 0.01, "baseline_n": 1000.0}
    unrest = [0.8 + 0.04 * (-1) ** i for i in range(35)]
    days = series("roc_auc@1", unrest, n=100.0, se=0.01, **age)
    weeks = series("roc_auc@1", [0.8] * 4 + [0.7], n=700.0, se=0.004, joins=7, **age)
    calm = series("roc_auc@1", [0.8] * 35, n=100.0, se=0.01, **age)
    assert said(days, weeks)[-1] == ("ok", "within_limits")
    assert said(calm, weeks)[-1] == ("warning", "beyond_noise")
