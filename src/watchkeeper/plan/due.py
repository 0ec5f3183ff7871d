"""Which windows a run must count again, and why."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from watchkeeper.terms import Window
from watchkeeper.windows import Calendar, Duration, contiguous


class Reason(StrEnum):
    """Why a window is due; the first that holds is given."""

    NEW = "new"
    LATE = "late rows or labels"
    REGRID = "the baseline is complete"
    MATURED = "its labels have matured"
    BACKFILL = "measured differently"
    ASKED = "asked for"


@dataclass(frozen=True, slots=True)
class Counted:
    """A stretch of windows that were counted alike, those without rows among them: under which digest and grids."""

    span: Window
    digest: str
    grids: str

    def is_like(self, other: Counted) -> bool:
        return (self.digest, self.grids) == (other.digest, other.grids)


def recounted(known: Iterable[Counted], windows: Iterable[Window], digest: str, grids: str) -> list[Counted]:
    """The stretches after some windows were counted (again).

    There are as many as the measure changed, not as there are windows.

    >>> from datetime import UTC
    >>> day = [datetime(2026, 1, d, tzinfo=UTC) for d in range(1, 5)]
    >>> old = recounted([], [Window(*day[0:2]), Window(*day[1:3])], "a", "")
    >>> [(c.span.start.day, c.span.end.day, c.digest) for c in recounted(old, [Window(*day[1:3])], "b", "")]
    [(1, 2, 'a'), (2, 3, 'b')]
    """
    new = [Counted(span, digest, grids) for span in contiguous(list(windows))]
    left = [replace(old, span=span) for old in known for span in _without(old.span, [one.span for one in new])]
    found: list[Counted] = []
    for one in sorted([*left, *new], key=lambda counted: counted.span):
        if found and found[-1].span.end == one.span.start and found[-1].is_like(one):
            found[-1] = replace(one, span=Window(found[-1].span.start, one.span.end))
        else:
            found.append(one)
    return found


def _without(span: Window, taken: Iterable[Window]) -> Iterator[Window]:
    """What is left of a span; those taken come in order."""
    start = span.start
    for other in taken:
        if start < other.start < span.end:
            yield Window(start, other.start)
        if other.start < span.end:
            start = max(start, other.end)
    if start < span.end:
        yield Window(start, span.end)


@dataclass(frozen=True, slots=True)
class Due:
    window: Window
    reason: Reason


@dataclass(frozen=True, slots=True)
class Ask:
    """What the person asked of this run."""

    since: datetime | None = None
    until: datetime | None = None
    backfill: bool = False
    recompute: bool = False

    def holds(self, window: Window) -> bool:
        """Whether a window lies in the asked span."""
        return not (
            (self.since is not None and window.end <= self.since)
            or (self.until is not None and window.start >= self.until)
        )


@dataclass(frozen=True, slots=True)
class Clock:
    """The moment of a run, of the run before, and how long windows stay open and labels develop."""

    now: datetime
    last: datetime | None
    grace: Duration
    matures_after: Duration | None = None

    def is_open(self, window: Window) -> bool:
        return self.now < self.grace.after(window.end)

    def is_matured(self, window: Window) -> bool:
        return self.matures_after is None or self.now >= self.matures_after.after(window.end)

    def matured_since_last(self, window: Window) -> bool:
        """Whether its labels became complete between the last run and this one."""
        if self.matures_after is None or self.last is None:
            return False
        return self.last < self.matures_after.after(window.end) <= self.now


def due(
    windows: Iterable[Window],
    *,
    counted: Sequence[Counted],
    touched: Collection[Window],
    digest: str,
    grids: str,
    clock: Clock,
    ask: Ask,
    labels_fill_in: bool = False,
) -> list[Due]:
    """The windows to count, in order, each with its reason.

    Args:
        windows: every window from the first watched one to now, in order.
        counted: what is stored, in order.
        touched: windows that rows or annotations arrived for.
        digest, grids: how a window would be measured today; no grids while the baseline is learnt.
        labels_fill_in: a missing label means the negative class once it has had its time.
    """
    found, ends = [], [one.span.end for one in counted]
    for window in windows:
        at = bisect_right(ends, window.start)
        stored = counted[at] if at < len(counted) and counted[at].span.start <= window.start else None
        reason = _reason(window, stored, window in touched, digest, grids, clock, ask, labels_fill_in)
        if reason is not None and ask.holds(window):
            found.append(Due(window, reason))
    return found


def _reason(
    window: Window,
    stored: Counted | None,
    touched: bool,
    digest: str,
    grids: str,
    clock: Clock,
    ask: Ask,
    labels_fill_in: bool,
) -> Reason | None:
    if stored is None:
        return Reason.NEW
    if touched:
        return Reason.LATE
    if grids and grids != stored.grids:
        return Reason.REGRID
    if labels_fill_in and clock.matured_since_last(window):
        return Reason.MATURED
    if ask.backfill and stored.digest != digest:
        return Reason.BACKFILL
    return Reason.ASKED if ask.recompute else None


def watched_windows(calendar: Calendar, first: datetime | None, now: datetime) -> list[Window]:
    """Every window from the one that holds the first event to the one that holds now."""
    return [] if first is None or first > now else calendar.between(first, now)
