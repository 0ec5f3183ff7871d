"""The windows that points are made for, single or joined, with what each knows of time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Ints
from watchkeeper.terms import Window
from watchkeeper.windows import Calendar, Duration, micros, moment

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Clock:
    """What decides whether a window is final and its labels are complete.

    ``partial`` are the starts of windows of which only a part was read.
    """

    now: datetime
    grace: Duration
    matures_after: Duration | None
    partial: frozenset[int]


@dataclass(frozen=True, slots=True)
class Spans:
    """Windows in order; times are microseconds since 1970, every array has shape (spans,).

    ``length`` is how many windows of the calendar one span joins. ``previous`` is the start of the adjacent span.
    ``first_open`` is the start of the first single window that is open, or a moment after all of these.
    """

    length: int
    start: Ints
    end: Ints
    previous: Ints
    first_open: int
    open: Bools
    matured: Bools
    partial: Bools

    @classmethod
    def of(cls, windows: Iterable[int], length: int, calendar: Calendar, clock: Clock) -> Spans:
        """The aligned spans of ``length`` windows that hold these window starts."""
        found = sorted({calendar.block(calendar.window_of(moment(start)), length) for start in windows})
        start = np.array([micros(span.start) for span in found], np.int64)
        end = np.array([micros(span.end) for span in found], np.int64)
        return cls(
            length,
            start,
            end,
            np.array([micros(_before(span, length, calendar).start) for span in found], np.int64),
            _first_open(found, calendar, clock),
            np.array([clock.now < clock.grace.after(span.end) for span in found], bool),
            np.array([_matured(span, clock) for span in found], bool),
            _holds(start, end, clock.partial),
        )

    def at(self, starts: Ints) -> Ints:
        """Index of the span that starts at each time, -1 where none does."""
        if not self.start.size:
            return np.full(starts.shape, -1, np.int64)
        at = np.minimum(np.searchsorted(self.start, starts), self.start.size - 1)
        return np.where(self.start[at] == starts, at, -1)


def _first_open(spans: Sequence[Window], calendar: Calendar, clock: Clock) -> int:
    """Windows are open from one on; the search begins where a window can be open at the earliest."""
    end = max((span.end for span in spans), default=clock.now)
    window = calendar.window_of(min(end, clock.grace.before(clock.now)))
    while window.start < end and clock.now >= clock.grace.after(window.end):
        window = calendar.following(window)
    return micros(window.start)


def _before(span: Window, length: int, calendar: Calendar) -> Window:
    return calendar.block(calendar.previous(span), length)


def _matured(span: Window, clock: Clock) -> bool:
    return clock.now >= (clock.matures_after or clock.grace).after(span.end)


def _holds(start: Ints, end: Ints, moments: Collection[int]) -> Bools:
    at = np.array(sorted(moments), np.int64)
    return np.searchsorted(at, end) > np.searchsorted(at, start)
