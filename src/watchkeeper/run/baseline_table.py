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
from watchkeeper.run.ingest import IN_PLACE, Log
from watchkeeper.run.labels import label_texts
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

    def rows(self, scan: Scan) -> Iterator[pa.RecordBatch]:
        """All rows of the table, in one window.

        Raises:
            Faulty: E304 the table lacks columns.
        """
        faults = self.faults(scan.resolved)
        if faults:
            raise Faulty(faults)
        source = self.place.settings.catalog.load("sources", IN_PLACE)
        maker = RowMaker(scan.features, Identities(), None, self.place.now)
        options = self._options()
        for batch in self.place.engine.scan(self.table):
            events = source.unpack(_at_one_time(batch), options)
            labels = (
                label_texts(batch[self.log.monitor.labels.value], self.log.monitor)
                if self.has_labels and self.log.monitor.labels
                else None
            )
            made = scan.prepared(events, maker)
            yield made if labels is None else made.set_column(made.schema.get_field_index("label"), "label", labels)

    def _options(self) -> UnpackOptions:
        columns = ColumnMap.of(replace(self.log.monitor.columns, id=None, time=_TIME, version=None))
        return UnpackOptions(
            source_id="baseline",
            batch_seq=0,
            table=self.table.name,
            privacy_key=b"",
            inputs=pa.struct(list(self.inputs)),
            outputs=pa.struct([]),
            columns=columns,
            binary=self.log.monitor.task in ("binary", "ranking"),
            identities=False,
        )


def _at_one_time(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.append_column(_TIME, pa.array(np.zeros(len(batch), np.int64)).cast(schemas.TIME))
