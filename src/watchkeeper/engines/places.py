"""Finding what a table name points at, on disk or in an object store, and saying so where there is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from watchkeeper.engines.base import TableRef
from watchkeeper.engines.location import Entry, Location, is_glob
from watchkeeper.errors import Fault, Faulty

_ENDINGS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".csv.gz": "csv",
    ".tsv.gz": "csv",
}


class Storage(StrEnum):
    DELTA = "delta"
    PARQUET = "parquet"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Place:
    """What was found: how the rows are stored, under which folder, and in which files (none are listed for Delta)."""

    storage: Storage
    folder: Location
    files: tuple[Entry, ...] = ()


def find(table: TableRef) -> Place:
    """Look where a table's name points.

    Raises:
        Faulty: E301 nothing is there, what is there holds no table, or the object store does not answer.
    """
    try:
        return _find(table)
    except OSError as error:
        reason = str(error).strip().splitlines()[0]
        raise Faulty([fault(table, f"cannot look at {table.address}: {reason}", _REACH)]) from error


def _find(table: TableRef) -> Place:
    location = table.location
    if is_delta(location):
        return Place(Storage.DELTA, location)
    if location.is_dir():
        return _files(table, location, _inside(location))
    if location.is_file():
        return _files(table, location.parent, [location.entry()])
    if is_glob(table.name):
        folder, pattern = location.split()
        return _files(table, folder, list(folder.glob(pattern)))
    raise Faulty([not_found(table)])


def is_delta(location: Location) -> bool:
    """Whether a folder holds a Delta table; a log without a commit is one that a killed process was about to make."""
    return any(entry.location.suffix in (".json", ".parquet") for entry in (location / "_delta_log").folder_files())


def _inside(folder: Location) -> list[Entry]:
    found = [
        entry for entry in folder.folder_files(recursive=True) if not _hidden(entry.location.below(folder).split("/"))
    ]
    parquet = [entry for entry in found if _kind(entry.location) == "parquet"]
    return parquet or [entry for entry in found if _kind(entry.location)]


def _hidden(parts: Sequence[str]) -> bool:
    return any(part.startswith(("_", ".")) for part in parts)


def _kind(path: Location) -> str | None:
    name = path.name.lower()
    return next((kind for ending, kind in _ENDINGS.items() if name.endswith(ending)), None)


def _files(table: TableRef, folder: Location, files: Sequence[Entry]) -> Place:
    kinds = {_kind(entry.location) for entry in files}
    if not files:
        raise Faulty([fault(table, f"no files in {table.address}", "Name files ending in .parquet or .csv.")])
    if len(kinds) > 1 or kinds == {None}:
        names = ", ".join(sorted({entry.location.suffix or entry.location.name for entry in files}))
        raise Faulty([fault(table, f"cannot tell how {table.address} is stored ({names})", _FORMS)])
    return Place(Storage(kinds.pop() or ""), folder, tuple(files))


_REACH = "Look at its permissions; for an object store also at the credentials in the environment."
_FORMS = "Name a Delta folder, or files of one kind ending in .parquet or .csv."


def not_found(table: TableRef) -> Fault:
    """E301 with what was looked for."""
    catalog_name = len(table.name.split(".")) == 3 and "/" not in table.name
    fix = "A Unity Catalog name needs `--engine spark`; this engine reads folders and files."
    message = f"no table {table.name!r}: nothing at {table.address}"
    return fault(table, message, fix if catalog_name else _FORMS)


def fault(table: TableRef, message: str, fix: str = "") -> Fault:
    """E301 about a table."""
    return Fault("E301", message, fix, path=table.name)
