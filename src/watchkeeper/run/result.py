"""What a run did, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class RunState(StrEnum):
    DONE = "done"
    NOTHING_NEW = "nothing_new"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Rows:
    """Logged rows read, events new among them, losers of their event id and late ones in the windows counted."""

    read: int = 0
    new: int = 0
    duplicate: int = 0
    late: int = 0
    by_parse_status: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WindowCounts:
    """Windows counted by this run: final, still open, and final ones whose numbers changed."""

    final: int = 0
    open: int = 0
    restated: int = 0


@dataclass(frozen=True, slots=True)
class IncidentCounts:
    opened: int = 0
    updated: int = 0
    resolved: int = 0
    corrected: int = 0


@dataclass(frozen=True, slots=True)
class RunResult:
    """One monitor's run.

    ``points`` counts points written; ``verdicts`` counts verdicts written by outcome; ``notes`` are sentences for
    people: keys that are not watched, a table read anew, what is still learning.
    """

    monitor: str
    monitor_version: str
    state: RunState
    batch_seq: int
    rows: Rows = Rows()
    windows: WindowCounts = WindowCounts()
    points: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)
    incidents: IncidentCounts = IncidentCounts()
    seconds: float = 0.0
    error: str | None = None
    notes: tuple[str, ...] = ()
