"""What the bodies of logged rows say, and the reading of each body by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.sources import assembly, casts
from watchkeeper.sources.base import UnpackOptions
from watchkeeper.sources.bodies import Answer, Json
from watchkeeper.sources.classes import class_array
from watchkeeper.sources.frames import Frame, Misfits
from watchkeeper.sources.logged import Logged
from watchkeeper.sources.predictions import Predicted, read_answers
from watchkeeper.sources.standing import Standing, standing
from watchkeeper.sources.values import NAMED_TYPES

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Contents:
    """What some logged rows say.

    Attributes:
        at: the logged rows, each of which has at least one event.
        count: the events of each.
        status: the parse status of each.
        client_id: the client's id that the body of each gives.
        inputs, outputs, score, decision, class_scores: by event.
        misfits: by event.
        unwatched: names that no kept type reads.
    """

    at: Ints
    count: Ints
    status: pa.Array
    client_id: pa.Array
    inputs: pa.StructArray
    outputs: pa.StructArray
    score: pa.Array
    decision: pa.Array
    class_scores: pa.Array
    misfits: Misfits
    unwatched: set[str]


def declared(options: UnpackOptions) -> dict[str, pa.DataType]:
    """The types that the monitor file names."""
    return {name: NAMED_TYPES[type_] for name, type_ in options.columns.types.items()}


@dataclass(frozen=True)
class Bodies:
    """The bodies of some logged rows, each parsed by itself."""

    options: UnpackOptions
    at: Ints
    standings: Sequence[Standing]
    count: Ints
    inputs: Frame
    predicted: Predicted

    @classmethod
    def of(cls, logged: Logged, at: Ints, options: UnpackOptions) -> Bodies:
        some = logged.take(at)
        facts = (casts.texts(some.request), casts.texts(some.response), some.status_code.to_pylist(), some.codes)
        standings = [
            standing(asked, answered, code, codes.as_py() or ())
            for asked, answered, code, codes in zip(*facts, strict=True)
        ]
        count = np.array([1 if each.rows is None else each.rows.count for each in standings], np.int64)
        first = np.cumsum(count) - count
        inputs, answers = _rows(standings, first.tolist(), int(count.sum()))
        return cls(options, at, standings, count, inputs, read_answers(answers, inputs.size, options.columns))

    def contents(self) -> Contents:
        misfits: Misfits = {}
        inputs = _typed(self.inputs, self.options.inputs, declared(self.options), misfits)
        outputs = _typed(self.predicted.rest, self.options.outputs, {}, misfits)
        score = self.predicted.scores()
        decision = self.predicted.decisions(score, self.options.columns, self.options.binary)
        for at, unfit in self.predicted.misfits.items():
            misfits.setdefault(at, []).extend(unfit)
        return Contents(
            at=self.at,
            count=self.count,
            status=pa.array([each.status.value for each in self.standings], pa.string()),
            client_id=class_array([_id(each.client_request_id) for each in self.standings]),
            inputs=inputs,
            outputs=outputs,
            score=score,
            decision=decision,
            class_scores=self.predicted.class_scores(),
            misfits=misfits,
            unwatched=self.inputs.unwatched(inputs.type) | self.predicted.rest.unwatched(outputs.type),
        )


def _rows(standings: Sequence[Standing], first: list[int], size: int) -> tuple[Frame, list[tuple[int, Answer]]]:
    """The inputs of all requests, and first event and answer of each."""
    inputs, answers = Frame(size), []
    for start, each in zip(first, standings, strict=True):
        if each.rows is not None and each.answer is not None:
            answers.append((start, each.answer))
            for names, offset, rows in each.rows.parts:
                inputs.add(names, range(start + offset, start + offset + len(rows)), rows)
    return inputs, answers


def _typed(
    frame: Frame, kept: pa.StructType | None, declared_: dict[str, pa.DataType], misfits: Misfits
) -> pa.StructArray:
    types = frame.infer(declared_) if kept is None else kept
    return assembly.struct(frame.columns(types, declared_, misfits), types, frame.size)


def _id(value: Json) -> Json:
    """An id as a body gives it; lists and objects are none."""
    return None if isinstance(value, list | dict) else value
