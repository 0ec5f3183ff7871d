"""The inference table of a Databricks serving endpoint, AI Gateway's or the older kind: one row is one HTTP request.

A request of k rows gives k events. Its status, duration and weight stand on each of them and count at row 0. A row
that is not ``ok`` is one event without inputs. The time is ``request_time``; where that is missing or absurd,
midnight of ``request_date``; a row with neither belongs to no window and is counted in ``Notes.untimed``.

Of a request the rows are read, not ``params``; of a response what stands under ``predictions`` or ``outputs``. All
inputs are kept, whichever of them a monitor watches. An unnamed value is called by its place: ``0``, ``1``, …

The older kind is known by ``timestamp_ms`` and ``request_metadata``; it names no caller, nor why a body is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.sources import assembly, identity
from watchkeeper.sources.base import Notes, UnpackOptions, missing_column, with_notes
from watchkeeper.sources.contents import Bodies, Contents, declared
from watchkeeper.sources.frames import Misfits
from watchkeeper.sources.legacy import METADATA, RENAMED, is_legacy
from watchkeeper.sources.logged import COLUMNS, NO_TEXT, Logged
from watchkeeper.sources.outline import Alike
from watchkeeper.sources.requests_alike import read_alike

TELLING = ("request_time", "execution_duration_ms", "served_entity_id")
"""The columns by which the format is recognised."""
_BODIES = ("request", "response")
SLICE = 8_192
"""Logged rows that are read at a time: their bytes stay near the processor."""


@dataclass(frozen=True)
class InferenceTable:
    """Families A and B of Databricks' inference tables."""

    name: str = "inference_table"

    def recognises(self, schema: pa.Schema) -> float:
        """1 where the telling columns and both bodies are there, else 0."""
        told = is_legacy(schema) or all(name in schema.names for name in TELLING)
        return float(told and all(name in schema.names for name in _BODIES))

    def reads(self, schema: pa.Schema, options: UnpackOptions) -> list[str]:
        wanted = {*COLUMNS, options.columns.version} | ({*RENAMED, METADATA} if is_legacy(schema) else set())
        return [name for name in schema.names if name in wanted]

    def time_column(self, options: UnpackOptions) -> str:  # noqa: ARG002
        return "request_time"

    def infer(self, batch: pa.RecordBatch, options: UnpackOptions) -> tuple[pa.StructType, pa.StructType]:
        logged = Logged.of(batch, options)
        bodies = Bodies.of(logged, np.arange(len(logged)), options)
        return bodies.inputs.infer(declared(options)), bodies.predicted.rest.infer({})

    def unpack(self, batch: pa.RecordBatch, options: UnpackOptions) -> pa.RecordBatch:
        typed = options.inputs is not None and options.outputs is not None
        size = SLICE if typed else max(len(batch), 1)
        shapes: list[Alike] = []
        parts = [_unpacked(batch.slice(at, size), options, shapes) for at in range(0, max(len(batch), 1), size)]
        events = assembly.joined([part for part, _ in parts])
        unwatched = {name for _, notes in parts for name in notes.unwatched}
        notes = Notes(sum(notes.untimed for _, notes in parts), tuple(unwatched))
        return events.replace_schema_metadata(with_notes(events.schema, notes).metadata)


SOURCE = InferenceTable()


def _unpacked(batch: pa.RecordBatch, options: UnpackOptions, shapes: list[Alike]) -> tuple[pa.RecordBatch, Notes]:
    """The events of a slice, in the order of the log; adds the shapes it finds to those known."""
    logged = Logged.of(batch, options)
    contents, rest = read_alike(logged, options, shapes)
    if rest.size or not contents:
        contents.append(Bodies.of(logged, rest, options).contents())
    events = [Told(logged.take(part.at), part, options).events() for part in contents]
    notes = Notes(logged.untimed, tuple({name for part in contents for name in part.unwatched}))
    if len(events) == 1:
        return events[0], notes
    at = np.concatenate([np.repeat(part.at, part.count) for part in contents])
    return assembly.joined(events).take(pa.array(np.argsort(at, kind="stable"))), notes


@dataclass(frozen=True)
class Told:
    """Logged rows and what their bodies say, to be told as events."""

    logged: Logged
    contents: Contents
    options: UnpackOptions

    def events(self) -> pa.RecordBatch:
        contents, count = self.contents, self.contents.count
        row = np.repeat(np.arange(count.size), count)
        first = np.cumsum(count) - count
        misfits: Misfits = {int(first[at]): list(unfit) for at, unfit in self.logged.misfits.items()}
        for at, unfit in contents.misfits.items():
            misfits.setdefault(at, []).extend(unfit)
        content = {
            "inputs": contents.inputs,
            "outputs": contents.outputs,
            "score": contents.score,
            "decision": contents.decision,
            "class_scores": contents.class_scores,
            "misfits": assembly.misfit_maps(misfits, row.size),
        }
        single = row.size == count.size
        facts = self._facts() | self._ids() | {"rows_in_request": pa.array(count.astype(np.int32))}
        spread = facts if single else {name: column.take(pa.array(row)) for name, column in facts.items()}
        return assembly.events(
            spread | self._identities(spread, np.arange(row.size) - first[row]) | content, row.size, Notes()
        )

    def _facts(self) -> dict[str, pa.Array]:
        """What the log says of each request."""
        logged, options, size = self.logged, self.options, len(self.logged)
        return {
            "event_time": logged.time,
            "event_date": logged.time.cast(pa.date32()),
            "batch_seq": assembly.constant(options.batch_seq, pa.int64(), size),
            "source_id": assembly.constant(options.source_id, pa.string(), size),
            "model_version": logged.version,
            "parse_status": self.contents.status,
            "logging_error_codes": logged.codes,
            "status_code": logged.status_code,
            "latency_ms": logged.latency_ms,
            "weight": logged.weight,
            "requester": identity.keyed_hashes(options.privacy_key, logged.requester),
            "row_hash": logged.row_hash,
        }

    def _ids(self) -> dict[str, pa.Array]:
        """How each request is called."""
        client_id = pc.coalesce(self.logged.client_id, self.contents.client_id)
        return {
            "request_id": self.logged.request_id,
            "client_request_id": pc.if_else(pc.equal(client_id, ""), NO_TEXT, client_id),
            "raw_ref": pc.binary_join_element_wise(f"{self.options.table}#", self.logged.request_id, ""),
        }

    def _identities(self, facts: dict[str, pa.Array], row_index: NDArray[np.int64]) -> dict[str, Any]:
        """How each event is called."""
        request_id = facts["request_id"]
        known = {"request_id": request_id, "databricks_request_id": request_id, "row_index": pa.array(row_index)}
        known["client_request_id"] = facts["client_request_id"]
        return {
            "event_id": identity.event_ids(self.options.source_id, request_id, known["row_index"]),
            "row_index": pa.array(row_index.astype(np.int32)),
            "join_key": _join_key(self.options, known, self.contents.inputs),
        }


def _join_key(options: UnpackOptions, known: dict[str, pa.Array], inputs: pa.StructArray) -> pa.Array | None:
    """The join key of each event; null where a feature it needs has no value or was not seen yet."""
    names = options.columns.join
    missing = [name for name in names if name not in known and inputs.type.get_field_index(name) < 0]
    if missing and options.inputs is not None:
        raise missing_column("labels.join", missing[0], [*known, *(each.name for each in inputs.type)])
    if missing or not names:
        return None
    return identity.join_keys([known[name] if name in known else pc.struct_field(inputs, name) for name in names])
