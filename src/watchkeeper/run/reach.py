"""How far a change reaches: the windows whose points depend on it, and the statistics that those are read from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from watchkeeper.metrics.request import Request
from watchkeeper.run.outlook import Outlook
from watchkeeper.terms import Window

_A_DAY = timedelta(days=1)
"""Spans of days differ by an hour where clocks change; a day more is read than needed."""


def block_lengths(seen: Outlook) -> list[int]:
    """How many windows may be joined, from 1 on."""
    return sorted({1, *(length for request in seen.resolved.requests for length in request.blocks)})


def windows_before(seen: Outlook, at: datetime, count: int) -> datetime:
    """Start of the window so many windows before the one that starts at a moment; else of all that hold the first."""
    number = bisect_left(seen.windows, at, key=lambda window: window.start) - count
    if number > 0:
        return seen.windows[number].start
    return min(seen.calendar.block(seen.windows[0], length).start for length in block_lengths(seen))


def affected(seen: Outlook, everything: bool) -> list[Window]:
    """The windows whose points may differ: those counted, those compared with one of them, those that became final."""
    if everything:
        return list(seen.windows)
    counted = {one.window for one in seen.due}
    chosen = counted | seen.flipped | _next_to(seen, counted) | _looking_back_at(seen, counted | seen.flipped)
    return [window for window in seen.windows if window in chosen]


def _next_to(seen: Outlook, counted: Collection[Window]) -> set[Window]:
    """Windows whose previous one was counted: the next, and one of the next joined ones."""
    calendar = seen.calendar
    return {calendar.following(calendar.block(w, length)) for w in counted for length in block_lengths(seen)}


def _looking_back_at(seen: Outlook, moved: Collection[Window]) -> set[Window]:
    """Windows whose rolling baseline holds one that was counted or has become final."""
    rolling = seen.monitor.baseline.rolling
    if rolling is None or not moved:
        return set()
    earliest = min(moved)
    latest = rolling.after(max(moved).end) + _A_DAY
    return {window for window in seen.windows if earliest < window <= Window(latest, latest)}


def readable(seen: Outlook, windows: Sequence[Window], requests: Iterable[Request]) -> list[Window]:
    """The windows whose statistics are read: those affected, those joined with them, and what these are compared with.

    Args:
        windows: those affected.
        requests: what is asked of them.
    """
    lengths = {length for request in requests for length in request.blocks}
    calendar = seen.calendar
    blocks = {(calendar.block(window, length), length) for length in lengths for window in windows}
    spans = merged(Window(_compared_from(seen, block, length), block.end) for block, length in blocks)
    ends = [span.end for span in spans]
    return [w for w in seen.windows if (at := bisect_right(ends, w.start)) < len(spans) and w.end > spans[at].start]


def _compared_from(seen: Outlook, block: Window, length: int) -> datetime:
    """Start of what a window is compared with."""
    before = seen.calendar.block(seen.calendar.previous(block), length).start
    rolling = seen.monitor.baseline.rolling
    return before if rolling is None else min(before, rolling.before(block.start) - _A_DAY)


def merged(spans: Iterable[Window]) -> list[Window]:
    """Spans that overlap or touch as one, in order.

    >>> from datetime import UTC
    >>> day = [datetime(2026, 1, d, tzinfo=UTC) for d in range(1, 8)]
    >>> [(s.start.day, s.end.day) for s in merged([Window(day[4], day[6]), Window(day[0], day[2]), Window(*day[1:3])])]
    [(1, 3), (5, 7)]
    """
    found: list[Window] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Window(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found
