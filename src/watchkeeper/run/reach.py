"""How far a change reaches: the windows whose points depend on it, and the statistics that those are read from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from watchkeeper.run.outlook import Outlook
from watchkeeper.terms import Window

_A_DAY = timedelta(days=1)
"""Spans of days differ by an hour where clocks change; a day more is read than needed."""


def block_lengths(seen: Outlook) -> list[int]:
    """How many windows may be joined, from 1 on."""
    return sorted({1, *(length for request in seen.resolved.requests for length in request.blocks)})


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


def readable(seen: Outlook, windows: Sequence[Window]) -> list[Window]:
    """The windows whose statistics are read: those affected, those joined with them, and what these are compared with.

    Args:
        windows: those affected, in order; at least one.
    """
    calendar, longest = seen.calendar, block_lengths(seen)[-1]
    block = calendar.block(windows[0], longest)
    first, last = calendar.block(calendar.previous(block), longest).start, calendar.block(windows[-1], longest).end
    rolling = seen.monitor.baseline.rolling
    if rolling is not None:
        first = min(first, rolling.before(block.start) - _A_DAY)
    return [window for window in seen.windows if window.end > first and window.start < last]
