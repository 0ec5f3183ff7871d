"""From a monitor and the tables it names to what is watched, cut and computed, or to all faults at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from watchkeeper.errors import Fault
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.request import Request
from watchkeeper.rules.limit import Limit
from watchkeeper.spec.monitor import Monitor
from watchkeeper.spec.report import Report, listed
from watchkeeper.spec.requests import Limits, Requests
from watchkeeper.spec.watched import (
    Column,
    IsBoolean,
    SegmentSpec,
    check_keys,
    check_where,
    type_of,
    visible,
    watched_columns,
    watched_segments,
)
from watchkeeper.statistics.grid import Grid

__all__ = ["Column", "Resolved", "SegmentSpec", "cells_per_window", "resolve", "type_of"]

_TRUE_FALSE_NULL = 3
_OTHER_AND_NULL = 2


@dataclass(frozen=True, slots=True)
class Resolved:
    """A monitor with everything decided: the watched columns, the segments, what is computed, the exact limits.

    ``left_out`` gives the features that are not watched, with the reason. ``cells`` is the most cells one window can
    have: versions times segment values.
    """

    monitor: Monitor
    columns: tuple[Column, ...]
    segments: tuple[SegmentSpec, ...]
    requests: tuple[Request, ...]
    limits: tuple[Limit, ...] = ()
    left_out: tuple[tuple[str, str], ...] = field(default=())
    cells: int = 0


def resolve(
    monitor: Monitor,
    inputs: pa.Schema,
    available: Collection[str],
    metrics: Mapping[str, Metric],
    *,
    grids: Mapping[str, Grid] | None = None,
    shares: Mapping[str, Mapping[str, float]] | None = None,
    is_boolean: IsBoolean | None = None,
    versions: int = 1,
    segment_values: Mapping[str, int] | None = None,
) -> tuple[Resolved | None, list[Fault]]:
    """Decide what is watched.

    Args:
        inputs: the typed features under the names they are kept by.
        available: the system columns that the events fill, such as ``event_time``, ``score`` and ``latency_ms``.
        metrics: every metric there is, by name.
        grids: the grids by column once the baseline is complete; until then no single category is followed.
        shares: share of each category in the baseline, by column; rare ones are not followed.
        is_boolean: judges the SQL of segments and of ``where``; unjudged where None.
        versions: how many versions of the model are expected in one window.
        segment_values: values of a segment where known, by its key; else the cap of the monitor counts.

    Returns:
        What was decided, None where a fault stops it, and all faults and warnings.
    """
    report = Report(monitor.file, lines=dict(monitor.lines))
    columns, left_out = watched_columns(monitor, inputs, available, report)
    check_keys(monitor, inputs, available, report)
    seen = visible(inputs, available)
    check_where(monitor, seen, is_boolean, report)
    segments = watched_segments(monitor, seen, is_boolean, report)
    made = Requests(monitor, {c.name: c for c in columns}, metrics, grids or {}, shares or {}, report)
    limits = Limits(made, {segment.key: segment for segment in segments}).all()
    requests = made.all(limits)
    values = {s.key: _values(s, monitor, seen, segment_values or {}) for s in segments}
    cells = cells_per_window(values, versions)
    _check_cells(cells, values, versions, monitor, report)
    resolved = Resolved(
        monitor, tuple(columns), tuple(segments), tuple(requests), tuple(limits), tuple(left_out), cells
    )
    return (None if report.failed else resolved), report.ordered()


def _values(segment: SegmentSpec, monitor: Monitor, seen: pa.Schema, known: Mapping[str, int]) -> int:
    """How many values of a segment one window can have, at most."""
    if segment.column is None or pa.types.is_boolean(seen.field(segment.column).type):
        return _TRUE_FALSE_NULL
    cap = monitor.caps.segment_values
    return min(known.get(segment.key, cap), cap) + _OTHER_AND_NULL


def cells_per_window(values: Mapping[str, int], versions: int) -> int:
    """Cells of one window: each version and their merge, times all rows and each segment value.

    >>> cells_per_window({"region": 10}, versions=2)
    33
    """
    return (versions + 1) * (1 + sum(values.values()))


def _check_cells(cells: int, values: Mapping[str, int], versions: int, monitor: Monitor, report: Report) -> None:
    most = monitor.caps.cells_per_window
    if cells <= most:
        return
    largest = sorted(values.items(), key=lambda item: (-item[1], item[0]))[:3]
    named = listed(f"'{key}' with {count} values" for key, count in largest) or "versions"
    message = (
        f"a window may have {cells:,} cells, more than {most:,}; most come from {named} times {versions + 1} versions"
    )
    report.add("E308", "segments", message, "drop a segment, lower caps.segment_values or raise caps.cells_per_window")
