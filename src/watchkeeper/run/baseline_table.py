"""A baseline that is a table of its own, such as the data a model was trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from watchkeeper import schemas
from watchkeeper.engines.base import TableRef
from watchkeeper.errors import Fault, Faulty
from watchkeeper.rows import Identities, RowMaker
from watchkeeper.run.count import Scan
from watchkeeper.run.log import IN_PLACE, Log
from watchkeeper.run.workplace import Workplace
from watchkeeper.sources.base import ColumnMap, UnpackOptions
from watchkeeper.spec.resolve import Resolved

_TIME = "watchkeeper time"
"""A column of one moment, for rows that belong to no window."""


@dataclass(frozen=True)
class BaselineTable:
    """The rows of a baseline table, read through the columns of the monitor; each row is one event."""

    place: Workplace
    log: Log
    inputs: pa.Schema

    @property
    def table(self) -> TableRef:
        name = self.log.monitor.baseline.table
        assert name is not None
        return TableRef(name, self.place.settings.directory)

    def faults(self, resolved: Resolved) -> list[Fault]:
        """E304 for each watched feature that the table lacks."""
        there = self.place.engine.schema(self.table).names
        missing = [field.name for field in self.inputs if field.name not in there]
        watched = {column.name for column in resolved.columns}
        return [
            Fault(
                "E304",
                f"the baseline has no column '{name}'",
                f"there are: {', '.join(sorted(there))}",
                file=self.log.monitor.file,
                path="baseline.table",
            )
            for name in missing
            if name in watched
        ]

    @property
    def has_labels(self) -> bool:
        """Whether the table has the label beside the features."""
        labels = self.log.monitor.labels
        return labels is not None and labels.value in self.place.engine.schema(self.table).names

    def rows(self, scan: Scan) -> Iterator[Iterator[pa.RecordBatch]]:
        """All rows of the table, in one window and in parts that may be read at once.

        Raises:
            Faulty: E304 the table lacks columns.
        """
        faults = self.faults(scan.resolved)
        if faults:
            raise Faulty(faults)
        maker = RowMaker(scan.features, Identities(), None, self.place.now)
        return (self._rows(part, scan, maker) for part in self.place.engine.scan_parts(self.table))

    def _rows(self, part: Iterator[pa.RecordBatch], scan: Scan, maker: RowMaker) -> Iterator[pa.RecordBatch]:
        source, options = self.place.settings.catalog.load("sources", IN_PLACE), self._options()
        return (scan.prepared(source.flat(_at_one_time(batch), options), maker) for batch in part)

    def _options(self) -> UnpackOptions:
        monitor = self.log.monitor
        label = monitor.labels.value if monitor.labels is not None and self.has_labels else None
        columns = replace(monitor.columns, id=None, time=_TIME, version=None)
        return UnpackOptions(
            source_id="baseline",
            batch_seq=0,
            table=self.table.name,
            privacy_key=b"",
            inputs=pa.struct(list(self.inputs)),
            outputs=pa.struct([]),
            columns=ColumnMap.of(columns, label=label),
            binary=monitor.task in ("binary", "ranking"),
            identities=False,
        )


def _at_one_time(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.append_column(_TIME, pa.array(np.zeros(len(batch), np.int64)).cast(schemas.TIME))
