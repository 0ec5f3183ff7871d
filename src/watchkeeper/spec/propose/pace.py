"""How fast rows come and how late, and what follows for windows, grace, baseline and reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from watchkeeper.windows import Calendar, Duration, micros, moment

ENOUGH = {"minute": 200, "hour": 200, "day": 200, "week": 100, "month": 50}
"""Rows that a window of this unit should hold: a step of half a deviation then shows within a few windows."""
_SIZES = tuple(Duration(*size) for size in ((1, "day"), (1, "week"), (1, "month"), (1, "hour"), (5, "minute")))
_FEWEST_WINDOWS = 8
_MOST_WINDOWS = 400
_MOST_COUNTED = 5_000
_CALIBRATED = 14
"""Windows from which the spread between windows is learnt."""
_GRACES = tuple(Duration(*size) for size in ((1, "hour"), (6, "hour"), (1, "day"), (2, "day"), (3, "day"), (1, "week")))
_DAY = timedelta(days=1)
_MOST_BEHIND = 0.05
_STEADY = 0.2
_MOST_SPARSE = 0.1
_ENDED_AFTER = 2
"""Windows without rows after which a log has ended."""


@dataclass(frozen=True)
class Pace:
    """When the rows of a log came.

    Args:
        times: microseconds since 1970 in UTC of sampled rows, sorted.
        total: rows of the whole log.
        even: the sample is spread evenly over the log, so that its windows tell the log's.
    """

    times: NDArray[np.int64]
    total: int
    even: bool = True

    @property
    def first(self) -> datetime:
        return moment(int(self.times[0]))

    @property
    def last(self) -> datetime:
        return moment(int(self.times[-1]))

    @property
    def span(self) -> timedelta:
        return self.last - self.first

    def start(self, size: Duration) -> datetime:
        """Start of the first window from which rows come steadily.

        Sparse windows before are left out where they hold at most one row in ten.
        """
        if not self._can_count(size):
            return self.first
        _, sparse = self._steady(size)
        window = Calendar(size).window_of(self.first)
        for _ in range(sparse):
            window = Calendar(size).following(window)
        return max(window.start, self.first)

    def _can_count(self, size: Duration) -> bool:
        """Whether the sample tells the rows of windows of a size: it is even, and they are not too many."""
        return self.even and self.span / size.about <= min(_MOST_COUNTED, self.times.size)

    def _steady(self, size: Duration) -> tuple[NDArray[np.int64], int]:
        """Sampled rows of the windows from which they come steadily, and how many windows there are before."""
        counts = self._counts(size)
        ordered = np.sort(counts)
        usual = ordered[np.searchsorted(np.cumsum(ordered), counts.sum() / 2)]
        full = counts >= _STEADY * usual
        first = int(np.argmax(full & np.append(full[1:], True)))
        first = 0 if counts[:first].sum() > _MOST_SPARSE * counts.sum() else first
        return counts[first:], first

    def end(self, size: Duration, grace: Duration) -> datetime:
        """The moment at which the window of the last row is final."""
        return grace.after(Calendar(size).window_of(self.last).end) + timedelta(minutes=1)

    def rows_a_window(self, size: Duration) -> float:
        """Median of rows over the windows between the first and the last row."""
        if not self._can_count(size):
            return self.total / max(1.0, self.span / size.about)
        counts, _ = self._steady(size)
        inner = counts[1:-1] if counts.size > _FEWEST_WINDOWS else counts
        return float(np.median(inner)) * self.total / self.times.size

    def _counts(self, size: Duration) -> NDArray[np.int64]:
        starts = Calendar(size).starts(self.times)
        edges = np.array([micros(w.start) for w in Calendar(size).between(self.first, self.last)], np.int64)
        return np.bincount(np.searchsorted(edges, starts), minlength=max(1, edges.size))


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What a monitor of such a log is told, each with its reason; see the keys of a monitor file.

    ``rows`` is the median of a window. ``now`` is the moment that the first run is meant for, which is the end of a
    log that has ``ended``.
    """

    window: Duration
    window_reason: str
    grace: Duration
    grace_reason: str
    baseline: Duration
    baseline_reason: str
    since: Duration
    since_reason: str
    rows: float
    now: datetime
    ended: bool


def rhythm(
    pace: Pace, late: timedelta | None, late_from: str, by_date: bool, now: datetime, *, given: bool = False
) -> Rhythm:
    """Windows with enough rows, a grace that late rows need, a baseline of whole weeks, a reach to the first row.

    Args:
        late: how late all but one row in two hundred are, None where that was not seen.
        late_from: what that was seen by.
        by_date: the time tells only the day.
        now: the clock, or the moment that was given.
        given: a person gave it; else a log that has ended is watched as of its end.
    """
    window = _window(pace, by_date)
    grace = _grace(late, window)
    end = pace.end(window, grace)
    ended = not given and now - end > _ENDED_AFTER * window.about
    now = end if ended else now
    baseline, why = _baseline(pace.last - pace.start(window), window)
    since, reach = _since(pace, window, now)
    return Rhythm(
        window=window,
        window_reason=_window_reason(pace, window),
        grace=grace,
        grace_reason=_grace_reason(late, late_from),
        baseline=baseline,
        baseline_reason=why,
        since=since,
        since_reason=reach,
        rows=pace.rows_a_window(window),
        now=now,
        ended=ended,
    )


def disorder(times: NDArray[np.int64]) -> timedelta | None:
    """How far all but one row in two hundred lie behind the newest row before them.

    None where the rows stand in no order or in perfect order: that says nothing of how they came.

    Args:
        times: microseconds in the order of the rows, shape (rows,).
    """
    behind = np.maximum.accumulate(times) - times
    late = (behind > 0).mean() if times.size else 0.0
    if not 0 < late <= _MOST_BEHIND:
        return None
    return timedelta(microseconds=int(np.quantile(behind, 0.995)))


def _window(pace: Pace, by_date: bool) -> Duration:
    sizes = [size for size in _SIZES if not (by_date and size.about < _DAY)]
    long = [size for size in sizes if (pace.last - pace.start(size)) / size.about >= _FEWEST_WINDOWS]
    enough = [size for size in long if pace.rows_a_window(size) >= ENOUGH[size.unit]]
    if enough:
        return enough[0]
    days = [size for size in long if size.about >= _DAY]
    return days[-1] if days else (long[-1] if long else Duration(1, "day"))


def _window_reason(pace: Pace, window: Duration) -> str:
    rows = pace.rows_a_window(window)
    said = f"a {window.unit if window.count == 1 else f'span of {window}'} holds about {rows:,.0f} rows"
    if rows < ENOUGH[window.unit]:
        return f"{said}; that is few, so only large changes will show"
    shorter = next((size for size in reversed(_SIZES[:3]) if size.about < window.about), None)
    if shorter is not None and window.unit in ("week", "month"):
        return f"{said}; a {shorter.unit} only about {pace.rows_a_window(shorter):,.0f}"
    return said


def _grace(late: timedelta | None, window: Duration) -> Duration:
    if window.about < timedelta(hours=1):
        return Duration(5, "minute")
    return next((size for size in _GRACES if size.about >= (late or timedelta())), _GRACES[-1])


def _grace_reason(late: timedelta | None, late_from: str) -> str:
    if late is None:
        return "nothing in the table says how late rows come; lengthen it if they come later"
    if late <= timedelta(minutes=1):
        return f"rows come at once, {late_from}"
    return f"199 of 200 rows come within {lengthy(late)}, {late_from}"


def _baseline(span: timedelta, window: Duration) -> tuple[Duration, str]:
    if window.unit == "month":
        count = max(1, min(12, int(span / window.about) // 2))
        return Duration(count, "month"), f"the first {count} whole months"
    if window.about < _DAY:
        return _short_baseline(span, window)
    weeks = span.days // 7
    wanted = 4 if window.unit == "day" else _CALIBRATED
    count = wanted if weeks >= 2 * wanted else max(1 if window.unit == "day" else 2, weeks // 2)
    if weeks < 2 and window.unit == "day":
        return Duration(4, "week"), "the log is still short: four whole weeks, learnt while they pass"
    more = "" if count * 7 / window.about.days >= _CALIBRATED else "; fewer than 14 windows, so spread is assumed"
    return Duration(count, "week"), f"the first {count} whole weeks of the log{more}"


def _short_baseline(span: timedelta, window: Duration) -> tuple[Duration, str]:
    if span >= 2 * _DAY:
        days = min(28, max(1, span.days // 2))
        return Duration(days, "day"), f"the first {days} days; the log is too short for whole weeks"
    if span >= timedelta(hours=4):
        return Duration(max(1, int(span / timedelta(hours=2))), "hour"), "the first half of a log of less than two days"
    count = max(1, int(span / window.about) // 2) * window.count
    return Duration(count, window.unit), "the first half of what there is; too short for whole weeks"


def _since(pace: Pace, window: Duration, now: datetime) -> tuple[Duration, str]:
    start = pace.start(window)
    reach = (now - start).days + 1
    most = max(_MOST_WINDOWS * window.about, 90 * _DAY).days
    if reach > most:
        return Duration(most, "day"), f"the newest {_MOST_WINDOWS} windows; the first row is of {_day(pace.first)}"
    if start > pace.first and start - pace.first > window.about:
        return Duration(reach, "day"), f"to {_day(start)}; there are only few rows before, from {_day(pace.first)} on"
    return Duration(reach, "day"), f"the first run reaches back to the first row, {_day(pace.first)}"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"


def matures(delays: Sequence[float] | NDArray[np.float64], share: float = 0.9) -> Duration:
    """A round length within which this share of labels was known.

    Args:
        delays: seconds from prediction to label.
        share: of the labels.
    """
    days = float(np.quantile(np.maximum(np.asarray(delays, float), 0.0), share)) / 86_400
    if days <= 1:
        return Duration(1, "day")
    return Duration(int(np.ceil(days)), "day") if days <= 14 else Duration(int(np.ceil(days / 7)), "week")


def lengthy(length: timedelta) -> str:
    """A length of time in one unit.

    >>> lengthy(timedelta(hours=30)), lengthy(timedelta(days=3))
    ('30 hours', '3 days')
    """
    for unit, size in (("day", _DAY), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if length >= 2 * size:
            return f"{length / size:.0f} {unit}s"
    return f"{length.total_seconds():.0f} seconds"
