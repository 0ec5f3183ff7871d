"""Which windows are counted again, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.plan.due import Ask, Clock, Counted, Reason, due, watched_windows
from watchkeeper.terms import Window
from watchkeeper.windows import Calendar, Duration

FIRST = datetime(2026, 9, 7, tzinfo=UTC)
DAILY = Calendar(Duration(1, "day"))
HOUR = Duration(1, "hour")
NOW = FIRST + timedelta(days=4, hours=2)
WINDOWS = watched_windows(DAILY, FIRST, NOW)
CLOCK = Clock(NOW, NOW - timedelta(days=1), HOUR, Duration(2, "day"))
DONE = Counted("digest", frozenset({"grid"}), False, False)


def reasons(counted: dict[Window, Counted], **given: object) -> dict[int, Reason]:
    said = {"touched": set(), "digest": "digest", "grids": frozenset({"grid"}), "clock": CLOCK, "ask": Ask(), **given}
    found = due(WINDOWS, counted=counted, **said)
    assert found == sorted(found, key=lambda one: one.window)
    return {WINDOWS.index(one.window): one.reason for one in found}


def all_but(changed: dict[int, Counted] | None = None, without: tuple[int, ...] = ()) -> dict[Window, Counted]:
    stored = {window: DONE for at, window in enumerate(WINDOWS) if at not in without}
    return stored | {WINDOWS[at]: one for at, one in (changed or {}).items()}


def test_windows_reach_from_the_first_event_to_now():
    assert (WINDOWS[0].start, WINDOWS[-1].end) == (FIRST, FIRST + timedelta(days=5))
    assert watched_windows(DAILY, None, NOW) == []
    assert watched_windows(DAILY, NOW + timedelta(days=1), NOW) == []


def test_nothing_is_due_where_all_is_counted_as_it_would_be_today():
    assert reasons(all_but()) == {}


def test_a_window_that_was_never_counted_is_due():
    assert reasons(all_but(without=(2,))) == {2: Reason.NEW}


def test_a_window_counted_without_rows_is_not_due_again():
    assert reasons(all_but(without=(2,)), empty={WINDOWS[2]}) == {}


def test_a_window_that_rows_arrived_for_is_due_also_if_it_was_empty():
    assert reasons(all_but(without=(2,)), empty={WINDOWS[2]}, touched={WINDOWS[2]}) == {2: Reason.LATE}


def test_new_grids_make_every_window_due():
    assert set(reasons(all_but(), grids=frozenset({"another"})).values()) == {Reason.REGRID}


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
