"""What may keep watchkeeper from working here: one check a line, each with what to do; repairs nothing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from watchkeeper.catalog import KINDS, PACKAGE
from watchkeeper.errors import Fault, Faulty, WatchkeeperError
from watchkeeper.run.workplace import Workplace
from watchkeeper.settings import FILE, Settings
from watchkeeper.store import database as db
from watchkeeper.store import leases, ledger
from watchkeeper.store.database import Database
from watchkeeper.store.process import Process
from watchkeeper.surfaces.check import check
from watchkeeper.surfaces.elsewhere import elsewhere

_LEAST_BYTES = 256 * 1024**2
"""Free disk space under which a store is in danger."""
_AHEAD = timedelta(minutes=5)
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_CREDENTIALS = re.compile(r"^(DATABRICKS|MLFLOW|AWS|AZURE|GOOGLE|GCP|GCS)_")
_SPECIFIER = re.compile(r"(>=|<=|==|!=|~=|>|<)\s*([0-9][0-9A-Za-z.*]*)")
_ZONE = "Europe/Zurich"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``ok`` is None where there is nothing to look at yet; ``fix`` says what to do."""

    name: str
    ok: bool | None
    detail: str
    fix: str = ""


def installation() -> Iterator[Check]:
    """Python, the packages it needs, time zones; needs no project."""
    least = (3, 11)
    yield Check("python", sys.version_info >= least, platform.python_version(), "Use Python 3.11 or newer.")
    yield packages(metadata.requires(PACKAGE) or [])
    yield _extras(metadata.metadata(PACKAGE).get_all("Provides-Extra") or [], metadata.requires(PACKAGE) or [])
    yield _zones()


def packages(requirements: Sequence[str]) -> Check:
    """Whether each package that is always needed is there in a version that fits."""
    wrong = [problem for one in requirements if "extra ==" not in one and (problem := misfit(one))]
    if wrong:
        return Check(
            "packages", False, "; ".join(wrong), "Install again: make .venv/.core, or pip install watchkeeper."
        )
    needed = sum("extra ==" not in one for one in requirements)
    return Check("packages", True, f"{needed} packages, all in versions that fit")


def misfit(requirement: str) -> str:
    """Why a requirement such as ``click>=8.2,<9`` is not met; "" where it is."""
    name = re.split(r"[\s<>=!~;\[(]", requirement, maxsplit=1)[0]
    try:
        there = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{name} is not installed"
    wanted = _SPECIFIER.findall(requirement.partition(";")[0])
    fits = all(_fits(there, sign, version) for sign, version in wanted)
    return "" if fits else f"{name} {there} is not {','.join(sign + version for sign, version in wanted)}"


def _fits(there: str, sign: str, wanted: str) -> bool:
    have, want = _numbers(there), _numbers(wanted)
    size = max(len(have), len(want))
    padded = have + (0,) * (size - len(have)), want + (0,) * (size - len(want))
    if sign == "~=":
        return padded[0] >= padded[1] and have[: len(want) - 1] == want[:-1]
    if sign in ("==", "!="):
        same = have[: len(want)] == want if wanted.endswith("*") else padded[0] == padded[1]
        return same == (sign == "==")
    return {
        ">=": padded[0] >= padded[1],
        "<=": padded[0] <= padded[1],
        ">": padded[0] > padded[1],
        "<": padded[0] < padded[1],
    }[sign]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:4])


def _extras(extras: Sequence[str], requirements: Sequence[str]) -> Check:
    if not extras:
        return Check("extras", None, "this release has none")
    lacking = {
        extra: [one for one in requirements if f"extra == '{extra}'" in _quoted(one) and misfit(one)]
        for extra in extras
    }
    there = [extra for extra in extras if not lacking[extra]]
    absent = [extra for extra in extras if lacking[extra]]
    said = [f"installed: {', '.join(there)}"] if there else []
    said += [f"not installed: {', '.join(absent)}"] if absent else []
    return Check("extras", True if there else None, "; ".join(said))


def _quoted(requirement: str) -> str:
    return requirement.replace('"', "'")


def _zones() -> Check:
    try:
        ZoneInfo(_ZONE)
    except (KeyError, ValueError, OSError) as error:
        return Check("time zones", False, f"there is no time zone data: {error}", "Install the package tzdata.")
    return Check("time zones", True, "time zone data are there")


def project(place: Workplace) -> Iterator[Check]:
    """The project: its file, store, database, ledger, key, monitors, plug-ins."""
    told = place.settings
    yield _file(told)
    yield _credentials(os.environ)
    yield _plugins(told)
    yield _store(Path(told.store))
    yield from _database(place)
    yield _key(told)
    yield from _monitors(place)


def unreadable(faults: Sequence[Fault]) -> list[Check]:
    """Settings that cannot be read: one check a fault; nothing of the project can be looked at then."""
    return [Check("settings", False, _said(fault), fault.fix or "") for fault in faults]


def _said(fault: Fault) -> str:
    where = ":".join(str(part) for part in (fault.file, fault.line) if part)
    return f"{f'{where}: ' if where else ''}{fault.message} [{fault.code}]"


def _file(told: Settings) -> Check:
    path = told.directory / FILE
    if path.is_file():
        return Check("project", True, f"{told.project}, {path}")
    detail = f"no {FILE} in {told.directory}; the defaults hold"
    return Check("project", None, detail, "`watchkeeper propose TABLE -o .` begins a project here.")


def _credentials(environment: Mapping[str, str]) -> Check:
    names = sorted(name for name in environment if _CREDENTIALS.match(name))
    if not names:
        return Check("credentials", None, "none of object stores or Databricks in the environment")
    return Check("credentials", True, f"set, never shown: {', '.join(names)}")


def _plugins(told: Settings) -> Check:
    broken, count = [], 0
    for kind in KINDS:
        try:
            names = told.catalog.names(kind)
        except WatchkeeperError as error:
            broken.append(str(error))
            continue
        for name in names:
            count += 1
            broken += _unloadable(told, kind, name)
    if broken:
        fix = "Install what is missing or remove the plug-in; WATCHKEEPER_PLUGINS=builtin leaves third parties out."
        return Check("plug-ins", False, "; ".join(broken), fix)
    return Check("plug-ins", True, f"{count} plug-ins, all load")


def _unloadable(told: Settings, kind: str, name: str) -> list[str]:
    try:
        told.catalog.load(kind, name)
    except Exception as error:  # a plug-in of a third party may fail in any way
        return [f"{name} ({kind}): {str(error) or type(error).__name__}"]
    return []


def _store(folder: Path) -> Check:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    room = f"{free / 1024**3:,.1f} GiB free"
    trouble = _unwritable(there)
    if trouble:
        return Check("store", False, f"{folder}: {trouble}", "Make the folder writable, or name another with --store.")
    if free < _LEAST_BYTES:
        return Check("store", False, f"{folder}: only {room}", "Free some disk space, or name another with --store.")
    made = "" if folder.exists() else ", made with the first run"
    return Check("store", True, f"{folder}, {room}{made}")


def _unwritable(folder: Path) -> str:
    """Why nothing can be written in a folder; a file is written and removed to see."""
    if not folder.is_dir():
        return "is a file, not a folder"
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return f"cannot be written: {error.strerror or error}"


def _database(place: Workplace) -> Iterator[Check]:
    url = sa.make_url(place.settings.database)
    shown = url.render_as_string(hide_password=True)
    is_file = url.get_backend_name() == "sqlite"
    if is_file and not Path(url.database or "").exists():
        yield Check("database", None, f"{shown}, made with the first run")
        return
    try:
        database = place.database
        with database.writing() as connection:
            version = ".".join(map(str, connection.dialect.server_version_info or ()))
            schema = connection.scalar(sa.select(db.schema_version.c.version))
    except (WatchkeeperError, sa.exc.SQLAlchemyError, OSError, ImportError) as error:
        fix = "Make it reachable and writable, or name another with --database."
        yield Check("database", False, f"{shown}: {_first_line(error)}", fix)
        return
    yield Check("database", True, f"{shown}, {url.get_backend_name()} {version}, schema {schema}, writable")
    yield from _ledger(database, place.now, place.clock_given)
    yield _leases(database)


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]


def _ledger(database: Database, now: datetime, given: bool) -> Iterator[Check]:
    """Whether the head is that of the last entry, and whether the clock agrees with it; `ledger verify` reads all."""
    with database.reading() as connection:
        head = ledger.head(connection)
        last = connection.execute(sa.select(db.entries).order_by(db.entries.c.seq.desc()).limit(1)).one_or_none()
    seq, hash_ = (last.seq, last.hash) if last is not None else (0, "0" * 64)
    if (head.seq, head.hash) != (seq, hash_):
        detail = f"the head says entry {head.seq}, the last entry is {seq}"
        yield Check("ledger", False, detail, "`watchkeeper ledger verify` says more; restore the database.")
    else:
        yield Check("ledger", True, f"{seq:,} entries, the head fits; `watchkeeper ledger verify` checks every link")
    yield _clock(now, None if last is None else last.at, given)


def _clock(now: datetime, last: datetime | None, given: bool) -> Check:
    said = f"{now:%Y-%m-%d %H:%M:%S} UTC{', as given' if given else ''}"
    if last is not None and last > now + _AHEAD:
        detail = f"{said}, but the ledger was written at {last:%Y-%m-%d %H:%M} UTC"
        return Check("clock", False, detail, "Set the clock, or give --now; a run before that writes in the past.")
    return Check("clock", True, said)


def _leases(database: Database) -> Check:
    with database.reading() as connection:
        held = connection.execute(sa.select(db.leases)).all()
    dead = [one.owner for one in held if _is_dead(one)]
    if dead:
        return Check("leases", None, f"left by processes that died: {', '.join(dead)}", "The next run takes them over.")
    at_work = f"at work now: {', '.join(one.owner for one in held)}" if held else "none is held"
    return Check("leases", True, at_work)


def _is_dead(lease: sa.Row[tuple[object, ...]]) -> bool:
    holder = Process(lease.host, lease.pid, lease.pid_started)
    return (holder.is_here and not holder.lives) or leases.clock() - lease.renewed_at > leases.EXPIRY


def _key(told: Settings) -> Check:
    """The key of hashed ids is for its owner alone."""
    path = told.key_file
    if not path.exists():
        if told.key_made:
            return Check("privacy key", None, f"{path}, made with the first run")
        return Check("privacy key", False, f"{path} is not there", "Write at least 16 random bytes into it, mode 600.")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OPEN_TO_OTHERS:
        return Check("privacy key", False, f"{path} has mode {mode:o}: others can read it", f"chmod 600 {path}")
    return Check("privacy key", True, f"{path}, mode {mode:o}")


def _monitors(place: Workplace) -> Iterator[Check]:
    files = place.settings.monitor_files
    if not files:
        fix = "`watchkeeper propose TABLE -o .` writes a first one."
        yield Check("monitors", None, f"none in {place.settings.directory}/monitors", fix)
    with elsewhere(place, place.settings.directory) as scratch:
        for path in files:
            yield _looked_at(scratch, path)


def _looked_at(place: Workplace, path: Path) -> Check:
    try:
        return _monitor(place, path)
    except Exception as error:  # one monitor's trouble must not hide the others
        said = f"{type(error).__name__}: {_first_line(error)}"
        return Check(f"monitor {path.stem}", False, said, "`watchkeeper check` says more.")


def _monitor(place: Workplace, path: Path) -> Check:
    found = check(place, path)
    faults = [fault for fault in found.faults if not fault.is_warning]
    name = f"monitor {found.name}"
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        return Check(name, False, _said(faults[0]) + more, faults[0].fix or "`watchkeeper check` says more.")
    table = str((found.resolved or {}).get("source", {}).get("table", ""))
    return Check(name, found.valid, f"{table} can be read")


def examined(open_place: Callable[[], Workplace]) -> list[Check]:
    """Everything there is to look at.

    Args:
        open_place: gives the project; its settings may be faulty.
    """
    found = list(installation())
    try:
        place = open_place()
    except Faulty as error:
        return found + unreadable(error.faults)
    return found + list(project(place))
