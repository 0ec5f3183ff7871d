"""A change reaches every point that looks back at it."""

from __future__ import annotations

from dataclasses import replace

import pyarrow.compute as pc
import pytest
from tests.run.build import ROWS, assert_same, between, day, predictions
from tests.run.conftest import late

from watchkeeper.plan.due import Ask, Due, Reason
from watchkeeper.run.ingest import take_in
from watchkeeper.run.log import find
from watchkeeper.run.outlook import Outlook, look
from watchkeeper.run.reach import affected, readable
from watchkeeper.run.remembered import remembered

ROLLING = ROWS.replace("{first: 4 days}", "{first: 4 days, compare: [fixed, previous, rolling 3 days]}")
GONE = "its rows have gone"


@pytest.fixture
def seen(learned) -> Outlook:
    """The outlook of a bank whose windows reach over seven weeks, with nothing due."""
    bank = learned()
    bank.say(ROLLING)
    place, monitor = bank.place(day(50, 2)), bank.monitor()
    intake = take_in(place, find(place, monitor))
    found = look(place, intake.log, intake.events, intake.seq, remembered(place, monitor.name), Ask())
    return replace(found, due=(), flipped=frozenset())


def counted(seen: Outlook, *days: int) -> Outlook:
    return replace(seen, due=[Due(seen.windows[number], Reason.LATE) for number in days])


def days_of(windows) -> list[int]:
    return [(window.start - day(0)).days for window in windows]


def test_nothing_counted_reaches_nothing(seen):
    assert affected(seen, everything=False) == []
    assert affected(seen, everything=True) == list(seen.windows)


def test_a_counted_window_reaches_the_next_the_rolling_ones_and_the_next_joined_ones(seen):
    reached = set(days_of(affected(counted(seen, 2), everything=False)))
    assert {2, 3, 4, 5} <= reached
    assert 7 in reached, "the week after is compared with the week before"


def test_what_is_read_holds_all_that_is_joined_and_compared(seen):
    windows = [seen.windows[40]]
    read = days_of(readable(seen, windows, seen.resolved.requests))
    lengths = {length for request in seen.resolved.requests for length in request.blocks}
    for length in lengths:
        block = seen.calendar.block(windows[0], length)
        before = seen.calendar.block(seen.calendar.previous(block), length)
        wanted = [w for w in seen.windows if w.start >= before.start and w.end <= block.end]
        assert set(days_of(wanted)) <= set(read)


def test_late_rows_move_the_points_of_later_windows_as_if_they_had_been_there_at_once(learned):
    early = between(predictions(), 0, 6)
    at_once, in_parts = learned(), learned()
    for bank in (at_once, in_parts):
        bank.say(ROLLING)
    in_parts.run(day(6, 3))
    late_rows, last = early.filter(late()[: early.num_rows]), between(predictions(), 6, 7)
    at_once.deliver(late_rows)
    at_once.deliver(last)
    at_once.run(day(7, 2))
    in_parts.deliver(last)
    in_parts.run(day(7, 2))
    in_parts.deliver(late_rows)
    in_parts.run(day(7, 2))
    assert "rolling:3d" in in_parts.points()["baseline"].to_pylist()
    here, there = (bank.points() for bank in (in_parts, at_once))
    assert_same(here.filter(pc.not_equal(here["reason"], GONE)), there.filter(pc.not_equal(there["reason"], GONE)))
