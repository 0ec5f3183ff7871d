"""Which windows are counted again, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.plan.due import Ask, Clock, Counted, Reason, due, recounted, watched_windows
from watchkeeper.terms import Window
from watchkeeper.windows import Calendar, Duration

FIRST = datetime(2026, 9, 7, tzinfo=UTC)
DAILY = Calendar(Duration(1, "day"))
HOUR = Duration(1, "hour")
NOW = FIRST + timedelta(days=4, hours=2)
WINDOWS = watched_windows(DAILY, FIRST, NOW)
CLOCK = Clock(NOW, NOW - timedelta(days=1), HOUR, Duration(2, "day"))


def reasons(counted: list[Counted], **given: object) -> dict[int, Reason]:
    said = {"touched": set(), "digest": "digest", "grids": "grids", "clock": CLOCK, "ask": Ask(), **given}
    found = due(WINDOWS, counted=counted, **said)
    assert found == sorted(found, key=lambda one: one.window)
    return {WINDOWS.index(one.window): one.reason for one in found}


def all_but(*without: int) -> list[Counted]:
    return recounted([], [window for at, window in enumerate(WINDOWS) if at not in without], "digest", "grids")


def test_windows_reach_from_the_first_event_to_now():
    assert (WINDOWS[0].start, WINDOWS[-1].end) == (FIRST, FIRST + timedelta(days=5))
    assert watched_windows(DAILY, None, NOW) == []
    assert watched_windows(DAILY, NOW + timedelta(days=1), NOW) == []


def test_nothing_is_due_where_all_is_counted_as_it_would_be_today():
    assert reasons(all_but()) == {}


def test_a_window_that_was_never_counted_is_due():
    assert reasons(all_but(2)) == {2: Reason.NEW}


def test_a_window_that_rows_arrived_for_is_due():
    assert reasons(all_but(), touched={WINDOWS[2]}) == {2: Reason.LATE}


def test_windows_counted_alike_are_one_stretch_however_they_came():
    in_parts = recounted(recounted([], WINDOWS[3:], "a", "g"), WINDOWS[:3], "a", "g")
    assert in_parts == recounted([], WINDOWS, "a", "g") == [Counted(Window(FIRST, WINDOWS[-1].end), "a", "g")]


def test_a_window_counted_otherwise_splits_the_stretch_and_counted_alike_again_closes_it():
    whole = recounted([], WINDOWS, "a", "g")
    split = recounted(whole, [WINDOWS[2]], "b", "g")
    assert [(one.span, one.digest) for one in split] == [
        (Window(FIRST, WINDOWS[2].start), "a"),
        (WINDOWS[2], "b"),
        (Window(WINDOWS[2].end, WINDOWS[-1].end), "a"),
    ]
    assert recounted(split, [WINDOWS[2]], "a", "g") == whole


@given(st.lists(st.tuples(st.sets(st.integers(0, 4), min_size=1), st.sampled_from("ab")), max_size=6))
def test_what_was_counted_last_is_what_every_window_is_told_to_be(told):
    known: list[Counted] = []
    expected: dict[int, str] = {}
    for numbers, digest in told:
        known = recounted(known, [WINDOWS[number] for number in numbers], digest, "g")
        expected |= dict.fromkeys(numbers, digest)
    found = {
        at: one.digest
        for at, window in enumerate(WINDOWS)
        for one in known
        if one.span.start <= window.start and window.end <= one.span.end
    }
    assert found == expected
    assert all(not left.is_like(right) or left.span.end < right.span.start for left, right in pairwise(known))


def test_new_grids_make_every_window_due():
    assert set(reasons(all_but(), grids="another").values()) == {Reason.REGRID}


def test_another_measure_is_from_now_on_unless_a_backfill_is_asked():
    assert reasons(all_but(), digest="another") == {}
    assert set(reasons(all_but(), digest="another", ask=Ask(backfill=True)).values()) == {Reason.BACKFILL}


def test_labels_that_fill_in_make_a_window_due_once_they_have_had_their_time():
    assert reasons(all_but(), labels_fill_in=True) == {1: Reason.MATURED}
    assert reasons(all_but(), labels_fill_in=False) == {}


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (Ask(recompute=True), {0, 1, 2, 3, 4}),
        (Ask(recompute=True, since=FIRST + timedelta(days=2)), {2, 3, 4}),
        (Ask(recompute=True, until=FIRST + timedelta(days=2)), {0, 1}),
        (Ask(recompute=True, since=FIRST + timedelta(days=1, hours=3), until=FIRST + timedelta(days=2)), {1}),
    ],
)
def test_what_is_asked_is_due_in_its_span(ask, expected):
    assert set(reasons(all_but(), ask=ask)) == expected


def test_a_window_is_open_until_its_grace_is_over():
    window = WINDOWS[0]
    assert Clock(window.end + timedelta(minutes=59), None, HOUR).is_open(window)
    assert not Clock(window.end + timedelta(hours=1), None, HOUR).is_open(window)


def test_labels_mature_once_between_two_runs():
    window, two_days = WINDOWS[0], Duration(2, "day")
    at = window.end + timedelta(days=2)
    assert Clock(at, at - timedelta(hours=1), HOUR, two_days).matured_since_last(window)
    assert not Clock(at + timedelta(hours=1), at, HOUR, two_days).matured_since_last(window)
    assert not Clock(at, None, HOUR, two_days).matured_since_last(window)
    assert Clock(at, None, HOUR, None).is_matured(window)
