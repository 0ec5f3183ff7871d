"""Windows on the clock: spans of a fixed size, aligned to a time zone, weeks from Monday."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from watchkeeper.terms import Window

_PATTERN = re.compile(r"^(\d+) (minute|hour|day|week|month)s?$")
_EPOCH_MONDAY = date(1970, 1, 5)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of calendar time such as ``28 days``; months and days follow the clock of a time zone."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read ``<int> minutes|hours|days|weeks|months``, singular too.

        Raises:
            ValueError: the text is not of that form or the count is 0.

        >>> Duration.parse("28 days")
        Duration(count=28, unit='day')
        """
        match = _PATTERN.match(str(text).strip())
        if match is None or int(match[1]) == 0:
            raise ValueError(f"{text!r} is not a duration; write for instance '1 day' or '90 days'")
        return cls(int(match[1]), match[2])

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"

    def after(self, start: datetime) -> datetime:
        """The moment one such length later, in the moment's own zone."""
        return _plus(start, self.count, self.unit)

    def before(self, end: datetime) -> datetime:
        """The moment one such length earlier."""
        return _plus(end, -self.count, self.unit)

    @property
    def about(self) -> timedelta:
        """Its length as elapsed time, a month counted as 30 days."""
        return _ABOUT[self.unit] * self.count


_ABOUT = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}


def _plus(start: datetime, count: int, unit: str) -> datetime:
    if unit in ("minute", "hour"):
        return (start.astimezone(UTC) + _ABOUT[unit] * count).astimezone(start.tzinfo)
    if unit == "month":
        year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
        return start.replace(year=year, month=month + 1, day=min(start.day, _days_in(year, month + 1)))
    return start + _ABOUT[unit] * count  # wall-clock days, also across a change of daylight saving


def _days_in(year: int, month: int) -> int:
    after = date(year + month // 12, month % 12 + 1, 1)
    return (after - date(year, month, 1)).days


@dataclass(frozen=True, slots=True)
class Calendar:
    """How a monitor cuts time: the size of its windows and the zone they are aligned to."""

    size: Duration
    timezone: str = "UTC"

    def window_of(self, at: datetime) -> Window:
        """The window that holds a moment."""
        return self._window_at(self._floor(at.astimezone(ZoneInfo(self.timezone))))

    def between(self, start: datetime, end: datetime) -> list[Window]:
        """All windows that overlap ``[start, end)``, in order."""
        return list(self._walk(start, end))

    def whole(self, start: datetime, end: datetime) -> Window | None:
        """The windows that lie wholly in ``[start, end)`` as one span; None where there are none."""
        first, last = self.window_of(start), self.window_of(end)
        begin = first.start if first.start == start else first.end
        return Window(begin, last.start) if begin < last.start else None

    def previous(self, window: Window) -> Window:
        """The adjacent earlier window."""
        return self.window_of(window.start - timedelta(microseconds=1))

    def following(self, window: Window) -> Window:
        """The adjacent later window."""
        return self.window_of(window.end)

    def starts(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Start of the window of each time; both as microseconds since 1970 in UTC, shape (rows,)."""
        if times.size == 0:
            return times.copy()
        first, last = moment(int(times.min())), moment(int(times.max()))
        edges = np.array([micros(w.start) for w in self._walk(first, last + timedelta(microseconds=1))], np.int64)
        return edges[np.searchsorted(edges, times, side="right") - 1]

    def block(self, window: Window, count: int) -> Window:
        """The aligned run of ``count`` windows that holds this one.

        Runs of days and weeks are counted from a Monday, months from January. Windows under a day are joined within
        the day, the last run of it being shorter if need be, or to whole days: 24 hours are the day of the zone even
        when its clock changes.

        Raises:
            ValueError: so many windows are more than a day and not whole days.
        """
        return replace(self, size=self._size_of(count)).window_of(window.start)

    def _size_of(self, count: int) -> Duration:
        size = self.size
        a_day = -(-timedelta(days=1) // size.about)
        if size.unit not in ("minute", "hour") or count < a_day:
            return Duration(size.count * count, size.unit)
        if count % a_day:
            raise ValueError(f"{count} windows of {size} are no whole days; join {a_day} windows, or fewer")
        return Duration(count // a_day, "day")

    def _walk(self, start: datetime, end: datetime) -> Iterator[Window]:
        window = self.window_of(start)
        while window.start < end:
            yield window
            window = self.following(window)

    def _floor(self, local: datetime) -> datetime:
        count, unit = self.size.count, self.size.unit
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        if unit in ("minute", "hour"):
            elapsed = local.astimezone(UTC) - midnight.astimezone(UTC)  # as time passes, also when the clock changes
            return (midnight.astimezone(UTC) + elapsed // self.size.about * self.size.about).astimezone(local.tzinfo)
        if unit == "month":
            months = (local.year * 12 + local.month - 1) // count * count
            return midnight.replace(year=months // 12, month=months % 12 + 1, day=1)
        days = count * (7 if unit == "week" else 1)
        return midnight - timedelta(days=(midnight.date() - _EPOCH_MONDAY).days % days)

    def _window_at(self, local_start: datetime) -> Window:
        end = self.size.after(local_start)
        if self.size.unit in ("minute", "hour"):
            next_midnight = _plus(local_start.replace(hour=0, minute=0, second=0, microsecond=0, fold=0), 1, "day")
            end = min(end, next_midnight, key=lambda at: at.astimezone(UTC))
        return Window(local_start.astimezone(UTC), end.astimezone(UTC))


def contiguous(windows: list[Window]) -> list[Window]:
    """Merge windows that touch into spans, in order.

    >>> day = [datetime(2026, 1, d, tzinfo=UTC) for d in (1, 2, 3, 5, 6)]
    >>> [(s.start.day, s.end.day) for s in contiguous([Window(*day[0:2]), Window(*day[1:3]), Window(*day[3:5])])]
    [(1, 3), (5, 6)]
    """
    ordered = sorted(set(windows))
    if not ordered:
        return []
    breaks = [i + 1 for i, (left, right) in enumerate(pairwise(ordered)) if right.start > left.end]
    edges = [0, *breaks, len(ordered)]
    return [Window(ordered[a].start, ordered[b - 1].end) for a, b in pairwise(edges)]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(value: datetime) -> int:
    """Microseconds since 1970 in UTC."""
    return (value - _EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=4096)
def moment(microseconds: int) -> datetime:
    """The UTC time of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)
