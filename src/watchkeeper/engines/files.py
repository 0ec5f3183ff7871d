"""Tables that are files: what is in them, and which files are new."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from watchkeeper.engines import csv, parquet, places, spans
from watchkeeper.engines.base import Changes, TableRef
from watchkeeper.engines.location import Entry, Location
from watchkeeper.engines.normal import rebatched
from watchkeeper.engines.places import Place, Storage
from watchkeeper.errors import Fault, Faulty
from watchkeeper.terms import Window

_UNREADABLE = (OSError, pa.ArrowException, duckdb.Error)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A state of a table of files: size in bytes and time of change (ns) of each, by path below the folder."""

    files: Mapping[str, tuple[int, int]]

    @classmethod
    def of(cls, place: Place) -> Cursor:
        return cls({entry.location.below(place.folder): (entry.size, entry.changed_ns) for entry in place.files})

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor that a text names; None where it names a state of something else than files."""
        value = json.loads(text)
        return cls({name: (size, at) for name, size, at in value["files"]}) if "files" in value else None

    def __str__(self) -> str:
        return json.dumps({"files": [[name, *stamp] for name, stamp in sorted(self.files.items())]})


def at(table: TableRef, place: Place, cursor: str | None) -> list[Entry]:
    """The files of a state, unchanged since.

    Raises:
        Faulty: E301 one of them has changed or gone.
    """
    then = Cursor.parse(cursor) if cursor else None
    if then is None:
        return list(place.files)
    now = Cursor.of(place).files
    moved = sorted(name for name, stamp in then.files.items() if now.get(name) != stamp)
    if moved:
        message = f"{moved[0]} changed while {table.name} was read"
        raise Faulty([places.fault(table, message, "Run again: the table will be read anew.")])
    return [entry for entry in place.files if entry.location.below(place.folder) in then.files]


def changed(place: Place, cursor: str | None) -> Changes:
    """Compare the files with a cursor: new ones are new rows; a changed or lost one cannot be told apart."""
    now = Cursor.of(place)
    before = Cursor.parse(cursor) if cursor else None
    if before is None:
        return Changes(str(now), rescan=True, reason="nothing was read before")
    moved = sorted(name for name, stamp in before.files.items() if now.files.get(name) != stamp)
    if moved:
        more = f" and {len(moved) - 1} more" if len(moved) > 1 else ""
        return Changes(str(now), rescan=True, reason=f"{moved[0]}{more} changed or went away")
    return Changes(str(now), empty=now.files.keys() == before.files.keys())


def new_files(place: Place, after: str, changes: Changes) -> list[Entry]:
    """The files that a state has and an earlier one has not."""
    start, end = Cursor.parse(after), Cursor.parse(changes.cursor)
    old, new = (start.files if start else {}), (end.files if end else {})
    fresh = new.keys() - old.keys()
    return [entry for entry in place.files if entry.location.below(place.folder) in fresh]


def schema(table: TableRef, place: Place, entries: Sequence[Entry] | None = None) -> pa.Schema:
    """Columns and plain types of all files, and of the ``key=value`` folders they lie in.

    Raises:
        Faulty: E301 a file is broken, or the files do not go together.
    """
    found = [entry.location for entry in (place.files if entries is None else entries)]
    try:
        read = csv.schema(found) if place.storage is Storage.CSV else parquet.schema(found)
    except _UNREADABLE as error:
        raise Faulty([_broken(table, place, error)]) from error
    folders = {name: pa.string() for path in found for name in _fixed(place, path) if name not in read.names}
    return pa.schema([*read, *(pa.field(name, type_) for name, type_ in folders.items())])


def _fixed(place: Place, path: Location) -> dict[str, str]:
    """Columns told by folders named ``key=value``, as text."""
    if place.storage is Storage.CSV:
        return {}
    parts = path.below(place.folder).split("/")[:-1]
    return {name: value for name, sign, value in (part.partition("=") for part in parts) if sign}


def parts(place: Place) -> list[parquet.Part] | None:
    """The Parquet files of a table with what their folders say; None for files of another kind."""
    if place.storage is not Storage.PARQUET:
        return None
    return [parquet.Part(entry.location, _fixed(place, entry.location)) for entry in place.files]


def _broken(table: TableRef, place: Place, error: Exception) -> Fault:
    first = str(error).strip().splitlines()[0]
    return places.fault(table, f"the {place.storage.value} files of {table.address} cannot be read: {first}")


def scan(
    table: TableRef,
    place: Place,
    entries: Sequence[Entry],
    columns: Sequence[str] | None,
    time_column: str | None = None,
    within: Sequence[Window] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Rows of some files of a table, of some spans."""
    yield from _Scan.of(table, place, columns, time_column, within).rows([entry.location for entry in entries])


def scan_parts(
    table: TableRef,
    place: Place,
    entries: Sequence[Entry],
    columns: Sequence[str] | None,
    time_column: str | None,
    within: Sequence[Window] | None,
) -> list[Iterator[pa.RecordBatch]]:
    """The same in parts that may be read at once: a file or a few small ones each."""
    scan = _Scan.of(table, place, columns, time_column, within)
    if place.storage is Storage.CSV or len(entries) < 2:
        return [scan.rows([entry.location for entry in entries])]
    groups = parquet.grouped([(entry.location, entry.size) for entry in entries])
    return [scan.rows(group, use_threads=False) for group in groups]


@dataclass(frozen=True)
class _Scan:
    """What is read of each file."""

    table: TableRef
    place: Place
    whole: pa.Schema
    wanted: pa.Schema
    time_column: str | None
    within: Sequence[Window] | None

    @classmethod
    def of(
        cls,
        table: TableRef,
        place: Place,
        columns: Sequence[str] | None,
        time_column: str | None,
        within: Sequence[Window] | None,
    ) -> _Scan:
        whole = schema(table, place)
        wanted = parquet.projected(table, whole, columns)
        if time_column is None or within is None or not spans.tells_time(whole.field(time_column).type):
            time_column, within = None, None
        return cls(table, place, whole, wanted, time_column, within)

    def rows(self, paths: Sequence[Location], *, use_threads: bool = True) -> Iterator[pa.RecordBatch]:
        if not paths:
            return
        try:
            yield from rebatched(self._batches(paths, use_threads))
        except _UNREADABLE as error:
            raise Faulty([_broken(self.table, self.place, error)]) from error

    def _batches(self, paths: Sequence[Location], use_threads: bool) -> Iterator[pa.RecordBatch]:
        asked = self.whole, self.wanted, self.time_column, self.within
        if self.place.storage is Storage.CSV:
            return csv.batches(paths, *asked)
        parts = [parquet.Part(path, _fixed(self.place, path)) for path in paths]
        return parquet.batches(parts, *asked, use_threads=use_threads)
