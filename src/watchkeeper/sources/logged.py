"""The logged rows of an inference table, column by column, before their bodies are read."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.sources import casts, identity
from watchkeeper.sources.base import UnpackOptions, missing_column, wrong_type
from watchkeeper.sources.frames import Misfits
from watchkeeper.sources.legacy import as_current
from watchkeeper.sources.values import json_text

COLUMNS: dict[str, pa.DataType] = {
    "databricks_request_id": pa.string(),
    "request_date": pa.date32(),
    "client_request_id": pa.string(),
    "request_time": pa.timestamp("us", "UTC"),
    "status_code": pa.int32(),
    "sampling_fraction": pa.float64(),
    "execution_duration_ms": pa.float64(),
    "request": pa.string(),
    "response": pa.string(),
    "logging_error_codes": pa.list_(pa.field("element", pa.string())),
    "served_entity_id": pa.string(),
    "requester": pa.string(),
}
"""The columns that are read; any of them may be missing."""
NO_TEXT = pa.scalar(None, pa.string())
_IDS = ("databricks_request_id", "client_request_id", "requester")
_LARGEST_STATUS = 2**31 - 1
_CODE = re.compile(r"\w+")


@dataclass(frozen=True)
class Logged:
    """The rows that have a time. ``untimed`` counts the others; ``misfits`` holds facts that cannot be, by row.

    All columns are as long as there are rows. Ids that are not there are ``""``, a client's null; bodies are texts
    that need not be UTF-8.
    """

    time: pa.Array
    request_id: pa.Array
    client_id: pa.Array
    status_code: pa.Array
    latency_ms: pa.Array
    weight: pa.Array
    codes: pa.Array
    version: pa.Array
    requester: pa.Array
    request: pa.Array
    response: pa.Array
    row_hash: pa.Array
    misfits: Misfits
    untimed: int

    @classmethod
    def of(cls, batch: pa.RecordBatch, options: UnpackOptions) -> Logged:
        batch = as_current(batch)
        time = _time(batch)
        timed = time.is_valid()
        untimed = len(batch) - timed.true_count
        if untimed:
            batch, time = batch.filter(timed), time.filter(timed)
        return cls._timed(batch, time, untimed, options)

    @classmethod
    def _timed(cls, batch: pa.RecordBatch, time: pa.Array, untimed: int, options: UnpackOptions) -> Logged:
        misfits: Misfits = {}
        request_id, client_id, requester = (_texts(batch, name) for name in _IDS)
        latency = _number(batch, "execution_duration_ms", misfits)
        weight = _weight(_number(batch, "sampling_fraction", misfits), misfits)
        status = _status(_number(batch, "status_code", misfits), misfits)
        codes, version = _codes(batch), _version(batch, options)
        request, response = _raw(batch, "request"), _raw(batch, "response")
        facts = [time, latency, weight, status, version, request_id, client_id, requester, _joined(codes)]
        return cls(
            time=time,
            request_id=pc.fill_null(request_id, ""),
            client_id=pc.if_else(pc.equal(client_id, ""), NO_TEXT, client_id),
            status_code=status,
            latency_ms=latency,
            weight=weight,
            codes=codes,
            version=version,
            requester=requester,
            request=request,
            response=response,
            row_hash=identity.row_hashes([*facts, request, response]),
            misfits=misfits,
            untimed=untimed,
        )

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: NDArray[np.int64]) -> Logged:
        """Some of the rows, in the order given; their misfits by their new places."""
        if rows.size == len(self):
            return self
        at = pa.array(rows)
        columns = {each.name: getattr(self, each.name) for each in fields(self)}
        taken = {name: column.take(at) for name, column in columns.items() if isinstance(column, pa.Array)}
        places = {row: place for place, row in enumerate(rows.tolist())} if self.misfits else {}
        return replace(self, **taken, misfits={places[at]: unfit for at, unfit in self.misfits.items() if at in places})


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    places = batch.schema.get_all_field_indices(name)
    return batch.column(places[0]) if places else pa.nulls(len(batch), COLUMNS[name])


def _time(batch: pa.RecordBatch) -> pa.Array:
    found = []
    for name in ("request_time", "request_date"):
        try:
            found.append(casts.times(_column(batch, name))[0])
        except TypeError:
            raise wrong_type("source", name, _column(batch, name).type, "a time") from None
        if not found[-1].null_count:
            break
    return pc.coalesce(*found)


def _number(batch: pa.RecordBatch, name: str, misfits: Misfits) -> pa.Array:
    try:
        numbers, unfit = casts.doubles(_column(batch, name))
    except TypeError:
        raise wrong_type("source", name, _column(batch, name).type, "a number") from None
    for at, text in unfit:
        misfits.setdefault(at, []).append((name, text))
    return numbers


def _weight(fraction: pa.Array, misfits: Misfits) -> pa.Array:
    """1 / fraction; a fraction outside ``(0, 1]`` counts as 1 and is a misfit, none means every request was kept."""
    values: NDArray[np.float64] = fraction.to_numpy(zero_copy_only=False)
    sound = (values > 0) & (values <= 1)
    given = fraction.is_valid().to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(given & ~sound).tolist():
        misfits.setdefault(at, []).append(("sampling_fraction", json_text(float(values[at]))))
    with np.errstate(over="ignore"):
        weight = 1 / np.where(sound, values, 1.0)
    return pa.array(np.where(np.isfinite(weight), weight, 1.0))


def _status(numbers: pa.Array, misfits: Misfits) -> pa.Array:
    values = numbers.to_numpy(zero_copy_only=False)
    whole = (np.trunc(values) == values) & (np.abs(values) <= _LARGEST_STATUS)
    given = numbers.is_valid().to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(given & ~whole).tolist():
        misfits.setdefault(at, []).append(("status_code", json_text(float(values[at]))))
    return pa.array(np.where(whole, values, 0).astype(np.int32), mask=~whole)


def _texts(batch: pa.RecordBatch, name: str) -> pa.Array:
    column = _column(batch, name)
    return casts.valid_texts(column if casts.is_text(column.type) else identity.key_texts(column))


def _raw(batch: pa.RecordBatch, name: str) -> pa.Array:
    column = _column(batch, name)
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        column = column.cast(pa.binary()).view(pa.string())
    if pa.types.is_null(column.type):
        return column.cast(pa.string())
    if not casts.is_text(column.type):
        raise wrong_type("source", name, column.type, "JSON text")
    return casts.plain(column)


def _codes(batch: pa.RecordBatch) -> pa.Array:
    column = _column(batch, "logging_error_codes")
    if casts.is_text(column.type):  # a text file holds the list as one text
        found = [_CODE.findall(text or "") for text in casts.readable(column)]
        return pa.array(found, COLUMNS["logging_error_codes"])
    try:
        return column.cast(COLUMNS["logging_error_codes"])
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise wrong_type("source", "logging_error_codes", column.type, "a list of texts") from None


def _version(batch: pa.RecordBatch, options: UnpackOptions) -> pa.Array:
    path = options.columns.version
    if path is None:
        column = _column(batch, "served_entity_id")
    else:
        found = casts.find(batch, path)
        if found is None:
            raise missing_column("columns.version", path, batch.schema.names)
        column = found
    return pc.fill_null(casts.valid_texts(identity.key_texts(column)), "")


def _joined(codes: pa.Array) -> pa.Array:
    return pc.binary_join(codes, "\0")
