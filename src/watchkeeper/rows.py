"""From events to the rows that are counted: duplicates marked, labels joined, segments named, features laid flat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper import schemas
from watchkeeper.terms import NULL_VALUE, ParseStatus
from watchkeeper.windows import micros

SEGMENT = "segment:"
"""Prefix of the columns that hold segment values."""
AHEAD = timedelta(minutes=5)
"""An event later than the clock by more than this is ``future``."""
IDENTITY = ("event_id", "join_key", "event_time", "parse_status", "latency_ms", "row_hash")
"""The columns that ``Identities`` reads."""
_BODILESS = (ParseStatus.TOO_LARGE.value, ParseStatus.EMPTY.value)


@dataclass(frozen=True)
class Identities:
    """What the id columns of a span say: which events came more than once, and which join keys meet several events.

    The winner of an event id is the greatest of (bodies present, duration, row hash), so that the order of arrival
    does not matter.
    """

    winners: Mapping[str, str] = field(default_factory=dict)
    ambiguous_keys: frozenset[str] = frozenset()

    @classmethod
    def of(cls, batches: Iterable[pa.RecordBatch]) -> Identities:
        """Read batches of the columns ``IDENTITY``."""
        tables = [pa.Table.from_batches([batch]).select(IDENTITY) for batch in batches if len(batch)]
        if not tables:
            return cls()
        events = pa.concat_tables(tables)
        return cls(_winners(events), _ambiguous(events))


def _winners(events: pa.Table) -> dict[str, str]:
    named = events.filter(pc.not_equal(events["event_id"], ""))
    counts = named.group_by("event_id").aggregate([([], "count_all")])
    repeated = counts.filter(pc.greater(counts["count_all"], 1))["event_id"]
    copies = named.filter(pc.is_in(named["event_id"], value_set=repeated))
    best: dict[str, tuple[bool, float, str]] = {}
    for row in copies.to_pylist():
        rank = (row["parse_status"] not in _BODILESS, row["latency_ms"] or 0.0, row["row_hash"])
        best[row["event_id"]] = max(rank, best.get(row["event_id"], rank))
    return {event_id: rank[2] for event_id, rank in best.items()}


def _ambiguous(events: pa.Table) -> frozenset[str]:
    keyed = events.filter(pc.is_valid(events["join_key"]))
    counts = keyed.group_by("join_key").aggregate([("event_id", "count_distinct"), ([], "count_all")])
    unnamed = pc.equal(pc.fill_null(counts["event_id_count_distinct"], 0), 1)
    several = pc.greater(counts["event_id_count_distinct"], 1)
    without_ids = pc.all(pc.equal(keyed["event_id"], "")).as_py() if keyed.num_rows else False
    if without_ids:
        several = pc.and_(unnamed, pc.greater(counts["count_all"], 1))
    return frozenset(counts.filter(several)["join_key"].to_pylist())


@dataclass(frozen=True)
class Labels:
    """The current label of each join key, as text; ``filled`` stands in where none came in time.

    ``filled_before`` is the time up to which a missing label counts as ``filled``.
    """

    keys: pa.Array
    values: pa.Array
    filled: str | None = None
    filled_before: datetime | None = None

    @classmethod
    def latest(cls, annotations: pa.Table, filled: str | None = None, filled_before: datetime | None = None) -> Labels:
        """The newest ``observed_at`` of each join key wins, then the greater annotation id.

        Args:
            annotations: rows of ``schemas.ANNOTATIONS`` of one name.
        """
        ordered = annotations.sort_by([("observed_at", "ascending"), ("annotation_id", "ascending")])
        keys = ordered["join_key"].combine_chunks()
        last = np.sort(_last_of_each(keys))
        return cls(keys.take(pa.array(last)), _text(ordered).take(pa.array(last)), filled, filled_before)

    def of(self, events: pa.RecordBatch, ambiguous: frozenset[str]) -> pa.Array:
        """The label of each event, null where there is none."""
        keys = events["join_key"]
        if ambiguous:
            keys = pc.if_else(pc.is_in(keys, value_set=pa.array(sorted(ambiguous), pa.string())), None, keys)
        found = self.values.take(pc.index_in(keys, value_set=self.keys, skip_nulls=True))
        if self.filled is None or self.filled_before is None:
            return found
        due = pc.less(events["event_time"], pa.scalar(self.filled_before, events["event_time"].type))
        return pc.if_else(pc.and_(pc.is_null(found), due), self.filled, found)


def _last_of_each(keys: pa.Array) -> NDArray[np.int64]:
    encoded = keys.dictionary_encode()
    last = np.full(len(encoded.dictionary), -1, np.int64)
    last[encoded.indices.to_numpy(zero_copy_only=False)] = np.arange(len(keys))  # the last write of a slot stays
    return last


def _text(annotations: pa.Table) -> pa.Array:
    return annotations["value_text"].combine_chunks()


@dataclass
class RowMaker:
    """Turns batches of events into batches of rows; remembers which duplicates it has let through.

    Several threads may use one: of copies that are equal it does not matter which is let through.

    Args:
        features: the watched features.
        identities: duplicates and ambiguous keys of the span that is read.
        labels: the labels, or None where the monitor has none.
        now: events more than five minutes ahead of it are marked ``future``.
    """

    features: Sequence[str]
    identities: Identities
    labels: Labels | None
    now: datetime
    _let_through: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def rows(self, events: pa.RecordBatch, segments: Mapping[str, pa.Array]) -> pa.RecordBatch:
        """Rows of one batch.

        Args:
            events: a batch of events, flat or in ``schemas.events``.
            segments: the value of each row as text by segment key.
        """
        flat = flattened(events)
        columns = {name: _plain(flat, name) for name in _PLAIN}
        columns["parse_status"] = self._status(flat)
        columns["label"] = self._labels(flat)
        columns |= {SEGMENT + key: pc.fill_null(value, NULL_VALUE) for key, value in segments.items()}
        columns |= {name: flat[name] for name in self.features}
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def _labels(self, flat: pa.RecordBatch) -> pa.Array:
        if self.labels is not None:
            return self.labels.of(flat, self.identities.ambiguous_keys)
        return flat["label"] if "label" in flat.schema.names else pa.nulls(len(flat), pa.string())

    def _status(self, flat: pa.RecordBatch) -> pa.Array:
        times, status = flat["event_time"], _plain(flat, "parse_status")
        limit = pa.scalar(self.now + AHEAD, times.type)
        ahead = pc.greater(times, limit)
        if ahead.true_count:
            status = pc.if_else(ahead, ParseStatus.FUTURE.value, _decoded(status))
        losers = self._losers(flat)
        return status if losers is None else pc.if_else(losers, ParseStatus.DUPLICATE.value, _decoded(status))

    def _losers(self, events: pa.RecordBatch) -> pa.Array | None:
        winners = self.identities.winners
        if not winners:
            return None
        repeated = pc.is_in(events["event_id"], value_set=pa.array(list(winners), pa.string()))
        lost = np.zeros(len(events), bool)
        for i in np.flatnonzero(repeated.to_numpy(zero_copy_only=False)):
            lost[i] = not self._wins(events["event_id"][i].as_py(), events["row_hash"][i].as_py())
        return pa.array(lost)

    def _wins(self, event_id: str, row_hash: str) -> bool:
        if self.identities.winners[event_id] != row_hash:
            return False
        with self._lock:
            first = event_id not in self._let_through
            self._let_through.add(event_id)
        return first


_PLAIN = (
    "event_time",
    "model_version",
    "weight",
    "row_index",
    "status_code",
    "latency_ms",
    "score",
    "decision",
    "misfits",
)
_STORED = {field.name: field.type for field in schemas.events()}
_ALIKE = {"row_index": 0, "parse_status": ParseStatus.OK.value, "model_version": "", "weight": 1.0}
"""What a flat batch says of all its rows by leaving the column out; other columns are null then."""


def _plain(flat: pa.RecordBatch, name: str) -> pa.Array:
    if name in flat.schema.names:
        return flat[name]
    type_ = _STORED[name]
    if name not in _ALIKE:
        return pa.nulls(len(flat), type_)
    if pa.types.is_string(type_):
        return pa.DictionaryArray.from_arrays(np.zeros(len(flat), np.int32), pa.array([_ALIKE[name]], type_))
    return pa.array(np.full(len(flat), _ALIKE[name]), type_)


def _decoded(values: pa.Array) -> pa.Array:
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def flattened(events: pa.RecordBatch) -> pa.RecordBatch:
    """Features beside the other columns, as the rows, expressions and segments name them; flat batches as they are."""
    if "inputs" not in events.schema.names:
        return events
    inputs = events["inputs"]
    columns = {name: events[name] for name in events.schema.names if name not in ("inputs", "outputs")}
    columns |= {field.name: pc.struct_field(inputs, [i]) for i, field in enumerate(inputs.type)}
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def event_times(batches: Iterable[pa.RecordBatch]) -> NDArray[np.int64]:
    """All ``event_time`` of some batches as microseconds since 1970, shape (rows,)."""
    parts = [batch["event_time"].cast(pa.int64()).to_numpy(zero_copy_only=False) for batch in batches]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def times_of_keys(batches: Iterable[pa.RecordBatch], keys: pa.Array, not_after: datetime) -> NDArray[np.int64]:
    """Times of the events with one of these join keys, as microseconds since 1970."""
    met = (batch.filter(pc.is_in(batch["join_key"], value_set=keys)) for batch in batches)
    times = event_times(met)
    return times[times <= micros(not_after)]
