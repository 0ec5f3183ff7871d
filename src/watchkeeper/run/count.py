"""Events → statistics: the scan of the windows that are due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.engines.base import Engine
from watchkeeper.rows import Identities, Labels, RowMaker, flattened
from watchkeeper.run.events import Events
from watchkeeper.spec.resolve import Resolved, SegmentSpec
from watchkeeper.statistics import kernel
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.terms import ParseStatus, Role, Window
from watchkeeper.windows import contiguous

Named = Mapping[str, Collection[str]]
_THREADS = 2
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
    _lock: Lock = field(default_factory=Lock)

    @property
    def features(self) -> list[str]:
        return [column.name for column in self.resolved.columns if column.role is Role.FEATURE]

    def count(self, parts: Iterable[Iterable[pa.RecordBatch]], named: Named | None = None) -> Shelf:
        """Statistics of rows, with those of all rows and of all versions.

        Args:
            parts: rows in parts, such as the files of a table. Parts are counted by several threads at once and merged
                in their order, so that the result does not depend on which is done first.
            named: by segment key, the values that keep cells of their own.
        """
        with ThreadPoolExecutor(_THREADS) as threads:
            partials = [found for found in threads.map(self._counted, parts) if found is not None]
        return kernel.with_marginals(kernel.merged(partials), named) if partials else Shelf({})

    def _counted(self, rows: Iterable[pa.RecordBatch]) -> kernel.Partial | None:
        found = kernel.merged_or_none(kernel.count(batch, self.measure) for batch in rows)
        return None if found is None else kernel.by_single_keys(found)

    def of_windows(self, events: Events, windows: Sequence[Window]) -> Iterator[Iterator[pa.RecordBatch]]:
        """The rows of whole windows, in parts that may be read at once."""
        for span in contiguous(list(windows)):
            around = Window(span.start - _AROUND, span.end + _AROUND)
            maker = RowMaker(self.features, Identities.of(events.identities([around])), self.labels, self.now)
            inside = [window for window in windows if span.start <= window.start < span.end]
            for part in events.parts(inside):
                yield self._rows(part, maker)

    def _rows(self, part: Iterator[pa.RecordBatch], maker: RowMaker) -> Iterator[pa.RecordBatch]:
        return (self.prepared(batch, maker) for batch in part)

    def prepared(self, events: pa.RecordBatch, maker: RowMaker) -> pa.RecordBatch:
        """The rows of one batch of events."""
        kept = self._where(flattened(events))
        rows = maker.rows(kept, self._segments(kept))
        with self._lock:
            self._note(rows)
        return rows

    def _note(self, rows: pa.RecordBatch) -> None:
        met = {pair["values"]: pair["counts"] for pair in rows["parse_status"].value_counts().to_pylist()}
        self.met.update(met)
        if ParseStatus.FUTURE.value in met:
            late = rows["event_time"].filter(pc.equal(rows["parse_status"], ParseStatus.FUTURE.value))
            self.ahead |= set(self.measure.calendar.starts(late.cast(pa.int64()).to_numpy()).tolist())

    def _where(self, events: pa.RecordBatch) -> pa.RecordBatch:
        where = self.resolved.monitor.source.where
        if where is None:
            return events
        return events.filter(self.engine.evaluate(events, {"where": where})["where"])

    def _segments(self, events: pa.RecordBatch) -> dict[str, pa.Array]:
        sql = {s.key: s.sql for s in self.resolved.segments if s.sql is not None}
        truths = self.engine.evaluate(events, sql) if sql else {}
        return {s.key: _words(s, events, truths) for s in self.resolved.segments}


def _words(segment: SegmentSpec, events: pa.RecordBatch, truths: dict[str, pa.BooleanArray]) -> pa.Array:
    values = truths[segment.key] if segment.column is None else events[segment.column]
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    return pc.cast(values, pa.string())
