"""What a log format is, what it is told, and what it says beside the events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import pyarrow as pa

from watchkeeper.errors import Fault, Faulty
from watchkeeper.spec.monitor import ColumnsSpec

MOST_COLUMNS = 1_000
"""A log with more distinct feature keys than this is read without the rarer ones; they are named as unwatched."""
MOST_NAMED = 100
"""How many unwatched names one batch reports."""


@dataclass(frozen=True, slots=True)
class ColumnMap(ColumnsSpec):
    """The ``columns`` of a monitor, and the names its labels are joined on or the column they stand in."""

    join: tuple[str, ...] = ()
    label: str | None = None

    @classmethod
    def of(cls, columns: ColumnsSpec, join: tuple[str, ...] = (), label: str | None = None) -> ColumnMap:
        """The columns of a monitor file with the join names of its labels, or the column they stand in."""
        named = {each.name: getattr(columns, each.name) for each in fields(ColumnsSpec)}
        return cls(**named, join=join, label=label)

    def watches(self, name: str) -> bool:
        """Whether a feature of this name is among those asked for."""
        wanted = self.features.only is None or name in self.features.only
        return wanted and name not in self.features.without


@dataclass(frozen=True, slots=True)
class UnpackOptions:
    """How to read one batch of one source.

    Attributes:
        source_id: names the source in event ids.
        batch_seq: the batch that the events arrive with.
        table: ``name@version`` of what is read.
        privacy_key: key of the hashes that stand for requesters.
        inputs: the kept types of the features by column name; None infers them from the batch.
        outputs: the same for what the model returned beside score and decision.
        columns: where the parts of a prediction stand.
        binary: decisions are ``"1"`` (``columns.positive``) and ``"0"`` (anything else); False keeps the class.
        identities: False leaves event ids, row hashes and raw references without ids where a format derives them by
            hashing every row and nothing asks for them. Formats whose events are stored always fill them.
    """

    source_id: str
    batch_seq: int
    table: str
    privacy_key: bytes
    inputs: pa.StructType | None = None
    outputs: pa.StructType | None = None
    columns: ColumnMap = ColumnMap()
    binary: bool = True
    identities: bool = True


class Source(Protocol):
    """One log format."""

    @property
    def name(self) -> str:
        """Its name in a monitor file, the name of its module."""

    def recognises(self, schema: pa.Schema) -> float:
        """How surely a table of this schema is of this format, 0 to 1; by columns, never by the table's name."""

    def reads(self, schema: pa.Schema, options: UnpackOptions) -> list[str]:
        """The columns of a table that ``unpack`` needs, in the table's order."""

    def time_column(self, options: UnpackOptions) -> str:
        """The column that holds the event time; a dotted path reaches into a struct."""

    def infer(self, batch: pa.RecordBatch, options: UnpackOptions) -> tuple[pa.StructType, pa.StructType]:
        """Types of the inputs and outputs that a batch shows, in order of name.

        A key whose values are all null has no type and is left out.
        """

    def unpack(self, batch: pa.RecordBatch, options: UnpackOptions) -> pa.RecordBatch:
        """The events of a batch, in ``schemas.events``, and ``notes`` in the metadata of its schema.

        Every logged row gives at least one event, except those counted in ``Notes.untimed``.

        Raises:
            Faulty: the columns named do not exist or have types that cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Notes:
    """What unpacking found beside the events.

    Attributes:
        untimed: logged rows without a usable time. They belong to no window and are not among the events.
        unwatched: keys seen that are not among the kept types, at most ``MOST_NAMED``, in order of name.
    """

    untimed: int = 0
    unwatched: tuple[str, ...] = ()


def with_notes(schema: pa.Schema, notes: Notes) -> pa.Schema:
    """A schema that carries notes in its metadata, under ``untimed`` and ``unwatched`` (a JSON list)."""
    unwatched = json.dumps(sorted(notes.unwatched)[:MOST_NAMED])
    return schema.with_metadata({b"untimed": str(notes.untimed).encode(), b"unwatched": unwatched.encode()})


def notes_of(events: pa.RecordBatch) -> Notes:
    """The notes that ``unpack`` left with a batch of events."""
    metadata: Mapping[bytes, bytes] = events.schema.metadata or {}
    unwatched = json.loads(metadata.get(b"unwatched", b"[]"))
    return Notes(int(metadata.get(b"untimed", b"0")), tuple(unwatched))


def missing_column(path: str, name: str, there: Sequence[str]) -> Faulty:
    """E302: a column that the monitor names is not in the table."""
    listed = ", ".join(sorted(there)[:40]) or "none"
    return Faulty([Fault("E302", f"no column '{name}'", f"there are: {listed}", path=path)])


def wrong_type(path: str, name: str, type_: pa.DataType, wanted: str, fix: str = "") -> Faulty:
    """E303: a column has a type that cannot be what the monitor takes it for."""
    return Faulty([Fault("E303", f"column '{name}' is {type_}, not {wanted}", fix, path=path)])
