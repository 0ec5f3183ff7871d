"""A bounded look at a table that nothing is known of: at most 200,000 rows, spread over it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.engines.base import Sample, TableRef
from watchkeeper.run.workplace import Workplace
from watchkeeper.sources import casts
from watchkeeper.sources.base import ColumnMap, Source, UnpackOptions
from watchkeeper.sources.bodies import NotJson, UnknownShape, aligned, input_rows, parse, predictions
from watchkeeper.sources.predictions import DECISION_KEYS, EITHER_KEYS, SCORE_KEYS
from watchkeeper.spec.propose.found import Found
from watchkeeper.spec.propose.proposal import Look

MOST_ROWS = 200_000
"""Rows looked at, at most; of a log of requests a tenth, since each has to be parsed."""
_MOST_REQUESTS = 20_000
_TRIED = 200
_MOSTLY = 0.95
_EPOCHS = (6.3e8, 6.3e11, 6.3e14, 6.3e17)
"""1990 in seconds, milliseconds, microseconds and nanoseconds since 1970; a clock that counts from then is above."""
_REACH = 6.6
"""2100 is so many times 1990, both counted from 1970."""
IN_PLACE = "rows"
JOINED = "client_request_id"
"""What callers name their requests by, so that labels find them."""


def look_over(place: Workplace, table: TableRef, *, called: str | None = None) -> tuple[Look, Sample]:
    """Look at a table through the engine.

    Args:
        place: whose engine and plug-ins are used; its store and database are left alone.
        table: where it is.
        called: its name as a monitor file says it.

    Returns:
        What a proposal is made of, and the rows it was made of as the table has them.

    Raises:
        Faulty: E301 there is no such table, or it cannot be read.
    """
    schema = place.engine.schema(table)
    source = _payload_format(place, schema)
    sample = place.engine.sample(table, MOST_ROWS if source is None else _MOST_REQUESTS)
    name = called or table.name
    if source is None:
        return _of_rows(name, sample), sample
    return _of_requests(name, sample, source), sample


def _payload_format(place: Workplace, schema: pa.Schema) -> Source | None:
    """The log format that recognises the columns; None for a table with one row per prediction."""
    sources: Mapping[str, Source] = place.settings.catalog.all("sources")
    best = max(sources.values(), key=lambda one: (one.recognises(schema), one.name))
    return best if best.name != IN_PLACE and best.recognises(schema) > 0 else None


def _of_rows(name: str, sample: Sample) -> Look:
    times = dict(_times(sample.rows))
    return Look(name, sample.rows, times, sample.total, sample.even)


def _times(rows: pa.Table) -> Iterator[tuple[str, pa.Array]]:
    """Columns that can be read as moments: times, ISO texts, numbers of the size of a clock since 1970."""
    for at, field in enumerate(rows.schema):
        column = casts.plain(_one(rows.column(at)))
        if _may_be_time(column, field.type):
            read, _ = casts.times(column)
            known = len(column) - column.null_count
            if known and len(read) - read.null_count >= _MOSTLY * known:
                yield field.name, read


def _may_be_time(column: pa.Array, type_: pa.DataType) -> bool:
    if pa.types.is_timestamp(type_) or pa.types.is_date(type_):
        return True
    if casts.is_number(type_):
        return _is_clock(column)
    if not casts.is_text(type_):
        return False
    tried = column.drop_null().slice(0, _TRIED)
    texts = pc.utf8_length(tried)
    if not len(tried) or pc.min(texts).as_py() < len("2026-01-31"):
        return False
    read, _ = casts.times(tried)
    return len(read) - read.null_count >= _MOSTLY * len(tried)


def _is_clock(column: pa.Array) -> bool:
    """Whether all numbers lie between 1990 and 2100 in one unit since 1970."""
    numbers = column.cast(pa.float64(), safe=False).drop_null().to_numpy(zero_copy_only=False)
    if not numbers.size or not np.isfinite(numbers).all():
        return False
    low, high = float(numbers.min()), float(numbers.max())
    return any(start <= low and high <= start * _REACH for start in _EPOCHS)


def _one(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole


def _of_requests(name: str, sample: Sample, source: Source) -> Look:
    """The features of the requests, and the roles that the format knows."""
    answer = _answer(sample.rows)
    columns = ColumnMap(score=answer.column if answer is not None and answer.role == "score" else None, join=(JOINED,))
    options = UnpackOptions("look", 0, name, b"only a look, nothing is kept", columns=columns)
    events = list(_events(sample.rows, source, options))
    rows = pa.Table.from_batches(events) if events else pa.table({})
    features = _features(rows)
    times = {"request_time": _one(rows["event_time"])} if rows.num_rows else {}
    keys = {JOINED: _joined(_one(rows["join_key"]))} if rows.num_rows else {}
    given = [*_known_by(source), *([answer] if answer is not None else [])]
    return Look(name, features, times, sample.total, sample.even, source.name, tuple(given), keys)


def _joined(keys: pa.Array) -> pa.Array:
    """The one value of each join key, which is a JSON list."""
    return pc.replace_substring_regex(keys, r'^\["(.*)"\]$', r"\1")


def _events(rows: pa.Table, source: Source, options: UnpackOptions) -> Iterator[pa.RecordBatch]:
    """Events of one schema: what the first batch shows is kept for the others."""
    whole = rows.combine_chunks().to_batches()
    for batch in whole:
        if options.inputs is None:
            inputs, outputs = source.infer(batch, options)
            options = replace(options, inputs=inputs, outputs=outputs)
        events = source.unpack(batch, options)
        yield events.replace_schema_metadata(None)


def _features(events: pa.Table) -> pa.Table:
    """The inputs of the rows that were read."""
    if "inputs" not in events.schema.names:
        return pa.table({"": pa.nulls(events.num_rows)}).drop_columns([""])
    inputs = _one(events["inputs"])
    names = [field.name for field in inputs.type]
    return pa.table([pc.struct_field(inputs, [name]) for name in names], names=names)


def _known_by(source: Source) -> Iterator[Found]:
    said = f"the format '{source.name}' says so"
    for column, role in (("request_time", "time"), ("databricks_request_id", "id"), ("served_entity_id", "version")):
        yield Found(column, role, said)


def _answer(rows: pa.Table) -> Found | None:
    """Where the score or the decision stands in a response, by what most of the answers hold."""
    shapes: Counter[tuple[str, str]] = Counter()
    good = 0
    for request, response in _bodies(rows):
        try:
            values = aligned(predictions(parse(response)), input_rows(parse(request)).count).values
        except (NotJson, UnknownShape):
            continue
        for value in (values or ())[:1]:
            good += 1
            shapes.update(_shapes(value))
    common = [shape for shape, count in shapes.most_common() if count >= 0.8 * good]
    ranked = sorted(common, key=_rank)
    if not ranked or _rank(ranked[0]) > len(_NAMES):
        return None
    path, role = ranked[0]
    return Found(path, role, f"{shapes[ranked[0]]} of {good} answers looked at hold a {_HELD[role]} there")


_HELD = {"score": "number", "decision": "text or truth value"}
_NAMES = (*SCORE_KEYS, *EITHER_KEYS, *DECISION_KEYS)


def _bodies(rows: pa.Table) -> Iterator[tuple[str, str]]:
    step = max(1, rows.num_rows // _TRIED)
    some = rows.select(["request", "response"]).take(pa.array(np.arange(0, rows.num_rows, step)))
    for row in some.to_pylist():
        if isinstance(row["request"], str) and isinstance(row["response"], str):
            yield row["request"], row["response"]


def _shapes(value: object) -> list[tuple[str, str]]:
    """Path and role of each plain value of an answer."""
    if isinstance(value, dict):
        return [(f"predictions.{key}", role) for key, item in value.items() if (role := _role(item))]
    role = _role(value[0] if isinstance(value, list) and len(value) == 1 else value)
    return [("predictions", role)] if role else []


def _role(value: object) -> str:
    if isinstance(value, bool | str):
        return "decision"
    return "score" if isinstance(value, int | float) else ""


def _rank(shape: tuple[str, str]) -> int:
    """Answers without a name first, then by how usual the name is for what the model says."""
    path, _ = shape
    key = path.partition(".")[2]
    if not key:
        return -1
    return _NAMES.index(key) if key in _NAMES else len(_NAMES) + 1
