"""Delta tables on this machine: what their log says, and which rows came and went.

Their rows are read in ``engines.delta_scan`` and written in ``engines.hop``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, DeltaProtocolError, TableNotFoundError

from watchkeeper.engines import places
from watchkeeper.engines.base import Changes, TableRef
from watchkeeper.engines.location import Location, is_address
from watchkeeper.engines.normal import normal, plain_schema, rebatched
from watchkeeper.errors import Fault, Faulty

_HARMLESS = frozenset({"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck", "variantType", "variantType-preview"})
"""Reader features that leave the Parquet files of the log readable as they are."""
_KNOWN = _HARMLESS | {"deletionVectors", "columnMapping"}
_FEED = ("_change_type", "_commit_version", "_commit_timestamp")


def open_table(table: TableRef, version: int | None = None) -> DeltaTable:
    """A handle at a version, the newest by default.

    Raises:
        Faulty: E301 not there, broken, or that version is gone; E306 a feature that cannot be read.
    """
    try:
        handle = DeltaTable(table.address, version=version)
        protocol = handle.protocol()
    except TableNotFoundError as error:
        raise Faulty([_gone(table, version)]) from error
    except DeltaProtocolError as error:
        raise Faulty([_unsupported(table, first_line(error))]) from error
    except (DeltaError, OSError) as error:
        raise Faulty([broken(table, error)]) from error
    unknown = sorted(set(protocol.reader_features or ()) - _KNOWN)
    if unknown:
        raise Faulty([_unsupported(table, ", ".join(unknown))])
    _refuse_empty_commits(table)
    return handle


def _refuse_empty_commits(table: TableRef) -> None:
    """A commit of no bytes is one whose writer died; delta-rs takes it for a commit that changed nothing."""
    log = (table.location / "_delta_log").folder_files()
    empty = [entry.location.name for entry in log if entry.location.suffix == ".json" and not entry.size]
    if empty:
        message = f"the Delta table {table.address} cannot be read: its commit {empty[0]} is empty"
        raise Faulty([places.fault(table, message, "Restore that commit, or remove it if it is the newest.")])


def first_line(error: Exception) -> str:
    """What an error says, on one line."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _gone(table: TableRef, version: int | None) -> Fault:
    if version is None:
        return places.not_found(table)
    return places.fault(table, f"version {version} of {table.address} is gone", "Run again: it will be read anew.")


def broken(table: TableRef, error: Exception) -> Fault:
    """E301 about a table whose log or files are damaged."""
    return places.fault(table, f"the Delta table {table.address} cannot be read: {first_line(error)}")


def _unsupported(table: TableRef, feature: str) -> Fault:
    fix = "Drop the feature (ALTER TABLE … DROP FEATURE …), or run with `--engine spark`."
    return Fault("E306", f"the local engine cannot read {table.address}: {feature}", fix, path=table.name)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A state of a table: which table, and at which version."""

    table_id: str
    version: int

    @classmethod
    def of(cls, handle: DeltaTable) -> Cursor:
        return cls(handle.metadata().id, handle.version())

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor that a text names; None where it names a state of something else than a Delta table."""
        value = json.loads(text)
        return cls(value["delta"], value["version"]) if "delta" in value else None

    def __str__(self) -> str:
        return json.dumps({"delta": self.table_id, "version": self.version})


@dataclass(frozen=True)
class Commits:
    """What the log says of the versions after a cursor."""

    added: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    schema_changed: bool = False

    @property
    def empty(self) -> bool:
        """Whether no row came or went, as after compaction or an empty append."""
        return not (self.added or self.feeds or self.removed)

    @classmethod
    def between(cls, folder: Location, after: int, upto: int) -> Commits:
        """Read the commits ``after + 1 … upto``.

        Raises:
            FileNotFoundError: the log no longer reaches back that far.
        """
        log = folder / "_delta_log"
        actions = [
            json.loads(line)
            for version in range(after + 1, upto + 1)
            for line in (log / f"{version:020d}.json").read_text().splitlines()
            if line.strip()
        ]
        return cls(
            _paths(actions, "add"),
            _paths(actions, "cdc"),
            _paths(actions, "remove"),
            any("metaData" in action for action in actions),
        )


def _paths(actions: Iterable[dict[str, Any]], kind: str) -> tuple[str, ...]:
    found = (action[kind] for action in actions if kind in action)
    return tuple(entry["path"] for entry in found if kind == "cdc" or entry.get("dataChange", True))


def data_file(folder: Location, path: str) -> Location:
    """Where a file of the log lies: its path is escaped, and absolute in a shallow clone."""
    plain = unquote(path).removeprefix("file://")
    return Location.of(plain) if is_address(plain) else folder / plain


def schema(table: TableRef, cursor: str | None) -> pa.Schema:
    """Columns and plain types at a cursor."""
    return plain_schema(pa.schema(at_cursor(table, cursor).schema().to_arrow()))


def at_cursor(table: TableRef, cursor: str | None) -> DeltaTable:
    """A handle at the version that a cursor names, the newest by default.

    Raises:
        Faulty: E301 another table stands in its place, or that version is gone.
    """
    at = Cursor.parse(cursor) if cursor else None
    handle = open_table(table, at.version if at else None)
    if at is not None and handle.metadata().id != at.table_id:
        raise Faulty([places.fault(table, f"{table.address} was replaced by another table while it was read")])
    return handle


def changed(table: TableRef, cursor: str | None) -> Changes:
    """Compare the head of the log with a cursor."""
    handle = open_table(table)
    now = Cursor.of(handle)
    before = Cursor.parse(cursor) if cursor else None
    reason = _why_rescan(now, before)
    if before is None or reason:
        return Changes(str(now), rescan=True, reason=reason)
    if before.version == now.version:
        return Changes(str(now), empty=True)
    return _since(handle, table.location, before.version, now)


def _why_rescan(now: Cursor, before: Cursor | None) -> str:
    if before is None:
        return "nothing was read before"
    if now.table_id != before.table_id:
        return "the table was created anew"
    if now.version < before.version:
        return f"the table went back from version {before.version} to {now.version}"
    return ""


def _since(handle: DeltaTable, folder: Location, after: int, now: Cursor) -> Changes:
    try:
        commits = Commits.between(folder, after, now.version)
    except FileNotFoundError:
        return Changes(str(now), rescan=True, reason=f"the log no longer reaches back to version {after}")
    if commits.empty:
        return Changes(str(now), empty=True)
    reason = _why_untold(handle, folder, commits)
    return Changes(str(now), rescan=bool(reason), reason=reason)


def _why_untold(handle: DeltaTable, folder: Location, commits: Commits) -> str:
    """Why the rows that came and went cannot be told apart; empty where they can."""
    if is_mapped(handle):
        return "changes of a table with column mapping cannot be followed by the local engine"
    rewritten = bool(commits.removed or commits.feeds)
    if rewritten and (commits.schema_changed or not has_feed(handle)):
        return "rows were deleted or updated, and the table keeps no change feed (delta.enableChangeDataFeed)"
    named = (*commits.added, *commits.feeds, *commits.removed)
    lost = [path for path in named if not data_file(folder, path).is_file()]
    return f"{len(lost)} data files of the changes are vacuumed" if lost else ""


def has_feed(handle: DeltaTable) -> bool:
    """Whether the table keeps a change data feed."""
    return handle.metadata().configuration.get("delta.enableChangeDataFeed", "").lower() == "true"


def is_mapped(handle: DeltaTable) -> bool:
    """Whether the files name the columns otherwise than the table does."""
    return handle.metadata().configuration.get("delta.columnMapping.mode", "none") != "none"


def is_plain(handle: DeltaTable) -> bool:
    """Whether the files of the log, read as they are, give exactly the rows of the table."""
    return not is_mapped(handle) and set(handle.protocol().reader_features or ()) <= _HARMLESS


def new_rows(
    table: TableRef, after: str, changes: Changes, columns: Sequence[str] | None, *, removed: bool
) -> Iterator[pa.RecordBatch]:
    """Rows that came, and with ``removed`` those that went, between two cursors of one table."""
    start, end = Cursor.parse(after), Cursor.parse(changes.cursor)
    if start is None or end is None or start.version >= end.version:
        return
    handle = at_cursor(table, changes.cursor)
    names = list(columns) if columns is not None else pa.schema(handle.schema().to_arrow()).names
    wanted = plain_schema(pa.schema([pa.schema(handle.schema().to_arrow()).field(name) for name in names]))
    kinds = ["insert", "update_postimage", *(["delete", "update_preimage"] if removed else [])]
    try:
        feed = handle.load_cdf(starting_version=start.version + 1, ending_version=end.version)
        for batch in rebatched(_told(pa.RecordBatchReader.from_stream(feed), kinds)):
            yield normal(batch, wanted)
    except (DeltaError, pa.ArrowInvalid) as error:
        raise Faulty([broken(table, error)]) from error


def _told(feed: Iterable[pa.RecordBatch], kinds: list[str]) -> Iterator[pa.RecordBatch]:
    for batch in feed:
        kind = batch.column("_change_type").cast(pa.string())
        keep = normal(batch.drop_columns(list(_FEED))).filter(pc.is_in(kind, value_set=pa.array(kinds)))
        yield keep
