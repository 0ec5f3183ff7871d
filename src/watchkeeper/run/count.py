"""Events → statistics: the scan of the windows that are due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.engines.base import Engine
from watchkeeper.rows import Identities, Labels, RowMaker
from watchkeeper.run.events import Events
from watchkeeper.spec.resolve import Resolved, SegmentSpec
from watchkeeper.statistics import kernel
from watchkeeper.terms import Role, Window
from watchkeeper.windows import contiguous

_AROUND = timedelta(days=1)
"""How far from a span a second delivery of one of its events is looked for."""


@dataclass(frozen=True)
class Scan:
    """What is read of the events and how it is counted."""

    engine: Engine
    resolved: Resolved
    measure: kernel.Measure
    labels: Labels | None
    now: datetime

    def count(self, events: Events, windows: Sequence[Window]) -> kernel.Partial:
        """Statistics of whole windows, with those of all rows and of all versions."""
        partials = [
            kernel.count(rows, self.measure) for span in contiguous(list(windows)) for rows in self.rows(events, span)
        ]
        return kernel.with_marginals(kernel.merged(partials or [kernel.Partial.empty(self.measure)]))

    def rows(self, events: Events, span: Window | None) -> Iterator[pa.RecordBatch]:
        """The rows of one span, or of the whole table."""
        around = None if span is None else [Window(span.start - _AROUND, span.end + _AROUND)]
        maker = RowMaker(self._features(), Identities.of(events.identities(around)), self.labels, self.now)
        for batch in events.read(None if span is None else [span]):
            kept = self._where(batch)
            if len(kept):
                yield maker.rows(kept, self._segments(kept))

    def _features(self) -> list[str]:
        return [column.name for column in self.resolved.columns if column.role is Role.FEATURE]

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
