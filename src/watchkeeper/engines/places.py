"""Finding what a table name points at on this machine, and saying so where there is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from watchkeeper.engines.base import TableRef
from watchkeeper.errors import Fault, Faulty

_ENDINGS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".csv.gz": "csv",
    ".tsv.gz": "csv",
}
_WILD = frozenset("*?[")


class Storage(StrEnum):
    DELTA = "delta"
    PARQUET = "parquet"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Place:
    """What was found: how the rows are stored, under which folder, and in which files (none are listed for Delta)."""

    storage: Storage
    folder: Path
    files: tuple[Path, ...] = ()


def find(table: TableRef) -> Place:
    """Look where a table's name points.

    Raises:
        Faulty: E301 nothing is there, or what is there holds no table.
    """
    location = table.location
    if is_delta(location):
        return Place(Storage.DELTA, location)
    if location.is_dir():
        return _files(table, location, _inside(location))
    if location.is_file():
        return _files(table, location.parent, [location])
    if _WILD.intersection(table.name):
        folder, pattern = _split(location)
        return _files(table, folder, [path for path in sorted(folder.glob(pattern)) if path.is_file()])
    raise Faulty([not_found(table)])


def is_delta(location: Path) -> bool:
    """Whether a folder holds a Delta table; a log without a commit is one that a killed process was about to make."""
    log = location / "_delta_log"
    return any(path.suffix in (".json", ".parquet") for path in log.iterdir()) if log.is_dir() else False


def _inside(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not _hidden(path.relative_to(folder)))
    parquet = [path for path in found if _kind(path) == "parquet"]
    return parquet or [path for path in found if _kind(path)]


def _hidden(path: Path) -> bool:
    return any(part.startswith(("_", ".")) for part in path.parts)


def _kind(path: Path) -> str | None:
    name = path.name.lower()
    return next((kind for ending, kind in _ENDINGS.items() if name.endswith(ending)), None)


def _split(location: Path) -> tuple[Path, str]:
    parts = location.parts
    first = next(index for index, part in enumerate(parts) if _WILD.intersection(part))
    return Path(*parts[:first]), str(Path(*parts[first:]))


def _files(table: TableRef, folder: Path, files: Sequence[Path]) -> Place:
    kinds = {_kind(path) for path in files}
    if not files:
        raise Faulty([fault(table, f"no files in {table.location}", "Name files ending in .parquet or .csv.")])
    if len(kinds) > 1 or kinds == {None}:
        names = ", ".join(sorted({path.suffix or path.name for path in files}))
        raise Faulty([fault(table, f"cannot tell how {table.location} is stored ({names})", _FORMS)])
    return Place(Storage(kinds.pop() or ""), folder, tuple(files))


_FORMS = "Name a Delta folder, or files of one kind ending in .parquet or .csv."


def not_found(table: TableRef) -> Fault:
    """E301 with what was looked for."""
    catalog_name = len(table.name.split(".")) == 3 and "/" not in table.name
    fix = "A Unity Catalog name needs `--engine spark`; this engine reads folders and files."
    message = f"no table {table.name!r}: nothing at {table.location}"
    return fault(table, message, fix if catalog_name else _FORMS)


def fault(table: TableRef, message: str, fix: str = "") -> Fault:
    """E301 about a table."""
    return Fault("E301", message, fix, path=table.name)
