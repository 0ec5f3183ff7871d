"""Which stored cells the points of a span read: their own, their baseline's, or none."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.spans import Spans
from watchkeeper.statistics.cells import NO_WINDOW, Cell, Cells, texts
from watchkeeper.statistics.counts import Ints
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.statistics.moments import Moments
from watchkeeper.statistics.score_bins import ScoreBins
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.terms import ANY_VERSION
from watchkeeper.windows import Calendar, Duration, micros, moment

FIXED = "fixed"
PREVIOUS = "previous"
_ROLLING = re.compile(r"^rolling:(\d+)d$")
_PART = 2
"""One in so many windows of a rolling baseline must have rows."""
_KEPT = 8
"""Stacks whose rows are kept for the next metric: about those of one column."""
_NEED_GRID = (Histogram, ScoreBins)


@dataclass(frozen=True)
class Rows:
    """Cells of a stack by index; -1 stands for a cell without rows."""

    statistic: Any
    index: Ints
    _taken: dict[tuple[int, int], Any] = field(default_factory=dict)

    def between(self, start: int, end: int) -> Any:
        """The statistic of a stretch of places; kept, since the next metric asks for the same."""
        if (start, end) not in self._taken:
            self._taken.clear()
            self._taken[start, end] = self.take(np.arange(start, end))
        return self._taken[start, end]

    def take(self, places: Ints) -> Any:
        """The statistic of the cells that these indices point at."""
        wanted = self.index[places]
        held = wanted >= 0
        if held.all():
            return self.statistic.take(wanted)
        rows = self.statistic.take(wanted[held])
        at = np.where(held, np.cumsum(held) - 1, int(held.sum()))
        return type(rows).stacked([rows, empty_like(rows)]).take(at)


def empty_like(statistic: Any) -> Any:
    """One cell without rows that may be stacked with a statistic."""
    nothing = np.zeros(0, np.int64)
    return statistic.take(nothing).merged(nothing, 1)


@dataclass(frozen=True)
class Places:
    """The cells that get points: those on the shelf in the asked spans, and all rows of each span without any.

    Args:
        cells: one cell a point, windows being spans.
        span: index of each cell's span.
        shelf: statistics by span.
        windows: statistics by single window.
        baseline: statistics of the fixed baseline, or None while it is learnt.
    """

    spans: Spans
    cells: Cells
    span: Ints
    shelf: Shelf
    windows: Shelf
    baseline: Shelf | None
    calendar: Calendar
    _found: dict[tuple[str, str, str], Rows] = field(default_factory=dict)

    @classmethod
    def of(cls, spans: Spans, windows: Shelf, baseline: Shelf | None, calendar: Calendar) -> Places:
        shelf = windows if spans.length == 1 else _blocks(windows, spans, calendar)
        found = _cells_in(shelf, spans)
        empty = np.setdiff1d(spans.start, found.window_start)
        cells = Cells.stacked([found, Cells.of([Cell(int(start)) for start in empty])])
        return cls(spans, cells, spans.at(cells.window_start), shelf, windows, baseline, calendar)

    @cached_property
    def words(self) -> tuple[Any, Any, Any]:
        """Model version, segment key and segment value of each cell as Arrow arrays."""
        columns = (self.cells.version, self.cells.segment_key, self.cells.segment_value)
        version, key, value = (pa.array(column, pa.string()) for column in columns)
        return version, key, value

    def current(self, metric: Metric, column: str) -> Rows | None:
        """What a metric reads of a column at each place; None where nothing of the kind is stored."""
        found = self._stack(self.shelf, metric, column)
        return found and self._rows("", column, found, self.cells)

    def uncut(self, metric: Metric, column: str) -> Ints | None:
        """Rows of a column that is known but not yet cut as a metric needs it; None where that is not so."""
        moments = self.shelf.stack(column, Moments.kind)
        cut = not any(kind in _NEED_GRID for kind in metric.reads) or self.shelf.stack(column, Histogram.kind)
        if cut or moments is None:
            return None
        return Rows(moments[1], moments[0].find(self.cells)).take(np.arange(len(self.cells))).rows

    def baseline_of(self, name: str, metric: Metric, column: str) -> Rows | None:
        """What a metric compares each place with; None where nothing of the kind is stored.

        ``fixed``: the baseline's cell of all versions and the same segment. ``previous``: the adjacent span, same
        version and segment. ``rolling:28d``: the final windows of the days before the span, all versions, same
        segment, where at least half of them have rows.

        Raises:
            ValueError: no baseline has this name.
        """
        if name == FIXED:
            return self._fixed(metric, column)
        if name == PREVIOUS:
            return self._previous(metric, column)
        rolling = _ROLLING.match(name)
        if rolling is None:
            raise ValueError(f"{name!r} is not a baseline; there are fixed, previous and rolling:<days>d")
        return self._rolling(metric, column, Duration(int(rolling[1]), "day"))

    def _fixed(self, metric: Metric, column: str) -> Rows | None:
        found = None if self.baseline is None else self._stack(self.baseline, metric, column)
        return found and self._rows(FIXED, column, found, self._all_versions)

    def _previous(self, metric: Metric, column: str) -> Rows | None:
        found = self._stack(self.shelf, metric, column)
        return found and self._rows(PREVIOUS, column, found, self.cells.with_windows(self.spans.previous[self.span]))

    def _rolling(self, metric: Metric, column: str, width: Duration) -> Rows | None:
        found = self._stack(self.windows, metric, column)
        if found is None:
            return None
        cells, statistic = found
        closed = cells.window_start < self.spans.first_open
        star = np.flatnonzero((cells.version == ANY_VERSION) & closed & (statistic.rows > 0))
        star = star[np.argsort(cells.window_start[star], kind="stable")]
        segments, segment = cells.take(star).with_windows(np.full(star.size, NO_WINDOW)).grouped()
        first = np.searchsorted(
            cells.window_start[star], [self._back(start, width) for start in self.spans.start.tolist()]
        )
        last = np.searchsorted(cells.window_start[star], self.spans.start)
        member = _ranges(first, last)
        into = np.repeat(np.arange(first.size), last - first) * len(segments) + segment[member]
        merged = statistic.take(star[member]).merged(into, first.size * len(segments))
        enough = (
            np.bincount(into, minlength=first.size * len(segments)) * _PART >= width.about / self.calendar.size.about
        )
        at = segments.find(self._all_versions)
        place = np.where(at >= 0, self.span * len(segments) + at, 0)
        return Rows(merged, np.where((at >= 0) & enough[place], place, -1) if enough.size else at)

    def _back(self, start: int, width: Duration) -> int:
        return micros(width.before(moment(start).astimezone(ZoneInfo(self.calendar.timezone))))

    def _rows(self, which: str, column: str, stack: tuple[Cells, Any], wanted: Cells) -> Rows:
        """The wanted cells of a stack; several metrics read the same ones."""
        cells, statistic = stack
        key = (which, column, statistic.kind)
        if key not in self._found:
            while len(self._found) >= _KEPT:
                del self._found[next(iter(self._found))]
            self._found[key] = Rows(statistic, cells.find(wanted))
        return self._found[key]

    @cached_property
    def _all_versions(self) -> Cells:
        """The cell of a baseline that each place is compared with."""
        count = len(self.cells)
        windows, versions = np.full(count, NO_WINDOW, np.int64), texts([ANY_VERSION] * count)
        return Cells(windows, versions, self.cells.segment_key, self.cells.segment_value)

    @staticmethod
    def _stack(shelf: Shelf, metric: Metric, column: str) -> tuple[Cells, Any] | None:
        stacks = (shelf.stack(column, kind.kind) for kind in metric.reads)
        return next((stack for stack in stacks if stack is not None), None)


def _blocks(windows: Shelf, spans: Spans, calendar: Calendar) -> Shelf:
    """The statistics of the spans and those before them, windows joined."""
    if not spans.start.size:
        return Shelf({})
    near = windows.within(int(spans.previous.min()), int(spans.end.max()))
    single = near.window_starts
    joined = [calendar.block(calendar.window_of(moment(start)), spans.length) for start in single.tolist()]
    starts = np.array([micros(span.start) for span in joined], np.int64)
    return near.rewindowed(lambda old: starts[np.searchsorted(single, old)])  # the calendar is asked once a window


def _cells_in(shelf: Shelf, spans: Spans) -> Cells:
    """Every cell of the spans that has a statistic, once."""
    parts = [cells.take(spans.at(cells.window_start) >= 0) for cells, _ in shelf.stacks.values()]
    return Cells.stacked([*parts, Cells.of([])]).grouped()[0]


def _ranges(first: Ints, last: Ints) -> Ints:
    """All whole numbers of each ``[first, last)``, one range after the other."""
    count = last - first
    return np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count - first, count)
