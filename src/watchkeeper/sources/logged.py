"""The logged rows of an inference table, column by column, before their bodies are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.sources import casts, identity
from watchkeeper.sources.base import UnpackOptions, missing_column, wrong_type
from watchkeeper.sources.frames import Misfits
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
_IDS = ("databricks_request_id", "client_request_id", "requester")
_LARGEST_STATUS = 2**31 - 1
_CODE = re.compile(r"\w+")


@dataclass(frozen=True)
class Logged:
    """The rows that have a time. ``untimed`` counts the others; ``misfits`` holds facts that cannot be, by row."""

    time: pa.Array
    request_id: list[str]
    client_id: list[str | None]
    status_code: list[int | None]
    latency_ms: pa.Array
    weight: pa.Array
    codes: list[list[str] | None]
    version: pa.Array
    requester: list[str | None]
    bodies: tuple[list[str | bytes | None], list[str | bytes | None]]
    row_hash: list[str]
    misfits: Misfits
    untimed: int

    @classmethod
    def of(cls, batch: pa.RecordBatch, options: UnpackOptions) -> Logged:
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
        bodies = (_raw(batch, "request"), _raw(batch, "response"))
        arrays = [array.to_pylist() for array in (time.cast(pa.int64()), latency, weight, version)]
        return cls(
            time=time,
            request_id=[each or "" for each in request_id],
            client_id=[each or None for each in client_id],
            status_code=status,
            latency_ms=latency,
            weight=weight,
            codes=codes,
            version=version,
            requester=requester,
            bodies=bodies,
            row_hash=_hashes([*arrays, status, codes, request_id, client_id, requester], bodies),
            misfits=misfits,
            untimed=untimed,
        )


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


def _status(numbers: pa.Array, misfits: Misfits) -> list[int | None]:
    status: list[int | None] = []
    for at, value in enumerate(numbers.to_pylist()):
        whole = value is not None and value.is_integer() and abs(value) <= _LARGEST_STATUS
        status.append(int(value) if whole else None)
        if value is not None and not whole:
            misfits.setdefault(at, []).append(("status_code", json_text(value)))
    return status


def _texts(batch: pa.RecordBatch, name: str) -> list[str | None]:
    column = _column(batch, name)
    return casts.readable(column if casts.is_text(column.type) else identity.key_texts(column))


def _raw(batch: pa.RecordBatch, name: str) -> list[str | bytes | None]:
    column = _column(batch, name)
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        column = column.cast(pa.binary()).view(pa.string())
    if not (casts.is_text(column.type) or pa.types.is_null(column.type)):
        raise wrong_type("source", name, column.type, "JSON text")
    return casts.texts(column)


def _codes(batch: pa.RecordBatch) -> list[list[str] | None]:
    column = _column(batch, "logging_error_codes")
    if casts.is_text(column.type):  # a text file holds the list as one text
        return [_CODE.findall(text or "") for text in casts.readable(column)]
    try:
        return column.cast(COLUMNS["logging_error_codes"]).to_pylist()
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
    return pc.fill_null(pa.array(casts.readable(identity.key_texts(column)), pa.string()), "")


def _hashes(facts: Sequence[Sequence[Any]], bodies: Sequence[Sequence[str | bytes | None]]) -> list[str]:
    rows = zip(zip(*facts, strict=True), zip(*bodies, strict=True), strict=True)
    return [identity.row_hash([repr(fact).encode(), *map(_bytes, body)]) for fact, body in rows]


def _bytes(body: str | bytes | None) -> bytes | None:
    return body.encode() if isinstance(body, str) else body
