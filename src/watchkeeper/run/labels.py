"""A table of labels → annotations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper import schemas
from watchkeeper.engines.base import Engine, TableRef
from watchkeeper.errors import Fault, Faulty
from watchkeeper.rows import Labels
from watchkeeper.run.workplace import Workplace
from watchkeeper.sources.identity import join_keys, key_texts
from watchkeeper.spec.monitor import LabelsSpec, Monitor


def columns_of(labels: LabelsSpec) -> list[str]:
    """The columns of the label table that are read."""
    return [*labels.join, labels.value, *([labels.at] if labels.at else [])]


def check_table(engine: Engine, table: TableRef, monitor: Monitor) -> list[Fault]:
    """E302 for each column that the label table lacks."""
    assert monitor.labels is not None
    there = engine.schema(table).names
    fix = f"there are: {', '.join(sorted(there))}"
    return [
        Fault("E302", f"no column '{name}' in {table.name}", fix, file=monitor.file, path="labels")
        for name in columns_of(monitor.labels)
        if name not in there
    ]


def label_annotations(
    batches: Iterator[pa.RecordBatch], monitor: Monitor, source_id: str, *, now: datetime, seq: int
) -> pa.Table:
    """Annotations of kind ``label`` for every labelled row; rows without a value or a key are left out.

    The value is ``"1"`` for ``columns.positive`` and ``"0"`` for anything else where the task is binary.
    """
    made = [_annotated(batch, monitor, source_id, now, seq) for batch in batches]
    return pa.concat_tables(made) if made else schemas.ANNOTATIONS.empty_table()


def _annotated(batch: pa.RecordBatch, monitor: Monitor, source_id: str, now: datetime, seq: int) -> pa.Table:
    labels = monitor.labels
    assert labels is not None
    keys = join_keys([batch[name] for name in labels.join])
    values = label_texts(batch[labels.value], monitor)
    known = pc.and_(pc.is_valid(keys), pc.is_valid(values))
    keys, values = keys.filter(known), values.filter(known)
    told = _times(batch[labels.at].filter(known)) if labels.at else None
    observed = pc.fill_null(told, pa.scalar(now, schemas.TIME)) if told is not None else _same(now, len(keys))
    author = f"table:{labels.table}"
    ids = _ids(source_id, labels.value, author, keys, values, told)
    columns = {
        "annotation_id": ids,
        "source_id": pa.repeat(source_id, len(keys)),
        "join_key": keys,
        "name": pa.repeat(labels.value, len(keys)),
        "kind": pa.repeat("label", len(keys)),
        "author": pa.repeat(author, len(keys)),
        "value_text": values,
        "inclusion_prob": pa.repeat(1.0, len(keys)),
        "observed_at": observed,
        "batch_seq": pa.repeat(pa.scalar(seq, pa.int64()), len(keys)),
    }
    filled = [columns.get(f.name, pa.nulls(len(keys), f.type)) for f in schemas.ANNOTATIONS]
    return pa.table(filled, schema=schemas.ANNOTATIONS)


def label_texts(values: pa.Array, monitor: Monitor) -> pa.Array:
    """Labels as canonical text: ``"1"`` and ``"0"`` for a binary task, else the class as it is."""
    texts = key_texts(values)
    if monitor.task not in ("binary", "ranking"):
        return texts
    return pc.if_else(pc.equal(texts, positive_text(monitor)), "1", pc.if_else(pc.is_valid(texts), "0", None))


def positive_text(monitor: Monitor) -> str:
    """The positive class as text, told as the label column tells it."""
    return str(key_texts(pa.array([monitor.columns.positive]))[0])


def _times(values: pa.Array) -> pa.Array:
    if pa.types.is_string(values.type):
        return pc.cast(values, schemas.TIME)
    if pa.types.is_date(values.type):
        values = values.cast(pa.timestamp("us"))
    if not pa.types.is_timestamp(values.type):
        raise Faulty([Fault("E303", f"labels.at is {values.type}, not a time", "name a timestamp or date column")])
    return values.cast(pa.timestamp("us"), safe=False).cast(schemas.TIME)


def _same(at: datetime, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(at, schemas.TIME), rows)


def _ids(source_id: str, name: str, author: str, keys: pa.Array, values: pa.Array, told: pa.Array | None) -> pa.Array:
    times: Sequence[object] = told.cast(pa.int64()).to_pylist() if told is not None else [""] * len(keys)
    rows = zip(keys.to_pylist(), values.to_pylist(), times, strict=True)
    texts = ("\0".join((source_id, key, name, author, value, "" if at is None else str(at))) for key, value, at in rows)
    return pa.array([hashlib.sha256(text.encode()).hexdigest() for text in texts], pa.string())


def current_labels(place: Workplace, monitor: Monitor, source_id: str) -> Labels | None:
    """The label of each join key as it is known now; None for a monitor without labels."""
    if monitor.labels is None:
        return None
    known = place.tables.annotations(source_id, names=(monitor.labels.value,))
    if monitor.labels.when_missing != "negative":
        return Labels.latest(known)
    matures = monitor.labels.matures_after or monitor.grace
    return Labels.latest(known, filled="0", filled_before=matures.before(place.now))
