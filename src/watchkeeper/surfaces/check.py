"""Looks at one monitor: its file, the tables it names, and what it would watch; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from watchkeeper.errors import Fault, Faulty
from watchkeeper.run import baseline as baselines
from watchkeeper.run.baseline_table import BaselineTable
from watchkeeper.run.labels import check_table
from watchkeeper.run.log import Log, find, labels_table
from watchkeeper.run.outlook import available
from watchkeeper.run.remembered import remembered
from watchkeeper.run.workplace import Workplace
from watchkeeper.settings import Settings
from watchkeeper.spec.digest import monitor_version
from watchkeeper.spec.load import load
from watchkeeper.spec.monitor import Monitor
from watchkeeper.spec.report import line_of
from watchkeeper.spec.resolve import Resolved, resolve
from watchkeeper.spec.spelt import spelt


@dataclass(frozen=True, slots=True)
class Checked:
    """One monitor file and what is wrong with it.

    Args:
        version: the version a run would judge by; None where the file is faulty or its tables were not looked at.
        resolved: the file spelt out, every default filled in; None where it cannot be read.
        columns: watched columns with their roles and types, where the tables were looked at.
        left_out: features that are not watched, with the reason.
    """

    name: str
    file: str
    valid: bool
    version: str | None
    resolved: dict[str, Any] | None
    faults: tuple[Fault, ...] = ()
    columns: tuple[tuple[str, str, str], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


def read_file(settings: Settings, path: Path, now: datetime) -> tuple[Monitor | None, list[Fault]]:
    """One monitor file as it stands; its name in faults is meant from the project's folder."""
    file = file_name(settings, path)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return None, [Fault("E301", f"the file cannot be read: {error}.", "Save it as UTF-8 text.", file)]
    found = settings.catalog
    return load(
        text, file, now, metrics=found.all("metrics"), channels=settings.channels, scorers=found.names("scorers")
    )


def file_name(settings: Settings, path: Path) -> str:
    """A path as people say it: from the project's folder where it lies inside."""
    try:
        return path.resolve().relative_to(settings.directory.resolve()).as_posix()
    except ValueError:
        return str(path)


def check(place: Workplace, path: Path, *, offline: bool = False) -> Checked:
    """All faults of one monitor at once, and what it would watch."""
    monitor, faults = read_file(place.settings, path, place.now)
    if monitor is None:
        return Checked(path.stem, file_name(place.settings, path), False, None, None, tuple(faults))
    if offline:
        return Checked(monitor.name, monitor.file, True, None, spelt(monitor), tuple(faults))
    return against_tables(place, monitor, faults)


def against_tables(place: Workplace, monitor: Monitor, faults: list[Fault]) -> Checked:
    """A monitor that was read, looked at beside the tables it names."""
    found = _Looks(place, monitor)
    resolved = found.resolved()
    every = _ordered([*faults, *found.faults])
    valid = resolved is not None and all(fault.is_warning for fault in every)
    return Checked(
        name=monitor.name,
        file=monitor.file,
        valid=valid,
        version=found.version(resolved) if valid and resolved is not None else None,
        resolved=spelt(monitor),
        faults=tuple(every),
        columns=tuple((c.name, c.role.value, c.type) for c in resolved.columns) if resolved else (),
        left_out=resolved.left_out if resolved else (),
    )


def watched_columns(place: Workplace, monitor: Monitor) -> tuple[tuple[str, str, str], ...]:
    """Name, role and type of each watched column; none where the tables do not allow it."""
    resolved = _Looks(place, monitor).resolved()
    return () if resolved is None else tuple((c.name, c.role.value, c.type) for c in resolved.columns)


def _ordered(faults: Sequence[Fault]) -> list[Fault]:
    return sorted(dict.fromkeys(faults), key=lambda fault: (fault.is_warning, fault.line or 0, fault.path or ""))


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema)


class _Looks:
    """Looks at the tables of one monitor and gathers what is wrong with them."""

    def __init__(self, place: Workplace, monitor: Monitor) -> None:
        self.place, self.monitor = place, monitor
        self.faults: list[Fault] = []
        self._baseline: baselines.Baseline | None = None

    def resolved(self) -> Resolved | None:
        """What would be watched; None where a fault hides it."""
        self._labels()
        log = self._kept("source.table", lambda: find(self.place, self.monitor))
        inputs = None if log is None else self._kept("columns", lambda: self._inputs(log))
        if log is None or inputs is None:
            return None
        baseline = self._stored_baseline()
        found, faults = resolve(
            self.monitor,
            inputs,
            available(log),
            self.place.metrics,
            grids=baseline.grids or None,
            shares=baseline.shares() or None,
            is_boolean=self.place.engine.is_boolean,
        )
        self.faults += faults
        if found is not None and self.monitor.baseline.table is not None:
            self._kept("baseline.table", lambda: self._baseline_columns(log, inputs, found))
        return found

    def version(self, resolved: Resolved) -> str:
        """The version that a run would judge by now."""
        return monitor_version(resolved, self._stored_baseline().grid_ids)

    def _stored_baseline(self) -> baselines.Baseline:
        if self._baseline is None:
            memory = remembered(self.place, self.monitor.name)
            span = baselines.span_of(self.monitor, memory.first)
            generation = memory.generation_of(self.monitor)
            self._baseline = baselines.stored(self.place.tables, self.monitor, span, generation)
        return self._baseline

    def _inputs(self, log: Log) -> pa.Schema:
        """The typed features: those kept, else those that the first rows show."""
        options = log.options(self.place, 0, "")
        first = next(self._rows(log), None)
        if log.in_place:
            self._kept("columns", lambda: log.source.unpack(first or _no_rows(log.schema), options))
        if options.inputs is not None:
            return pa.schema(list(options.inputs))
        if first is None:
            self._add("W502", "source.table", "the table has no rows yet", "its columns are known with the first rows")
            return pa.schema([])
        return pa.schema(list(log.source.infer(first, options)[0]))

    def _rows(self, log: Log) -> Iterator[pa.RecordBatch]:
        columns = log.source.reads(log.schema, log.options(self.place, 0, ""))
        return (batch for batch in self.place.engine.scan(log.table, columns) if len(batch))

    def _labels(self) -> None:
        if self.monitor.labels is not None:
            table = labels_table(self.place, self.monitor)
            found = self._kept("labels.table", lambda: check_table(self.place.engine, table, self.monitor))
            self.faults += [self._placed(fault, "labels") for fault in found or ()]

    def _baseline_columns(self, log: Log, inputs: pa.Schema, resolved: Resolved) -> None:
        self.faults += [
            self._placed(fault, "baseline.table") for fault in BaselineTable(self.place, log, inputs).faults(resolved)
        ]

    def _kept(self, path: str, look: Callable[[], Any]) -> Any:
        """What a look gives; its faults are gathered under a path of the file."""
        try:
            return look()
        except Faulty as error:
            self.faults += [self._placed(fault, path) for fault in error.faults]
            return None

    def _placed(self, fault: Fault, path: str) -> Fault:
        own = fault.path if fault.path and fault.path in self.monitor.lines else path
        said = fault.message if fault.message.endswith((".", "?")) else fault.message + "."
        line = fault.line or line_of(dict(self.monitor.lines), own)
        return replace(fault, message=said, file=self.monitor.file, line=line, path=own)

    def _add(self, code: str, path: str, message: str, fix: str) -> None:
        self.faults.append(self._placed(Fault(code, message, fix[:1].upper() + fix[1:]), path))
