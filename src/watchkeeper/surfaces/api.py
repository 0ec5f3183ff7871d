"""The Python API: a project, its monitors and everything they say. The command line is a thin layer above it.

>>> import watchkeeper as wk
>>> wk.Project(".").name  # doctest: +SKIP
'credit-demo'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from watchkeeper import settings
from watchkeeper.errors import Fault, Faulty, LeaseHeld, LedgerBroken, WatchkeeperError
from watchkeeper.incidents import actions
from watchkeeper.incidents.draft import Draft
from watchkeeper.plan.due import Ask
from watchkeeper.run.monitor import run_monitor
from watchkeeper.run.result import RunResult, RunState
from watchkeeper.run.workplace import Progress, Workplace
from watchkeeper.spec.monitor import Monitor
from watchkeeper.spec.shapes import moment_of
from watchkeeper.store import incidents as incident_table
from watchkeeper.store import ledger, verification, versions
from watchkeeper.store.anchor import Anchor
from watchkeeper.store.chain import Head
from watchkeeper.store.database import iso
from watchkeeper.surfaces import rows
from watchkeeper.surfaces.check import Checked, check, read_file
from watchkeeper.terms import Entry, Incident, Resolution

if TYPE_CHECKING:
    from watchkeeper.catalog import Plugin
    from watchkeeper.metrics.base import Metric
    from watchkeeper.run.planned import Planned
    from watchkeeper.run.state import MonitorState
    from watchkeeper.surfaces.events import Listed
    from watchkeeper.surfaces.propose import Proposed, Wanted

Moment = datetime | date | str
"""A UTC moment; a date or ``2026-01-31`` is midnight."""
PERSON = "person"


@dataclass(frozen=True)
class Attempt:
    """One monitor's run: its result, and the error where it failed."""

    result: RunResult
    error: Exception | None = None


@dataclass(frozen=True)
class Project:
    """One project folder.

    Args:
        directory: the folder with ``watchkeeper.yaml`` and ``monitors/``; found upwards from here where None.
        store, database, engine: override ``watchkeeper.yaml``.
        now: the moment everything speaks of; the clock where None.
        actor: who acts, as the ledger names them; the user's name where None.
        progress: told before and after each stage of a run.

    Raises:
        Faulty: everything wrong with the settings, at the first use of them.
    """

    directory: Path | str | None = "."
    store: str | None = None
    database: str | None = None
    engine: str | None = None
    now: Moment | None = None
    actor: str | None = None
    progress: Progress = field(default_factory=Progress)

    @cached_property
    def settings(self) -> settings.Settings:
        """What the flags, the environment and ``watchkeeper.yaml`` say."""
        given = {"store": self.store, "database": self.database, "engine": self.engine, "actor": self.actor}
        now = None if self.now is None else moment(self.now).isoformat()
        folder = None if self.directory is None else Path(self.directory)
        return settings.read_settings(folder, {**given, "now": now})

    @property
    def name(self) -> str:
        """The project's name."""
        return self.settings.project

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self.settings.directory

    @cached_property
    def place(self) -> Workplace:
        """The project opened: engine, tables, database and clock."""
        told = self.settings
        engine = told.catalog.load("engines", told.engine)
        made = engine() if isinstance(engine, type) else engine
        return Workplace(told, made, told.now or datetime.now(UTC), told.now is not None, self.progress)

    def close(self) -> None:
        """Give back the connections to the database."""
        if "place" in self.__dict__ and "database" in self.place.__dict__:
            self.place.database.close()

    def files(self, names: Sequence[str] = ()) -> list[Path]:
        """The monitor files of these names or paths, all of ``monitors/`` where none is named.

        Raises:
            Faulty: E301 there is no such monitor, or none at all.
        """
        return _files(self.settings, names)

    def monitors(self, names: Sequence[str] = ()) -> list[Monitor]:
        """The monitors as their files say.

        Raises:
            Faulty: every fault of every file at once.
        """
        read = [self._read(path) for path in self.files(names)]
        faults = [fault for _, own in read for fault in own if not fault.is_warning]
        if faults:
            raise Faulty(faults + _doubles([monitor for monitor, _ in read if monitor is not None]))
        found = [monitor for monitor, _ in read if monitor is not None]
        if _doubles(found):
            raise Faulty(_doubles(found))
        return found

    def _read(self, path: Path) -> tuple[Monitor | None, list[Fault]]:
        return read_file(self.settings, path, self.place.now)

    def propose(self, wanted: Wanted | str, *, preview: bool = True) -> Proposed:
        """A first monitor file for a table, with the reason of each key, checked and tried.

        Writes nothing unless ``wanted`` names where to.

        Args:
            wanted: the table, or what is known of it.
            preview: try its newest windows in a temporary store.

        Raises:
            Faulty: E301 a table cannot be read; E102 the file is there already.
        """
        from watchkeeper.surfaces import propose

        asked = propose.Wanted(wanted) if isinstance(wanted, str) else wanted
        return propose.proposed(self.place, asked, preview=preview)

    def check(self, names: Sequence[str] = (), *, offline: bool = False) -> list[Checked]:
        """Each monitor with its faults and its spelt form; ``offline`` looks at the files only, not at the tables."""
        return [check(self.place, path, offline=offline) for path in self.files(names)]

    def plan(
        self,
        names: Sequence[str] = (),
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        backfill: bool = False,
    ) -> list[Planned]:
        """What a run would do; writes nothing.

        Raises:
            Faulty: every fault of the files, or of the tables of the first monitor that has any.
        """
        from watchkeeper.run.planned import plan_monitor

        ask = _ask(since, until, backfill=backfill)
        return [plan_monitor(self.place, monitor, ask) for monitor in self.monitors(names)]

    def run(
        self,
        names: Sequence[str] = (),
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        backfill: bool = False,
        recompute: bool = False,
    ) -> list[RunResult]:
        """Count the windows that are due, judge them, open and close incidents. Safe to repeat.

        A monitor that fails does not stop the others; its result says why.

        Args:
            since, until: only windows that overlap this span.
            backfill: also count stored windows that were measured differently (a column or segment was added).
            recompute: count every window of the span anew.

        Raises:
            Faulty: a monitor file is not valid; nothing has run then.
        """
        asked = self.attempts(names, since=since, until=until, backfill=backfill, recompute=recompute)
        return [attempt.result for attempt in asked]

    def attempts(
        self,
        names: Sequence[str] = (),
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        backfill: bool = False,
        recompute: bool = False,
    ) -> Iterator[Attempt]:
        """As ``run``, one monitor after the other, each with the error where it failed."""
        ask = _ask(since, until, backfill=backfill, recompute=recompute)
        monitors = self.monitors(names)
        return (self._attempt(monitor, ask) for monitor in monitors)

    def _attempt(self, monitor: Monitor, ask: Ask) -> Attempt:
        try:
            result = run_monitor(self.place, monitor, ask)
            self._remember(monitor, None)
            return Attempt(result)
        except LeaseHeld as error:
            return _failed(monitor, error)
        except Exception as error:  # one monitor's trouble, also an unforeseen one, must not stop the others
            attempt = _failed(monitor, error)
            with suppress(Faulty):  # the database may be what has failed, and the attempt says so
                self._remember(monitor, attempt.result.error)
            return attempt

    def _remember(self, monitor: Monitor, error: str | None) -> None:
        """Keep when the last run was and how it went, for ``status``; all that a run with nothing to do leaves."""
        told = {"error": error, "at": iso(self.place.now)}
        place = self.place
        with place.progress.around("status.commit", monitor.name), place.database.writing() as connection:
            versions.save_monitor(connection, monitor.name, last_run=told)

    def status(self, names: Sequence[str] = ()) -> list[MonitorState]:
        """How each monitor stands."""
        from watchkeeper.run.state import state_of

        return [state_of(self.place, monitor) for monitor in self.monitors(names)]

    def points(
        self,
        monitor: str,
        *,
        metric: str | None = None,
        column: str | None = None,
        segment: str | None = None,
        version: str | None = None,
        baseline: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        history: bool = False,
    ) -> pa.Table:
        """Points of one monitor, the newest windows first (``schemas.POINTS``).

        Args:
            monitor: its name or file.
            metric: a name (``psi``) or an identity (``quantile@1(p=0.95)``).
            column: a column, ``""`` for metrics of the whole table.
            segment: ``key=value``, or ``""`` for all rows.
            version: a model version or how it begins; ``*`` for all together.
            baseline: ``fixed``, ``previous``, ``rolling:28d`` or ``""``.
            since, until: windows that start in this span.
            history: every stored state instead of the current one.
        """
        name = self._named(monitor)
        span = _span(since, until)
        tables = self.place.tables
        found = tables.points(name, **span) if history else tables.current_points(name, **span)
        wanted = rows.Wanted(metric=metric, column=column, segment=segment, version=version, baseline=baseline)
        return rows.newest_first(wanted.of(found))

    def verdicts(
        self,
        monitor: str,
        *,
        outcome: str | None = None,
        metric: str | None = None,
        column: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
    ) -> pa.Table:
        """Current verdicts of one monitor, the newest windows first (``schemas.VERDICTS``)."""
        found = self.place.tables.current_verdicts(self._named(monitor), **_span(since, until))
        return rows.newest_first(rows.Wanted(metric=metric, column=column, outcome=outcome).of(found))

    def events(
        self,
        monitor: str,
        *,
        parse_status: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        limit: int = 20,
    ) -> Listed:
        """The newest events of one monitor, with their values (``schemas.events``).

        Args:
            monitor: its name or file.
            parse_status: only events that were read so, such as ``not_json``.
            since, until: events in this span.
            limit: how many, at most.
        """
        from watchkeeper.surfaces import events

        span = _span(since, until)
        [read] = self.monitors([monitor])
        return events.newest(self.place, read, parse_status=parse_status, limit=limit, **span)

    def incidents(
        self,
        *,
        monitor: str | None = None,
        state: str | None = None,
        severity: str | None = None,
        since: Moment | None = None,
    ) -> list[Incident]:
        """Incidents in the order they were opened; ``since`` is about their last change."""
        at = None if since is None else moment(since)
        with self.place.database.reading() as connection:
            return incident_table.listed(connection, monitor=monitor, state=state, severity=severity, since=at)

    def incident(self, id: str) -> Incident:
        """One incident; the beginning of its id is enough where only one begins so.

        Raises:
            Faulty: E602 there is none, or several begin so.
        """
        return _one(id, self.incidents())

    def entries_of(self, id: str) -> list[Entry]:
        """What the ledger says of one incident, in order."""
        return self.ledger().entries(subject=self.incident(id).id)

    def acknowledge(self, id: str, note: str) -> Incident:
        """Say that somebody works on it."""
        return self._act(id, lambda incident: actions.acknowledge(incident, note))

    def resolve(self, id: str, resolution: Resolution | str, reason: str) -> Incident:
        """Close it as ``confirmed`` or ``dismissed``."""
        return self._act(id, lambda incident: actions.resolve(incident, resolution, reason))

    def assign(self, id: str, owner: str) -> Incident:
        """Name who works on it."""
        return self._act(id, lambda incident: actions.assign(incident, owner))

    def comment(self, id: str, text: str) -> Incident:
        """Add words."""
        return self._act(id, lambda incident: actions.comment(incident, text))

    def reopen(self, id: str, reason: str) -> Incident:
        """Say that it is not over."""
        return self._act(id, lambda incident: actions.reopen(incident, reason))

    def _act(self, id: str, drafted: Callable[[Incident], Draft]) -> Incident:
        place = self.place
        with place.database.writing() as connection:
            incident = _one(id, incident_table.listed(connection))
            entries = ledger.append(
                connection,
                [drafted(incident)],
                at=place.now,
                actor=place.settings.actor,
                actor_kind=PERSON,
                clock_given=place.clock_given,
            )
            changed = incident_table.apply(connection, entries)
        return changed[0] if changed else incident

    def report(self, path: Path | str = "report.html", names: Sequence[str] = (), since: Moment | None = None) -> Path:
        """Write one self-contained page about the monitors; an older file of that name is replaced."""
        from watchkeeper.surfaces.report.collect import page

        monitors = self.monitors(names)
        text = page(self.place, monitors, None if since is None else moment(since))
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def ledger(self) -> Ledger:
        """The ledger of the project."""
        return Ledger(self.place)

    def metrics(self) -> Mapping[str, Metric]:
        """Every metric there is, by name."""
        return self.settings.catalog.all("metrics")

    def plugins(self) -> list[Plugin]:
        """Every plug-in there is, by kind and name."""
        from watchkeeper.catalog import KINDS

        found = self.settings.catalog
        return [found.plugins(kind)[name] for kind in KINDS for name in found.names(kind)]

    def _named(self, monitor: str) -> str:
        """The name of a monitor by its name or file; one whose file is gone is still known by what is stored."""
        try:
            path = self.files([monitor])[0]
        except Faulty:
            if _stored(self.place, monitor):
                return monitor
            raise
        read, _ = self._read(path)
        return path.stem if read is None else read.name


@dataclass(frozen=True)
class Ledger:
    """The append-only, hash-chained record of what happened."""

    place: Workplace

    def entries(
        self, *, kind: str | None = None, subject: str | None = None, since: Moment | None = None
    ) -> list[Entry]:
        """Entries in order; ``incident.*`` means all kinds that begin so."""
        at = None if since is None else moment(since)
        with self.place.database.reading() as connection:
            return ledger.entries(connection, kind=kind, subject=subject, since=at)

    def verify(self, anchor: Head | None = None) -> verification.Verified:
        """Check every link of the chain, and that it passes through an anchor kept elsewhere."""
        with self.place.database.reading() as connection:
            return verification.verify(connection, anchor)

    def anchor(self) -> Anchor:
        """The end of the chain as it is now, to be kept elsewhere.

        Raises:
            LedgerBroken: the chain does not hold; there is nothing worth keeping.
        """
        found = self.verify()
        if found.first_broken is not None:
            raise LedgerBroken(found.first_broken.reason)
        return Anchor(self.place.settings.project, self.place.now, found.head, found.entries)

    def export(self, path: Path | str) -> int:
        """Write the chain as JSON lines, which check themselves; returns how many.

        Raises:
            LedgerBroken: an entry cannot be read; the file ends before it.
        """
        count = 0
        with self.place.database.reading() as connection, Path(path).open("w", encoding="utf-8", newline="\n") as file:
            for count, line in enumerate(ledger.export(connection), start=1):  # noqa: B007
                file.write(line + "\n")
        return count


def moment(value: Moment) -> datetime:
    """A moment in UTC.

    Raises:
        Faulty: E102 the text is neither a date nor a time with a zone.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)
    try:
        return moment_of(value if isinstance(value, str) else value.isoformat())
    except (ValueError, OverflowError) as error:
        fix = "Write for instance 2026-01-31 or 2026-01-31T06:00:00Z."
        raise Faulty([Fault("E102", f"'{value}' is neither a date nor a time with a zone.", fix)]) from error


def _failed(monitor: Monitor, error: Exception) -> Attempt:
    said = str(error) if isinstance(error, WatchkeeperError) else f"{type(error).__name__}: {error}"
    return Attempt(RunResult(monitor.name, "", RunState.FAILED, 0, error=said), error)


def _ask(since: Moment | None, until: Moment | None, *, backfill: bool = False, recompute: bool = False) -> Ask:
    return Ask(**_span(since, until), backfill=backfill, recompute=recompute)


def _span(since: Moment | None, until: Moment | None) -> dict[str, Any]:
    return {
        "since": None if since is None else moment(since),
        "until": None if until is None else moment(until),
    }


def _files(told: settings.Settings, names: Sequence[str]) -> list[Path]:
    there = told.monitor_files
    if not there and not names:
        fix = f"Write one, for instance {settings.MONITORS}/credit_score.yaml; `watchkeeper demo` shows how."
        raise Faulty([Fault("E301", f"there are no monitors in {told.directory / settings.MONITORS}.", fix)])
    by_stem = {path.stem: path for path in there}
    chosen: list[Path] = []
    faults: list[Fault] = []
    for name in names:
        path = _path(told, name, by_stem)
        if path is None:
            faults.append(_unknown(name, by_stem))
        else:
            chosen.append(path)
    if faults:
        raise Faulty(faults)
    return list(dict.fromkeys(chosen)) if names else there


def _path(told: settings.Settings, name: str, by_stem: Mapping[str, Path]) -> Path | None:
    if name in by_stem:
        return by_stem[name]
    if not name.endswith((".yaml", ".yml")):
        return None
    tried = (Path(name), told.directory / name)
    return next((path.resolve() for path in tried if path.is_file()), None)


def _unknown(name: str, known: Mapping[str, Path]) -> Fault:
    from watchkeeper.spec.report import nearest

    hint = nearest(name, known) or f"There are none in {settings.MONITORS}/."
    return Fault("E301", f"no monitor '{name}'.", hint[:1].upper() + hint[1:])


def _doubles(monitors: Sequence[Monitor]) -> list[Fault]:
    first: dict[str, str] = {}
    faults = []
    for monitor in monitors:
        other = first.setdefault(monitor.name, monitor.file)
        if other != monitor.file:
            message = f"'{monitor.name}' is also the name of {other}."
            faults.append(Fault("E102", message, "Give each monitor a name of its own.", monitor.file, path="name"))
    return faults


def _stored(place: Workplace, monitor: str) -> bool:
    with place.database.reading() as connection:
        return versions.monitor(connection, monitor).version is not None


def _one(id: str, incidents: Sequence[Incident]) -> Incident:
    exact = [incident for incident in incidents if incident.id == id]
    found = exact or [incident for incident in incidents if id and incident.id.startswith(id)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(incident.id for incident in found[:5])
        raise Faulty([Fault("E602", f"several incidents begin with '{id}'.", f"There are: {names}")])
    raise Faulty([Fault("E602", f"no incident '{id}'.", "`watchkeeper incidents list` shows all.")])
