"""A table with one row per prediction, or a text file of such rows, read through the column map of a monitor.

Without an id column there are no request and event ids (both ``""``): equal rows stay separate rows, and a window is
recounted whole. Rows without a usable time belong to no window; they are counted in ``Notes.untimed``.

What a column becomes as a feature:

=====================================  =====================================================================
numbers, decimals                      double (or bigint where ``types`` says so)
booleans                               boolean
texts                                  string; dictionaries stay dictionaries
texts, where every column is text      what most of its values spell: double, boolean or string
dates, times, lengths of time          watched only if named in ``only``: double, in seconds
lists, structs, maps                   watched only if named in ``only``: string, as JSON
binary                                 cannot be watched
=====================================  =====================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.errors import Fault, Faulty
from watchkeeper.schemas import TIME
from watchkeeper.sources import assembly, casts, identity, row_features
from watchkeeper.sources.base import ColumnMap, Notes, UnpackOptions, missing_column, wrong_type
from watchkeeper.sources.classes import class_texts, decided
from watchkeeper.sources.frames import Misfits
from watchkeeper.sources.naming import keys_of
from watchkeeper.sources.values import json_text
from watchkeeper.spec.monitor import Threshold
from watchkeeper.terms import ParseStatus

ANY_TABLE = 0.1
"""How surely any table is one of rows: less than every format that has telling columns."""


@dataclass(frozen=True)
class RowTable:
    """One row per prediction."""

    name: str = "rows"

    def recognises(self, schema: pa.Schema) -> float:
        """``ANY_TABLE`` for any table that has columns."""
        return ANY_TABLE if len(schema) else 0.0

    def reads(self, schema: pa.Schema, options: UnpackOptions) -> list[str]:
        wanted = {
            casts.root_of(schema, path)[0] for path in [*row_features.mapped(options.columns), *options.columns.join]
        }
        kept = (name for name, _ in keys_of(each.name for each in options.inputs or ()))
        named = kept if options.inputs is not None else row_features.candidates(schema, options.columns)
        wanted |= {casts.root_of(schema, name)[0] for name in named}
        return [name for name in schema.names if name in wanted]

    def time_column(self, options: UnpackOptions) -> str:
        return _time_path(options.columns)

    def infer(self, batch: pa.RecordBatch, options: UnpackOptions) -> tuple[pa.StructType, pa.StructType]:
        return row_features.inferred(batch, options)[0], pa.struct([])

    def unpack(self, batch: pa.RecordBatch, options: UnpackOptions) -> pa.RecordBatch:
        if options.inputs is None:
            inputs, left_out = row_features.inferred(batch, options)
        else:
            inputs, left_out = options.inputs, row_features.unwatched(batch.schema, options)
        timed, time = _timed(batch, options.columns)
        return _events(timed, time, inputs, options, Notes(len(batch) - len(timed), left_out))

    def flat(self, batch: pa.RecordBatch, options: UnpackOptions) -> pa.RecordBatch:
        """What a scan counts of a batch: some columns of ``unpack``, and the features beside them.

        Columns of events that every row of a table has alike are left out, and so are those that are only stored.

        Args:
            options: with the kept types of the features as ``inputs``.
        """
        batch, time = _timed(batch, options.columns)
        misfits: Misfits = {}
        facts = _facts(batch, time, options, misfits)
        if options.columns.label is not None:
            facts["label"] = _classes(batch, options.columns.label, "label", options)
        if options.identities:
            facts |= {name: found for name, found in _identities(batch, options).items() if name in _TOLD_APART_BY}
        facts |= row_features.arrays_of(batch, options.inputs or pa.struct([]), options, misfits)
        if misfits:
            facts["misfits"] = assembly.misfit_maps(misfits, len(batch))
        return pa.RecordBatch.from_pydict({name: column for name, column in facts.items() if column is not None})


SOURCE = RowTable()
_TOLD_APART_BY = ("event_id", "row_hash", "join_key")


def _time_path(columns: ColumnMap) -> str:
    if columns.time is None:
        fix = "name the column that says when each prediction was made"
        raise Faulty([Fault("E305", "a table of rows has no time of its own", fix, path="columns.time")])
    return columns.time


def _mapped(batch: pa.RecordBatch, path: str, part: str) -> pa.Array:
    column = casts.find(batch, path)
    if column is None:
        raise missing_column(f"columns.{part}", path, batch.schema.names)
    return column


def _timed(batch: pa.RecordBatch, columns: ColumnMap) -> tuple[pa.RecordBatch, pa.Array]:
    """The rows that have a usable time, and that."""
    time = _time(batch, columns)
    if not time.null_count:
        return batch, time
    timed = time.is_valid()
    return batch.filter(timed), time.filter(timed)


def _time(batch: pa.RecordBatch, columns: ColumnMap) -> pa.Array:
    path = _time_path(columns)
    column = _mapped(batch, path, "time")
    try:
        return casts.times(column)[0]
    except TypeError:
        raise wrong_type("columns.time", path, column.type, "a time") from None


def _events(
    batch: pa.RecordBatch, time: pa.Array, inputs: pa.StructType, options: UnpackOptions, notes: Notes
) -> pa.RecordBatch:
    size = len(batch)
    misfits: Misfits = {}
    features = row_features.struct_of(batch, inputs, options, misfits)
    facts = _facts(batch, time, options, misfits) | {
        "source_id": assembly.constant(options.source_id, pa.string(), size),
        "row_index": assembly.constant(0, pa.int32(), size),
        "rows_in_request": assembly.constant(1, pa.int32(), size),
        "event_date": time.cast(pa.date32()),
        "batch_seq": assembly.constant(options.batch_seq, pa.int64(), size),
        "parse_status": assembly.constant(ParseStatus.OK.value, pa.string(), size),
        "inputs": features,
    }
    facts |= {name: casts.plain(facts[name]) for name in ("model_version", "decision")}
    facts["misfits"] = assembly.misfit_maps(misfits, size)
    return assembly.events(facts | _identities(batch, options), size, notes)


def _facts(batch: pa.RecordBatch, time: pa.Array, options: UnpackOptions, misfits: Misfits) -> dict[str, Any]:
    """What each row says of its prediction."""
    columns = options.columns
    score = _score(batch, columns, misfits)
    return {
        "event_time": time.cast(TIME),
        "model_version": _version(batch, columns),
        "weight": _weight(batch, columns, misfits),
        "score": score,
        "decision": _decision(batch, score, options),
    }


def _score(batch: pa.RecordBatch, columns: ColumnMap, misfits: Misfits) -> pa.Array:
    if columns.score is None:
        return pa.nulls(len(batch), pa.float64())
    return _numbers(batch, columns.score, "score", misfits)


def _numbers(batch: pa.RecordBatch, path: str, part: str, misfits: Misfits) -> pa.Array:
    column = _mapped(batch, path, part)
    try:
        numbers, unfit = casts.doubles(column)
    except TypeError:
        raise wrong_type(f"columns.{part}", path, column.type, "a number") from None
    for at, text in unfit:
        misfits.setdefault(at, []).append((part, text))
    return numbers


def _weight(batch: pa.RecordBatch, columns: ColumnMap, misfits: Misfits) -> pa.Array:
    """How many rows each row stands for; what is not above 0 counts as 1 and is a misfit, none as 1."""
    if columns.weight is None:
        return assembly.constant(1.0, pa.float64(), len(batch))
    numbers = _numbers(batch, columns.weight, "weight", misfits)
    values: NDArray[np.float64] = numbers.to_numpy(zero_copy_only=False)
    sound = np.isfinite(values) & (values > 0)
    given = numbers.is_valid().to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(given & ~sound).tolist():
        misfits.setdefault(at, []).append(("weight", json_text(float(values[at]))))
    return pa.array(np.where(sound, values, 1.0))


def _decision(batch: pa.RecordBatch, score: pa.Array, options: UnpackOptions) -> pa.Array:
    columns = options.columns
    if isinstance(columns.decision, Threshold):
        return decided(score, columns.decision.value)
    return _classes(batch, columns.decision, "decision", options)


def _classes(batch: pa.RecordBatch, path: str | None, part: str, options: UnpackOptions) -> pa.Array:
    """Classes as text in a dictionary; every distinct value is looked at once."""
    if path is None:
        return pa.nulls(len(batch), pa.string())
    column = _mapped(batch, path, part)
    if pa.types.is_nested(column.type):
        raise wrong_type(f"columns.{part}", path, column.type, "a class")
    encoded = identity.encoded(column)
    texts = class_texts(encoded.dictionary, options.columns.positive, binary=options.binary)
    return pa.DictionaryArray.from_arrays(encoded.indices, texts)


def _version(batch: pa.RecordBatch, columns: ColumnMap) -> pa.Array:
    if columns.version is None:
        return assembly.constant("", pa.string(), len(batch))
    encoded = identity.encoded(_mapped(batch, columns.version, "version"))
    texts = identity.key_texts(encoded.dictionary)
    if encoded.null_count or texts.null_count:
        return pc.fill_null(texts.take(encoded.indices), "")
    return pa.DictionaryArray.from_arrays(encoded.indices, texts)


def _identities(batch: pa.RecordBatch, options: UnpackOptions) -> dict[str, Any]:
    """Join keys where the map has join names; ids and row hashes where there is an id column and they are asked for."""
    size = len(batch)
    nothing = assembly.constant("", pa.string(), size)
    joined = _join_key(batch, options.columns)
    if options.columns.id is None or not options.identities:
        raw_ref = assembly.constant(f"{options.table}#", pa.string(), size)
        return {
            "event_id": nothing,
            "request_id": nothing,
            "row_hash": nothing,
            "raw_ref": raw_ref,
            "join_key": joined,
        }
    request_id = pc.fill_null(identity.key_texts(_mapped(batch, options.columns.id, "id")), "")
    names = [name or "" for name in casts.readable(request_id)]
    return {
        "event_id": identity.event_ids(options.source_id, pa.array(names, pa.string()), pa.repeat(0, size)),
        "request_id": names,
        "row_hash": _row_hashes(batch, options.columns),
        "raw_ref": [f"{options.table}#{name}" for name in names],
        "join_key": joined,
    }


def _row_hashes(batch: pa.RecordBatch, columns: ColumnMap) -> list[str]:
    """The hash of what a row says in the columns that the map names, whatever types are kept of them."""
    candidates = row_features.candidates(batch.schema, columns)
    paths = sorted({*row_features.mapped(columns), *candidates})
    found = [casts.find(batch, path) for path in paths]
    return identity.content_hashes([column for column in found if column is not None], len(batch))


def _join_key(batch: pa.RecordBatch, columns: ColumnMap) -> pa.Array | None:
    if not columns.join:
        return None
    found = [casts.find(batch, name) for name in columns.join]
    missing = [name for name, column in zip(columns.join, found, strict=True) if column is None]
    if missing:
        raise missing_column("labels.join", missing[0], batch.schema.names)
    return identity.join_keys([column for column in found if column is not None])
