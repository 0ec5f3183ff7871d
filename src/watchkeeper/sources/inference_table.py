"""The inference table that AI Gateway keeps for a Databricks serving endpoint: one row is one HTTP request.

A request of k rows gives k events. Its status, duration and weight stand on each of them and count at row 0. A row
that is not ``ok`` is one event without inputs. The time is ``request_time``; where that is missing or absurd,
midnight of ``request_date``; a row with neither belongs to no window and is counted in ``Notes.untimed``.

Of a request the rows are read, not ``params``; of a response what stands under ``predictions`` or ``outputs``. All
inputs are kept, whichever of them a monitor watches. An unnamed value is called by its place: ``0``, ``1``, …
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.sources import assembly, identity
from watchkeeper.sources.base import Notes, UnpackOptions, missing_column
from watchkeeper.sources.bodies import Answer, Json
from watchkeeper.sources.classes import class_array
from watchkeeper.sources.frames import Frame, Misfits
from watchkeeper.sources.logged import COLUMNS, Logged
from watchkeeper.sources.predictions import Predicted, read_answers
from watchkeeper.sources.standing import Standing, standing
from watchkeeper.sources.values import NAMED_TYPES

TELLING = ("request_time", "execution_duration_ms", "served_entity_id")
"""The columns by which the format is recognised."""
_BODIES = ("request", "response")


@dataclass(frozen=True)
class InferenceTable:
    """Family B of Databricks' inference tables."""

    name: str = "inference_table"

    def recognises(self, schema: pa.Schema) -> float:
        """1 where the telling columns and both bodies are there, else 0."""
        return float(all(name in schema.names for name in (*TELLING, *_BODIES)))

    def reads(self, schema: pa.Schema, options: UnpackOptions) -> list[str]:
        wanted = {*COLUMNS, options.columns.version}
        return [name for name in schema.names if name in wanted]

    def time_column(self, options: UnpackOptions) -> str:  # noqa: ARG002
        return "request_time"

    def infer(self, batch: pa.RecordBatch, options: UnpackOptions) -> tuple[pa.StructType, pa.StructType]:
        reading = _Reading.of(batch, options)
        return reading.inputs.infer(_declared(options)), reading.predicted.rest.infer({})

    def unpack(self, batch: pa.RecordBatch, options: UnpackOptions) -> pa.RecordBatch:
        return _Reading.of(batch, options).events()


SOURCE = InferenceTable()


def _declared(options: UnpackOptions) -> dict[str, pa.DataType]:
    return {name: NAMED_TYPES[type_] for name, type_ in options.columns.types.items()}


@dataclass(frozen=True)
class _Reading:
    """A batch read: where each logged row's events stand, their inputs and answers.

    ``row`` is the logged row of each event, ``first`` the first event of each logged row.
    """

    options: UnpackOptions
    logged: Logged
    standings: list[Standing]
    first: NDArray[np.int64]
    row: NDArray[np.int64]
    inputs: Frame
    predicted: Predicted

    @classmethod
    def of(cls, batch: pa.RecordBatch, options: UnpackOptions) -> _Reading:
        logged = Logged.of(batch, options)
        facts = zip(*logged.bodies, logged.status_code, logged.codes, strict=True)
        standings = [standing(asked, answered, code, codes or ()) for asked, answered, code, codes in facts]
        count = np.array([1 if each.rows is None else each.rows.count for each in standings], np.int64)
        first, row = np.cumsum(count) - count, np.repeat(np.arange(count.size), count)
        inputs, answers = _contents(standings, first.tolist(), row.size)
        predicted = read_answers(answers, row.size, options.columns)
        return cls(options, logged, standings, first, row, inputs, predicted)

    def events(self) -> pa.RecordBatch:
        misfits: Misfits = {int(self.first[at]): list(unfit) for at, unfit in self.logged.misfits.items()}
        declared = _declared(self.options)
        inputs = _typed(self.inputs, self.options.inputs, declared, misfits)
        outputs = _typed(self.predicted.rest, self.options.outputs, {}, misfits)
        predicted = self._predictions()
        for at, unfit in self.predicted.misfits.items():
            misfits.setdefault(at, []).extend(unfit)
        unwatched = self.inputs.unwatched(inputs.type) | self.predicted.rest.unwatched(outputs.type)
        identified, facts = self._identities(inputs), self._facts()
        content = {"inputs": inputs, "outputs": outputs, "misfits": assembly.misfit_maps(misfits, self.row.size)}
        notes = Notes(self.logged.untimed, tuple(unwatched))
        return assembly.events(identified | facts | predicted | content, self.row.size, notes)

    def _facts(self) -> dict[str, Any]:
        """What the log says of each request, on each of its events."""
        logged, options, at = self.logged, self.options, pa.array(self.row)
        hashes = {each: identity.keyed_hash(options.privacy_key, each) for each in set(logged.requester)}
        time = logged.time.take(at)
        return {
            "event_time": time,
            "event_date": time.cast(pa.date32()),
            "batch_seq": assembly.constant(options.batch_seq, pa.int64(), self.row.size),
            "model_version": logged.version.take(at),
            "parse_status": self._spread([each.status.value for each in self.standings]),
            "logging_error_codes": self._spread(logged.codes),
            "status_code": self._spread(logged.status_code),
            "latency_ms": logged.latency_ms.take(at),
            "weight": logged.weight.take(at),
            "requester": self._spread([hashes[each] for each in logged.requester]),
            "row_hash": self._spread(logged.row_hash),
        }

    def _predictions(self) -> dict[str, pa.Array]:
        score = self.predicted.scores()
        decision = self.predicted.decisions(score, self.options.columns, self.options.binary)
        return {"score": score, "decision": decision, "class_scores": self.predicted.class_scores()}

    def _identities(self, inputs: pa.StructArray) -> dict[str, Any]:
        options, size = self.options, self.row.size
        request_id = self._spread(self.logged.request_id)
        row_index = np.arange(size) - self.first[self.row]
        counts = np.diff(np.append(self.first, size))[self.row]
        said = class_array([_id(each.client_request_id) for each in self.standings]).to_pylist()
        client_id = [column or body or None for column, body in zip(self.logged.client_id, said, strict=True)]
        known = {"request_id": request_id, "databricks_request_id": request_id, "row_index": row_index}
        known["client_request_id"] = self._spread(client_id)
        return {
            "event_id": identity.event_ids(options.source_id, request_id, row_index.tolist()),
            "source_id": assembly.constant(options.source_id, pa.string(), size),
            "request_id": request_id,
            "row_index": pa.array(row_index.astype(np.int32)),
            "rows_in_request": pa.array(counts.astype(np.int32)),
            "join_key": _join_key(options, known, inputs),
            "raw_ref": [f"{options.table}#{each}" for each in request_id],
        }

    def _spread(self, values: list[Any]) -> list[Any]:
        """Values of logged rows, on each of their events."""
        return [values[at] for at in self.row.tolist()]


def _contents(standings: list[Standing], first: list[int], size: int) -> tuple[Frame, list[tuple[int, Answer]]]:
    """The inputs of all requests, and first event and answer of each."""
    inputs, answers = Frame(size), []
    for start, each in zip(first, standings, strict=True):
        if each.rows is not None and each.answer is not None:
            answers.append((start, each.answer))
            for names, offset, rows in each.rows.parts:
                inputs.add(names, range(start + offset, start + offset + len(rows)), rows)
    return inputs, answers


def _typed(
    frame: Frame, kept: pa.StructType | None, declared: dict[str, pa.DataType], misfits: Misfits
) -> pa.StructArray:
    types = frame.infer(declared) if kept is None else kept
    return assembly.struct(frame.columns(types, declared, misfits), types, frame.size)


def _join_key(options: UnpackOptions, known: dict[str, Any], inputs: pa.StructArray) -> pa.Array | None:
    """The join key of each event; null where a feature it needs has no value or was not seen yet."""
    names = options.columns.join
    missing = [name for name in names if name not in known and inputs.type.get_field_index(name) < 0]
    if missing and options.inputs is not None:
        raise missing_column("labels.join", missing[0], [*known, *(each.name for each in inputs.type)])
    if missing or not names:
        return None
    values = [known[name] if name in known else pc.struct_field(inputs, name) for name in names]
    return identity.join_keys([value if isinstance(value, pa.Array) else pa.array(value) for value in values])


def _id(value: Json) -> Json:
    """An id as a body gives it; lists and objects are none."""
    return None if isinstance(value, list | dict) else value
