"""A log that has gone: its monitor goes on with what is stored, as of its last run."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper.engines.base import TableRef
from watchkeeper.run.arrived import Arrived
from watchkeeper.run.events import Times
from watchkeeper.run.gone import has_gone
from watchkeeper.run.ingest import Intake
from watchkeeper.run.log import Log, source_id
from watchkeeper.run.outlook import Memory, Outlook
from watchkeeper.run.workplace import Workplace
from watchkeeper.spec.monitor import Monitor
from watchkeeper.terms import Window


@dataclass(frozen=True)
class NoEvents:
    """What is left of the events of a log that has gone: their features and up to where they were counted."""

    cursor: str
    features: pa.Schema

    def inputs(self) -> pa.Schema:
        return self.features

    def read(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        return iter(())

    def parts(self, spans: Sequence[Window]) -> Iterable[Iterator[pa.RecordBatch]]:  # noqa: ARG002
        return ()

    def identities(self, spans: Sequence[Window] | None = None) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        return iter(())

    def arrived(self, since: str | None) -> Times:  # noqa: ARG002
        return np.zeros(0, np.int64)

    def read_anew(self, since: str | None) -> bool:  # noqa: ARG002
        return False


def kept(intake: Intake) -> dict[str, str]:
    """What a monitor keeps of its log, for the time when that has gone."""
    features = base64.b64encode(intake.events.inputs().serialize().to_pybytes()).decode()
    return {"table": intake.log.table.name, "format": intake.log.source.name, "features": features}


def features_of(known: Mapping[str, Any]) -> pa.Schema:
    """The features of the log at the last run; none before it."""
    kept = known.get("features")
    return pa.schema([]) if kept is None else pa.ipc.read_schema(pa.py_buffer(base64.b64decode(kept)))


def intake_of(place: Workplace, monitor: Monitor, memory: Memory, known: Mapping[str, Any]) -> Intake | None:
    """The intake of a log that has gone; None where nothing was ever counted of it.

    Args:
        known: what ``kept`` gave at the last run.
    """
    table = TableRef(monitor.source.table, place.settings.directory)
    if memory.last is None or known.get("table") != table.name or not has_gone(table):
        return None
    source = place.settings.catalog.load("sources", known["format"])
    features = features_of(known)
    log = Log(monitor, table, source, features, source_id(monitor, source))
    note = (
        f"{table.name} has gone; nothing new is counted, and what is stored is told as of {memory.last:%d %b %Y %H:%M}"
    )
    return Intake(log, NoEvents(memory.events or "", features), memory.annotations, Arrived(notes=[note]))


def nothing_to_count(seen: Outlook) -> Outlook:
    """The same where nothing can be counted."""
    return replace(seen, due=(), fits_now=False, labels_freeze_now=False)
