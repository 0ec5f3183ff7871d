"""What was planted, and which incidents found it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.simulate.story import Planted, Story

_DAY = timedelta(days=1)
_LONGEST_MERGE = timedelta(days=7)
"""Days with too few rows are judged as weeks, so an incident's first window may begin this much before the change."""


@dataclass(frozen=True, slots=True)
class Found:
    """A planted change that an incident tells of.

    ``delay_windows`` counts the windows between the one in which the change began and the first window of the
    incident: 0 when it already showed in its first window.
    """

    planted: Planted
    incident: str
    cause: str
    delay_windows: int

    def to_json(self) -> dict[str, Any]:
        """As in the output of ``watchkeeper demo --json``."""
        return {
            "incident": self.incident,
            "cause": self.cause,
            "delay_windows": self.delay_windows,
            "what": self.planted.what,
        }


def truth(story: Story) -> list[Planted]:
    """The changes that were planted, in order of time; none in a clean world."""
    return list(story.planted)


def expected_cause(planted: Planted) -> str:
    """The cause an incident names when it has found exactly this change.

    >>> expected_cause(Planted("unit_change", "", "age", None, None, datetime(2026, 1, 5, tzinfo=UTC), 12.0))
    'column:age'
    """
    if planted.version is not None:
        return f"version:{planted.version}"
    return f"segment:{planted.segment}" if planted.segment is not None else f"column:{planted.column}"


def compare(
    planted: Iterable[Planted], incidents: Iterable[Mapping[str, Any]], window: timedelta = _DAY
) -> list[Found]:
    """The planted changes that have an incident of the same cause, each with its earliest one.

    An incident counts when it lasts into the time of the change and begins no earlier than a week before it: what
    began and ended before cannot tell of it.

    Args:
        incidents: as in ``incidents list --json``; ``id``, ``cause``, ``first_window``, ``last_window`` are read.
        window: size of the monitor's windows.
    """
    known = sorted(incidents, key=lambda incident: _time(incident["first_window"]))
    found = ((one, next((i for i in known if _tells_of(i, one, window)), None)) for one in planted)
    return [
        Found(one, incident["id"], incident["cause"], _delay(incident, one, window))
        for one, incident in found
        if incident is not None
    ]


def _tells_of(incident: Mapping[str, Any], planted: Planted, window: timedelta) -> bool:
    first, last = _time(incident["first_window"]), _time(incident["last_window"])
    in_time = first > planted.start - max(window, _LONGEST_MERGE) and last > planted.start - window
    return bool(incident["cause"] == expected_cause(planted)) and in_time


def _delay(incident: Mapping[str, Any], planted: Planted, window: timedelta) -> int:
    return max(0, -((planted.start - _time(incident["first_window"])) // window))


def _time(value: str | datetime) -> datetime:
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
