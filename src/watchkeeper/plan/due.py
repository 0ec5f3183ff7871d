"""Which windows a run must count again, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeeper.terms import Window
from watchkeeper.windows import Calendar, Duration


class Reason(StrEnum):
    """Why a window is due; the first that holds is given."""

    NEW = "new"
    LATE = "late rows or labels"
    OPEN = "still open"
    REGRID = "the baseline is complete"
    MATURED = "its labels have matured"
    BACKFILL = "measured differently"
    ASKED = "asked for"


@dataclass(frozen=True, slots=True)
class Counted:
    """What is stored of one window: under which digest and grids, as of which clock, with rows ahead of it or not."""

    digest: str
    grids: frozenset[str]
    open: bool
    future_rows: bool


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
    counted: Mapping[Window, Counted],
    touched: Collection[Window],
    digest: str,
    grids: frozenset[str],
    clock: Clock,
    ask: Ask,
    labels_fill_in: bool = False,
    empty: Collection[Window] = (),
) -> list[Due]:
    """The windows to count, in order, each with its reason.

    Args:
        windows: every window from the first watched one to now.
        counted: what is stored.
        touched: windows that rows or annotations arrived for.
        digest, grids: how a window would be measured today.
        labels_fill_in: a missing label means the negative class once it has had its time.
        empty: windows that were counted and held no rows, of which nothing is stored.
    """
    found = []
    for window in sorted(windows):
        stored = counted.get(window, Counted(digest, grids, False, False) if window in empty else None)
        reason = _reason(window, stored, window in touched, digest, grids, clock, ask, labels_fill_in)
        if reason is not None and ask.holds(window):
            found.append(Due(window, reason))
    return found


def _reason(
    window: Window,
    stored: Counted | None,
    touched: bool,
    digest: str,
    grids: frozenset[str],
    clock: Clock,
    ask: Ask,
    labels_fill_in: bool,
) -> Reason | None:
    if stored is None:
        return Reason.NEW
    if touched:
        return Reason.LATE
    if stored.future_rows:
        return Reason.OPEN
    if grids and not grids & stored.grids:
        return Reason.REGRID
    if labels_fill_in and clock.matured_since_last(window):
        return Reason.MATURED
    if ask.backfill and stored.digest != digest:
        return Reason.BACKFILL
    return Reason.ASKED if ask.recompute else None


def watched_windows(calendar: Calendar, first: datetime | None, now: datetime) -> list[Window]:
    """Every window from the one that holds the first event to the one that holds now."""
    return [] if first is None or first > now else calendar.between(first, now)
