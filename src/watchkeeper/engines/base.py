"""What an engine is: it finds, moves and stores batches of rows, and counts nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow as pa

from watchkeeper.engines.location import Location, is_address
from watchkeeper.errors import Fault, Faulty
from watchkeeper.terms import Window

BATCH_ROWS = 122_880
"""Rows that a batch aims at: large enough for vectorised work, small enough for the cache and for two in flight."""


@dataclass(frozen=True, slots=True)
class TableRef:
    """A table as a monitor file names it.

    Without a cluster: a Delta folder, a Parquet or CSV file, a folder of such files, or a glob over them, on disk or at
    the address of an object store. A relative name is meant from ``root``, the project's folder or an address itself.

    >>> str(TableRef("data/loans.csv", "/bank").location), TableRef("s3://bank/loans", "/home").address
    ('/bank/data/loans.csv', 's3://bank/loans')
    """

    name: str
    root: Path | str = ""

    @property
    def address(self) -> str:
        """Path or address of the table."""
        if is_address(self.name):
            return self.name
        root = str(self.root)
        return f"{root.rstrip('/')}/{self.name}" if is_address(root) else str(Path(root) / Path(self.name).expanduser())

    @property
    def location(self) -> Location:
        """Where the table lies.

        Raises:
            Faulty: E301 it lies in an object store that cannot be asked.
        """
        try:
            return Location.of(self.address)
        except (ValueError, OSError) as error:
            raise Faulty([_unreachable(self, error)]) from error


def _unreachable(table: TableRef, error: Exception) -> Fault:
    fix = "Look at the address, and at the credentials in the environment (AWS_…, AZURE_…, GOOGLE_…)."
    reason = str(error).strip().splitlines()[0]
    return Fault("E301", f"cannot reach {table.address}: {reason}", fix, path=table.name)


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of a table in its own order.

    Args:
        rows: the sample; the whole table where it is small.
        total: rows of the table, counted or told by its metadata.
        even: every part of the table had the same chance; False where whole parts of a large one were left out.
    """

    rows: pa.Table
    total: int
    even: bool = True

    @property
    def whole(self) -> bool:
        """Whether every row is here."""
        return self.rows.num_rows == self.total


@dataclass(frozen=True, slots=True)
class Changes:
    """What has happened to a table since a cursor was taken.

    ``cursor`` names the state that was looked at; it is opaque, and everything read later is read as of it.
    ``empty``: no row has come or gone. ``rescan``: the difference cannot be told, so every row counts as new; the
    ``reason`` says why and is meant for people.
    """

    cursor: str
    empty: bool = False
    rescan: bool = False
    reason: str = ""


class Txn(NamedTuple):
    """Application transaction of a hop: ``app`` has written everything up to batch ``seq``."""

    app: str
    seq: int


class Engine(Protocol):
    """Finds, moves and stores batches.

    Every batch that leaves an engine has the plain types of ``engines.normal``, whatever stored it; strings may be
    dictionary-encoded. Row order is not promised.
    """

    def schema(self, table: TableRef, cursor: str | None = None) -> pa.Schema:
        """Columns and plain types.

        Raises:
            Faulty: E301 there is no such table or it is unreadable; E306 it uses a feature this engine cannot read.
        """

    def changed(self, table: TableRef, cursor: str | None) -> Changes:
        """Compare the table as it is now with the state a cursor names; ``None`` means nothing was read before."""

    def new_rows(
        self,
        table: TableRef,
        cursor: str | None,
        changes: Changes,
        columns: Sequence[str] | None = None,
        *,
        removed: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """Rows that arrived between ``cursor`` and ``changes.cursor``; all of them after a rescan.

        With ``removed`` also the rows that went (deleted, or the former state of an updated row), where the table
        tells them: for finding the windows to count again.
        """

    def scan(
        self,
        table: TableRef,
        columns: Sequence[str] | None = None,
        *,
        time_column: str | None = None,
        spans: Sequence[Window] | None = None,
        cursor: str | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Rows as of a cursor, in batches of about ``BATCH_ROWS``.

        With ``time_column`` and ``spans`` only rows whose time lies in one of the spans, where the column is a
        timestamp (one without a zone is UTC) or a date; of any other type every row is yielded.
        """

    def scan_parts(
        self,
        table: TableRef,
        columns: Sequence[str] | None = None,
        *,
        time_column: str | None = None,
        spans: Sequence[Window] | None = None,
        cursor: str | None = None,
    ) -> Sequence[Iterator[pa.RecordBatch]]:
        """The rows of a scan in parts that threads may read at once, each by itself; at least one part.

        Together they give the rows of ``scan``, each once. Parts and the rows of each come in the same order each time
        where the table's files are read one by one.
        """

    def read(
        self, table: TableRef, where: str | None = None, columns: Sequence[str] | None = None, cursor: str | None = None
    ) -> pa.Table:
        """A small result as one table; ``where`` is a SQL predicate, its times ISO text."""

    def sample(self, table: TableRef, most: int) -> Sample:
        """At most ``most`` rows, spread over the table in its order, and how many there are.

        Bounded where the storage allows it: of Parquet and plain Delta some row groups are read, of CSV every row.
        """

    def write(
        self,
        table: TableRef,
        data: pa.Table,
        *,
        txn: Txn,
        replace: str | None = None,
        partition_by: Sequence[str] = (),
    ) -> bool:
        """One hop: append, or replace the rows that satisfy a predicate, and record ``txn``, in one commit.

        Safe to repeat: False, and nothing written, where the table has recorded this or a later transaction of the
        same app. A table that does not exist is created with the schema of ``data``; columns and struct fields that
        the table lacks are added. Data without rows still records the transaction.

        Raises:
            Faulty: E301 the place cannot be written.
            TryAgain: other writers won every attempt.
        """

    def stored_seq(self, table: TableRef, app: str) -> int | None:
        """The transaction that an app has recorded last; None where there is none, or no table."""

    def evaluate(self, batch: pa.RecordBatch, expressions: Mapping[str, str]) -> dict[str, pa.BooleanArray]:
        """SQL booleans over the rows of a batch, by name; null where the expression is."""

    def is_boolean(self, sql: str, schema: pa.Schema) -> str | None:
        """None where ``sql`` is one boolean of a row, else what is wrong with it."""
