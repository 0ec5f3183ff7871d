"""Which series have too few rows a window, and how many windows are joined for them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from tests.rules.point_tables import DAILY, METRICS, series

from watchkeeper.metrics.request import Request
from watchkeeper.rules.change import wanted_n
from watchkeeper.run.joins import joins, of_needed_length, of_other_length, otherwise_joined, single

BLOCKS = (1, 7, 28)
REQUESTS = [Request(METRICS["mean"], {}, "", ("fixed",), BLOCKS)]
MEAN = REQUESTS[0].identity
WANTED = wanted_n(METRICS["mean"])


def means(n: object, windows: int, **given: object) -> pa.Table:
    return series(MEAN, [0.5] * windows, n=n, **given)


def lengths(points: pa.Table) -> list[int]:
    return joins(points, REQUESTS)["windows"].to_pylist()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (WANTED, []),
        (WANTED - 1, [7]),
        (WANTED / 7, [7]),
        (WANTED / 7 - 1, [28]),
        (0.5, [28]),
    ],
)
def test_the_smallest_length_that_reaches_what_is_wanted_is_joined(rows, expected):
    assert lengths(means(float(rows), 10)) == expected


def test_the_median_of_the_first_28_final_windows_decides():
    few, many = WANTED / 7, WANTED * 9
    assert lengths(means([few] * 28 + [many] * 40, 68)) == [7]
    assert lengths(means([few] * 28, 28, open=[True] * 28)) == []
    assert lengths(means([0.0] * 20 + [many] * 3, 23)) == []


def test_the_newest_point_of_a_window_counts():
    old, new = means(WANTED / 7, 5), means(WANTED, 5, seq=2)
    assert lengths(pa.concat_tables([new, old])) == []


def test_points_are_told_apart_by_how_many_windows_they_span():
    ones, sevens = means(WANTED / 7, 14), means(WANTED, 2, joins=7)
    both = pa.concat_tables([ones, sevens])
    needed = joins(single(both, DAILY), REQUESTS)
    assert single(both, DAILY).num_rows == 14
    assert of_needed_length(both, needed, DAILY)["n_eff"].to_pylist() == [WANTED, WANTED]
    assert of_other_length(both, needed, DAILY).num_rows == 0


def test_joined_points_of_a_series_that_needs_no_more_joining_are_of_another_length():
    both = pa.concat_tables([means(WANTED, 14), means(WANTED * 7, 2, joins=7)])
    needed = joins(single(both, DAILY), REQUESTS)
    assert of_other_length(both, needed, DAILY).num_rows == 2
    assert of_needed_length(both, needed, DAILY).num_rows == 0


def test_series_that_join_another_number_of_windows_than_before_are_told_with_both():
    sevens, more = joins(means(WANTED / 7, 5), REQUESTS), joins(means(WANTED / 28, 5), REQUESTS)
    ones = joins(means(WANTED, 5), REQUESTS)
    assert otherwise_joined(sevens, sevens).num_rows == 0
    assert sorted(otherwise_joined(sevens, more)["windows"].to_pylist()) == [7, 28]
    assert otherwise_joined(ones, sevens)["windows"].to_pylist() == [7]
    assert otherwise_joined(sevens, ones)["windows"].to_pylist() == [7]
