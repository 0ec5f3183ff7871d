"""What a monitor carries from one run to the next: one place, written when a batch is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from watchkeeper.run.ingest import STORED
from watchkeeper.run.outlook import Memory
from watchkeeper.run.workplace import Workplace
from watchkeeper.store import versions
from watchkeeper.store.tables import fell_behind

MEMORY = "memory"


def remembered(place: Workplace, monitor: str) -> Memory:
    """What a monitor remembers of its last run, as far as its tables still hold what that run counted."""
    carried = _carried(place, monitor)
    memory = Memory.from_json(carried.get(MEMORY))
    return _of_nothing_counted(memory) if lost(place, monitor) else memory


def lost(place: Workplace, monitor: str) -> list[str]:
    """Tables of the store that hold less of a monitor than they did after its last run."""
    known = _carried(place, monitor).get(STORED, {})
    return fell_behind(place.tables.monitor_seqs(monitor), known) if known else []


def to_carry(place: Workplace, monitor: str, memory: Memory) -> dict[str, Any]:
    """What ``remembered`` reads at the next run."""
    return {MEMORY: memory.to_json(), STORED: place.tables.monitor_seqs(monitor)}


def _carried(place: Workplace, monitor: str) -> Mapping[str, Any]:
    with place.database.reading() as connection:
        return versions.monitor(connection, monitor).cursors


def _of_nothing_counted(memory: Memory) -> Memory:
    """The same run, but every window that the log reaches is counted anew."""
    return replace(memory, events=None, annotations=0, counted=())
