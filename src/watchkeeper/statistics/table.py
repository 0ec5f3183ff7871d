"""From a shelf to rows of the statistics table."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper import schemas
from watchkeeper.statistics.cells import NO_WINDOW
from watchkeeper.statistics.counts import Ints
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.windows import Calendar, micros, moment


def to_table(
    shelf: Shelf,
    *,
    monitor: str,
    measure_digest: str,
    calendar: Calendar,
    batch_seq: int,
    role: str = "input",
    baseline_id: str = "",
    open_windows: Collection[int] = (),
    partial_windows: Collection[int] = (),
) -> Any:
    """Rows of ``schemas.STATISTICS``, one a cell, column and kind.

    Args:
        shelf: the statistics; cells in ``NO_WINDOW`` get no window, as a baseline has none.
        calendar: gives the ends of the windows.
        open_windows: starts of the windows that are still open; microseconds since 1970.
        partial_windows: starts of the windows that are not whole, being the first.
    """
    facts = _WindowFacts(shelf.window_starts, calendar, open_windows, partial_windows)
    tables = []
    for (column, kind), (cells, statistic) in sorted(shelf.stacks.items(), key=lambda item: item[0]):
        state, size = statistic.to_arrow(), len(cells)
        grid = getattr(statistic, "grid", None)
        columns = {
            "monitor": _repeated(monitor, size),
            "measure_digest": _repeated(measure_digest, size),
            "role": _repeated(role, size),
            "baseline_id": _repeated(baseline_id, size),
            "model_version": pa.array(cells.version, pa.string()),
            "segment_key": pa.array(cells.segment_key, pa.string()),
            "segment_value": pa.array(cells.segment_value, pa.string()),
            "column": _repeated(column, size),
            "kind": _repeated(kind, size),
            **facts.of(cells.window_start),
            "grid_id": _repeated(None if grid is None else grid.grid_id, size),
            "rows": pa.array(statistic.rows, pa.int64()),
            "weight": pa.array(statistic.weight, pa.float64()),
            "ints": state.field("ints"),
            "floats": state.field("floats"),
            "blob": state.field("blob"),
            "batch_seq": pa.array(np.full(size, batch_seq), pa.int64()),
        }
        tables.append(pa.table(columns).select(schemas.STATISTICS.names).cast(schemas.STATISTICS))
    return pa.concat_tables(tables) if tables else schemas.STATISTICS.empty_table()


class _WindowFacts:
    """End, date and flags of each window, looked up once a window and not once a row."""

    def __init__(
        self, starts: Ints, calendar: Calendar, open_windows: Collection[int], partial_windows: Collection[int]
    ) -> None:
        self._starts = starts
        known = [int(start) for start in starts if start != NO_WINDOW]
        absent = [None] * (len(starts) - len(known))  # no window sorts first
        ends = [micros(calendar.window_of(moment(start)).end) for start in known]
        times = {"window_start": known, "window_end": ends}
        self._columns = {name: pa.array(absent + values, schemas.TIME) for name, values in times.items()}
        dates = [moment(start).astimezone(UTC).date() for start in known]
        self._columns["window_date"] = pa.array(absent + dates, pa.date32())
        for name, flagged in (("open", open_windows), ("partial", partial_windows)):
            self._columns[name] = pa.array([False] * len(absent) + [start in flagged for start in known], pa.bool_())

    def of(self, starts: Ints) -> dict[str, Any]:
        at = pa.array(np.searchsorted(self._starts, starts))
        return {name: values.take(at) for name, values in self._columns.items()}


def _repeated(value: str | None, size: int) -> Any:
    return pa.repeat(pa.scalar(value, pa.string()), size)
