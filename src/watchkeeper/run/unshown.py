"""A log that has shown no features yet, since no request in it has been answered."""

from __future__ import annotations

from watchkeeper.errors import Faulty
from watchkeeper.run.events import Events
from watchkeeper.run.log import Log

NOTE = "no request has been answered yet, and the monitor names features: nothing is watched until one shows them"


def waits_for_features(log: Log, events: Events, found: Faulty) -> bool:
    """Whether all that is wrong is that features which the monitor names are not known yet.

    Only the bodies of answered requests show features; a table that is read in place has its columns from the start.
    """
    return not log.in_place and not events.inputs().names and all(fault.code == "E302" for fault in found.faults)
