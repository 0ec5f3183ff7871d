"""Events → statistics: the scan of the windows that are due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.engines.base import Engine
from watchkeeper.rows import Identities, Labels, RowMaker
from watchkeeper.run.events import Events
from watchkeeper.spec.resolve import Resolved, SegmentSpec
from watchkeeper.statistics import kernel
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.terms import ParseStatus, Role, Window
from watchkeeper.windows import contiguous

_AROUND = timedelta(days=1)
"""How far from a span a second delivery of one of its events is looked for."""


@dataclass
class Scan:
    """What is read of the events and how it is counted.

    ``met`` counts the rows by parse status, losers of their event id and rows ahead of the clock among them;
    ``ahead`` are the starts of the windows that hold the latter.
    """

    engine: Engine
    resolved: Resolved
    measure: kernel.Measure
    labels: Labels | None
    now: datetime
    met: Counter[str] = field(default_factory=Counter)
    ahead: set[int] = field(default_factory=set)

    @property
    def features(self) -> list[str]:
        return [column.name for column in self.resolved.columns if column.role is Role.FEATURE]

    def count(self, rows: Iterable[pa.RecordBatch], named: Mapping[str, Collection[str]] | None = None) -> Shelf:
        """Statistics of rows, with those of all rows and of all versions.

        Args:
            named: by segment key, the values that keep cells of their own.
        """
        partials = [kernel.count(batch, self.measure) for batch in rows]
        return kernel.with_marginals(kernel.merged(partials), named) if partials else Shelf({})

    def of_windows(self, events: Events, windows: Sequence[Window]) -> Iterator[pa.RecordBatch]:
        """The rows of whole windows."""
        for span in contiguous(list(windows)):
            around = Window(span.start - _AROUND, span.end + _AROUND)
            maker = RowMaker(self.features, Identities.of(events.identities([around])), self.labels, self.now)
            for batch in events.read([span]):
                yield self.prepared(batch, maker)

    def prepared(self, events: pa.RecordBatch, maker: RowMaker) -> pa.RecordBatch:
        """The rows of one batch of events."""
        kept = self._where(events)
        rows = maker.rows(kept, self._segments(kept))
        self.met.update({pair["values"]: pair["counts"] for pair in rows["parse_status"].value_counts().to_pylist()})
        self._note_ahead(rows)
        return rows

    def _note_ahead(self, rows: pa.RecordBatch) -> None:
        late = rows["event_time"].filter(pc.equal(rows["parse_status"], ParseStatus.FUTURE.value))
        if len(late):
            times = late.cast(pa.int64()).to_numpy(zero_copy_only=False)
            self.ahead |= set(self.measure.calendar.starts(times).tolist())

    def _where(self, events: pa.RecordBatch) -> pa.RecordBatch:
        where = self.resolved.monitor.source.where
        if where is None:
            return events
        return events.filter(self.engine.evaluate(flat(events), {"where": where})["where"])

    def _segments(self, events: pa.RecordBatch) -> dict[str, pa.Array]:
        plain = flat(events)
        sql = {s.key: s.sql for s in self.resolved.segments if s.sql is not None}
        truths = self.engine.evaluate(plain, sql) if sql else {}
        return {s.key: _words(s, plain, truths) for s in self.resolved.segments}


def _words(segment: SegmentSpec, plain: pa.RecordBatch, truths: dict[str, pa.BooleanArray]) -> pa.Array:
    values = truths[segment.key] if segment.column is None else plain[segment.column]
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    return pc.cast(values, pa.string())


def flat(events: pa.RecordBatch) -> pa.RecordBatch:
    """Features beside the plain columns of the events, as expressions and segments name them."""
    names = ["event_time", "model_version", "status_code", "latency_ms", "score", "decision", "session_id", "requester"]
    columns = {name: events[name] for name in names if name in events.schema.names}
    if "inputs" in events.schema.names:
        inputs = events["inputs"]
        columns |= {field.name: pc.struct_field(inputs, [i]) for i, field in enumerate(inputs.type)}
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
