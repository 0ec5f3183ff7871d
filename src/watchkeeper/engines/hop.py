"""Writing Delta tables: one commit that happens once.

delta-rs does not refuse a transaction that was written before. A handle is a compare-and-swap for application
transactions, a path is not: every write looks and commits through one handle.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from watchkeeper.engines import delta, places
from watchkeeper.engines.base import TableRef, Txn
from watchkeeper.engines.location import Location
from watchkeeper.engines.normal import plain
from watchkeeper.errors import Fault, Faulty, TryAgain

_ATTEMPTS = 40


@dataclass(frozen=True)
class Hop:
    """One write that happens once: rows, what they replace, and the transaction that tells it was done."""

    data: pa.Table
    txn: Txn
    replace: str | None = None
    partition_by: Sequence[str] = field(default=())

    def done_at(self, table: TableRef) -> bool:
        """Write unless it was written; True when this call has written.

        Another writer's commit in between makes the whole hop begin again, from opening the handle.
        """
        for attempt in range(_ATTEMPTS):
            try:
                handle = self._handle(table)
                last = handle.transaction_version(self.txn.app)
                if last is not None and last >= self.txn.seq:
                    return False
                self._write(handle)
            except CommitFailedError:
                time.sleep(random.uniform(0.005, 0.05) * min(attempt + 1, 10))  # noqa: S311
            else:
                return True
        raise TryAgain(f"other writers of {table.address} won {_ATTEMPTS} times; run again")

    def _handle(self, table: TableRef) -> DeltaTable:
        folder = table.location
        if not places.is_delta(folder):
            folder.make_folder()
            self._create(folder)
        return delta.open_table(table)

    def _create(self, folder: Location) -> None:
        try:
            DeltaTable.create(str(folder), self.data.schema, mode="ignore", partition_by=list(self.partition_by))
        except DeltaError:
            if not places.is_delta(folder):  # else another process has just made it
                raise

    def _write(self, handle: DeltaTable) -> None:
        same = _same_fields(pa.schema(handle.schema().to_arrow()), self.data.schema)
        write_deltalake(
            handle,
            self.data,
            mode="overwrite" if self.replace else "append",
            predicate=self.replace,
            schema_mode=None if same else "merge",
            commit_properties=CommitProperties(app_transactions=[Transaction(self.txn.app, self.txn.seq)]),
        )


def _same_fields(stored: pa.Schema, new: pa.Schema) -> bool:
    """Whether the new rows have exactly the columns and struct fields of the table, in whatever order."""
    return {field.name: plain(field.type) for field in stored} == {field.name: plain(field.type) for field in new}


def write(table: TableRef, hop: Hop) -> bool:
    """Do one hop, with a clear fault where the place cannot be written."""
    try:
        return hop.done_at(table)
    except (CommitFailedError, Faulty):
        raise
    except (OSError, DeltaError) as error:
        if not _is_about_place(error):
            raise
        raise Faulty([_unwritable(table, error)]) from error


_PLACE = re.compile(r"permission denied|read-only|not a directory|no space left|os error", re.IGNORECASE)


def _is_about_place(error: Exception) -> bool:
    return isinstance(error, OSError) or bool(_PLACE.search(str(error)))


def _unwritable(table: TableRef, error: Exception) -> Fault:
    reason = next((match[0] for match in [_PLACE.search(str(error))] if match), delta.first_line(error))
    message = f"the table {table.address} cannot be written: {reason.lower()}"
    if "no space" in reason.lower():
        return places.fault(table, message, "Free disk space and run again: what was begun is taken up.")
    return places.fault(table, message, "Make the store folder writable, or name another with --store.")


def stored_seq(table: TableRef, app: str) -> int | None:
    """The transaction that an app recorded last; None for none, or no table."""
    if not places.is_delta(table.location):
        return None
    found: int | None = delta.open_table(table).transaction_version(app)
    return found
