from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.terms import Window
from watchkeeper.windows import Calendar, Duration, contiguous, micros, moment

PRAGUE = ZoneInfo("Europe/Prague")

sizes = st.sampled_from(
    ["1 minute", "5 minutes", "30 minutes", "1 hour", "6 hours", "1 day", "2 days", "1 week", "1 month", "3 months"]
)
zones = st.sampled_from(["UTC", "Europe/Prague", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
calendars = st.builds(lambda size, zone: Calendar(Duration.parse(size), zone), sizes, zones)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
near_clock_changes = st.sampled_from(
    [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)]
).flatmap(lambda change: st.integers(-300, 300).map(lambda minutes: change + timedelta(minutes=minutes)))


def calendar(size: str, timezone: str = "UTC") -> Calendar:
    return Calendar(Duration.parse(size), timezone)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def prague(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PRAGUE).astimezone(UTC)  # type: ignore[misc,arg-type]


def test_a_duration_is_read_in_singular_and_plural_and_written_back() -> None:
    assert Duration.parse("1 day") == Duration.parse("1 days") == Duration(1, "day")
    assert [str(Duration.parse(text)) for text in ("1 weeks", "90 day", "5 minutes")] == [
        "1 week",
        "90 days",
        "5 minutes",
    ]


@pytest.mark.parametrize("text", ["", "day", "0 days", "-1 days", "1.5 hours", "3 fortnights", "1day"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="1 day"):
        Duration.parse(text)


def test_of_a_span_its_whole_windows_count() -> None:
    calendar, at = Calendar(Duration(1, "day"), "America/New_York"), datetime(2026, 3, 2, 5, tzinfo=UTC)
    week = Window(at, datetime(2026, 3, 9, 4, tzinfo=UTC))  # the clock changes on the 8th
    assert calendar.whole(week.start, week.end) == week
    assert calendar.whole(at - timedelta(hours=3), week.end + timedelta(hours=3)) == week
    assert calendar.whole(at + timedelta(hours=3), week.end) == Window(at + timedelta(days=1), week.end)
    assert calendar.whole(at, at + timedelta(hours=23)) is None


def test_a_month_later_stays_within_the_month() -> None:
    assert Duration.parse("1 month").after(utc(2026, 1, 31)) == utc(2026, 2, 28)
    assert Duration.parse("1 month").before(utc(2024, 3, 31)) == utc(2024, 2, 29)
    assert Duration.parse("12 months").after(utc(2024, 2, 29)) == utc(2025, 2, 28)


def test_a_day_is_a_day_of_the_zone() -> None:
    assert calendar("1 day", "Europe/Prague").window_of(utc(2026, 6, 1, 22, 30)) == Window(
        prague(2026, 6, 2), prague(2026, 6, 3)
    )


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)])
def test_a_day_has_23_or_25_hours_when_the_clock_changes(day: tuple[int, int, int], hours: int) -> None:
    window = calendar("1 day", "Europe/Prague").window_of(prague(*day, 12))
    assert window.end - window.start == timedelta(hours=hours)
    assert window.start == prague(*day)


def test_the_hour_that_comes_twice_is_two_windows() -> None:
    hours = calendar("1 hour", "Europe/Prague").between(utc(2026, 10, 24, 22), utc(2026, 10, 25, 23))
    assert len(hours) == 25
    assert all(window.end - window.start == timedelta(hours=1) for window in hours)


def test_the_hour_that_is_skipped_is_no_window() -> None:
    hours = calendar("1 hour", "Europe/Prague").between(utc(2026, 3, 28, 23), utc(2026, 3, 29, 22))
    assert len(hours) == 23
    assert all(left.end == right.start for left, right in pairwise(hours))


def test_weeks_start_on_monday() -> None:
    assert calendar("1 week").window_of(utc(2026, 11, 24, 5)) == Window(utc(2026, 11, 23), utc(2026, 11, 30))
    assert calendar("1 week").window_of(utc(2026, 11, 22, 23, 59)).start == utc(2026, 11, 16)


def test_months_are_those_of_the_calendar() -> None:
    assert calendar("1 month").window_of(utc(2024, 2, 29)) == Window(utc(2024, 2, 1), utc(2024, 3, 1))
    assert calendar("3 months").window_of(utc(2026, 5, 5)) == Window(utc(2026, 4, 1), utc(2026, 7, 1))


def test_hours_that_do_not_divide_the_day_end_at_midnight() -> None:
    windows = calendar("5 hours").between(utc(2026, 1, 1), utc(2026, 1, 2))
    assert [window.start.hour for window in windows] == [0, 5, 10, 15, 20]
    assert windows[-1].end == utc(2026, 1, 2)


def test_neighbours_touch() -> None:
    days = calendar("1 day", "Europe/Prague")
    window = days.window_of(prague(2026, 3, 29, 12))
    assert days.previous(window).end == window.start
    assert days.following(window).start == window.end


def test_only_windows_that_overlap_the_span_are_between() -> None:
    days = calendar("1 day").between(utc(2026, 1, 1, 12), utc(2026, 1, 3))
    assert [window.start.day for window in days] == [1, 2]


@given(calendars, moments | near_clock_changes)
def test_the_window_of_a_moment_holds_it(calendar: Calendar, at: datetime) -> None:
    window = calendar.window_of(at)
    assert window.start <= at < window.end


@given(calendars, moments | near_clock_changes)
def test_every_moment_of_a_window_has_that_window(calendar: Calendar, at: datetime) -> None:
    window = calendar.window_of(at)
    assert calendar.window_of(window.start) == window
    assert calendar.window_of(window.end - timedelta(microseconds=1)) == window
    assert calendar.window_of(window.end).start == window.end


@given(calendars, st.lists(near_clock_changes, min_size=1, max_size=8))
def test_starts_agree_with_the_window_of_each_time(calendar: Calendar, times: list[datetime]) -> None:
    first = min(times)
    near = [at for at in times if at - first < timedelta(days=3)]
    starts = calendar.starts(np.array([micros(at) for at in near], np.int64))
    assert starts.tolist() == [micros(calendar.window_of(at).start) for at in near]


def test_no_times_have_no_starts() -> None:
    assert calendar("1 day").starts(np.zeros(0, np.int64)).size == 0


blocks = st.one_of(
    st.tuples(st.builds(calendar, st.sampled_from(["1 day", "2 days", "1 week", "1 month"]), zones), st.integers(1, 6)),
    st.tuples(st.builds(calendar, st.sampled_from(["1 minute", "5 minutes", "30 minutes"]), zones), st.integers(1, 12)),
    st.tuples(st.builds(calendar, st.just("1 hour"), zones), st.sampled_from([1, 6, 12, 24, 48, 168])),
    st.tuples(st.builds(calendar, st.just("7 hours"), zones), st.sampled_from([1, 2, 3, 4, 28])),
)


@given(blocks, moments | near_clock_changes)
def test_a_block_is_a_run_of_windows_that_holds_the_window(given_block: tuple[Calendar, int], at: datetime) -> None:
    calendar, count = given_block
    window = calendar.window_of(at)
    block = calendar.block(window, count)
    held = calendar.between(block.start, block.end)
    assert window in held
    assert len(held) == count or calendar.size.unit in ("minute", "hour")
    assert (held[0].start, held[-1].end) == (block.start, block.end)


@given(blocks, moments | near_clock_changes)
def test_every_window_of_a_block_has_that_block(given_block: tuple[Calendar, int], at: datetime) -> None:
    calendar, count = given_block
    block = calendar.block(calendar.window_of(at), count)
    assert {calendar.block(window, count) for window in calendar.between(block.start, block.end)} == {block}


def test_seven_days_are_a_week_from_monday() -> None:
    days = calendar("1 day", "Europe/Prague")
    assert days.block(days.window_of(prague(2026, 10, 25, 12)), 7) == Window(prague(2026, 10, 19), prague(2026, 10, 26))


def test_24_hours_are_a_day() -> None:
    hours = calendar("1 hour")
    assert hours.block(hours.window_of(utc(2026, 1, 1, 17, 30)), 24) == Window(utc(2026, 1, 1), utc(2026, 1, 2))


@pytest.mark.parametrize(("day", "windows"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)])
def test_24_hours_are_the_whole_day_when_the_clock_changes(day: tuple[int, int, int], windows: int) -> None:
    hours = calendar("1 hour", "Europe/Prague")
    block = hours.block(hours.window_of(prague(*day, 12)), 24)
    assert block == calendar("1 day", "Europe/Prague").window_of(prague(*day, 12))
    assert len(hours.between(block.start, block.end)) == windows


def test_hours_that_are_no_whole_days_are_not_joined() -> None:
    hours = calendar("1 hour")
    with pytest.raises(ValueError, match="no whole days"):
        hours.block(hours.window_of(utc(2026, 1, 1)), 30)


def test_touching_windows_are_one_span() -> None:
    days = calendar("1 day").between(utc(2026, 1, 1), utc(2026, 1, 6))
    assert contiguous([days[4], days[0], days[1], days[0]]) == [
        Window(utc(2026, 1, 1), utc(2026, 1, 3)),
        Window(utc(2026, 1, 5), utc(2026, 1, 6)),
    ]
    assert contiguous([]) == []


@given(st.integers(-(10**15), 4 * 10**15))
def test_microseconds_and_moments_are_inverse(microseconds: int) -> None:
    assert micros(moment(microseconds)) == microseconds
