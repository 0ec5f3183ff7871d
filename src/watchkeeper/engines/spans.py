"""Spans of time as predicates: as SQL, as a mask over a batch, and against the statistics of a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.terms import Window
from watchkeeper.windows import contiguous


def tells_time(type_: pa.DataType) -> bool:
    """Whether a column of this type can be compared with spans."""
    return pa.types.is_timestamp(type_) or pa.types.is_date(type_)


def sql(column: str, type_: pa.DataType, spans: Sequence[Window]) -> str:
    """A predicate that holds where the column lies in one of the spans; times as ISO text."""
    quoted = '"' + column.replace('"', '""') + '"'
    parts = [
        f"({quoted} >= '{_text(span.start, type_)}' AND {quoted} < '{_text(span.end, type_, up=True)}')"
        for span in contiguous(list(spans))
    ]
    return " OR ".join(parts) if parts else "FALSE"


def within(batch: pa.RecordBatch, column: str, spans: Sequence[Window]) -> pa.RecordBatch:
    """The rows of a batch whose time lies in one of the spans; the batch itself where all do."""
    times = batch.column(column)
    joined = contiguous(list(spans))
    unit = pa.timestamp("us", times.type.tz) if pa.types.is_timestamp(times.type) else times.type
    starts = pa.array([_plain(span.start, unit) for span in joined], unit)
    ends = pa.array([_plain(span.end, unit, up=True) for span in joined], unit)
    kept = _mask(times, starts, ends)
    return batch if kept.all() else batch.filter(pa.array(kept))


def _mask(times: pa.Array, starts: pa.Array, ends: pa.Array) -> NDArray[np.bool_]:
    kind = pa.int32() if pa.types.is_date32(times.type) else pa.int64()
    values = pc.fill_null(times.cast(kind), np.iinfo(kind.to_pandas_dtype()).min).to_numpy(zero_copy_only=False)
    first, last = starts.cast(kind).to_numpy(), ends.cast(kind).to_numpy()
    if not first.size:
        return np.zeros(values.size, bool)
    if values.size and values.min() >= first[0] and values.max() < last[0]:
        return np.ones(values.size, bool)
    span = np.searchsorted(first, values, side="right") - 1
    return (span >= 0) & (values < last[np.maximum(span, 0)])


def may_hold(low: Any, high: Any, type_: pa.DataType, spans: Sequence[Window]) -> bool:
    """Whether a file whose times run from ``low`` to ``high`` (None: not known) can hold rows of the spans."""
    if low is None or high is None:
        return True
    return any(_plain(s.start, type_) <= high and low < _plain(s.end, type_, up=True) for s in spans)


def _plain(at: datetime, type_: pa.DataType, *, up: bool = False) -> datetime | date:
    """A bound as a value of the column's type; an end inside a day covers that day's date."""
    utc = at.astimezone(UTC)
    if pa.types.is_date(type_):
        inside = up and utc.time() != datetime.min.time()
        return utc.date() + timedelta(days=1 if inside else 0)
    return utc if type_.tz else utc.replace(tzinfo=None)


def _text(at: datetime, type_: pa.DataType, *, up: bool = False) -> str:
    value = _plain(at, type_, up=up)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f") + ("Z" if value.tzinfo else "")
    return value.isoformat()
