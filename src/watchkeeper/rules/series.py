"""Points laid out as series: one array row per series, one column per window."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.schemas import SERIES_KEY
from watchkeeper.statistics.counts import Floats, Ints
from watchkeeper.terms import ANY_VERSION, Maturity, Status
from watchkeeper.windows import Calendar

Bools = NDArray[np.bool_]

FIXED = "fixed"
PREVIOUS = "previous"
_NUMBERS = ("value", "compared", "n_eff", "se", "baseline_value", "baseline_n", "baseline_se", "noise_floor", "level")
_KNOWN = (Status.OK.value, Status.APPROXIMATE.value)
_INCOMPLETE = (Maturity.DEVELOPING.value, Maturity.ESTIMATED.value)


@dataclass(frozen=True)
class SeriesBlock:
    """All series of one metric over windows of one length; arrays have shape (series, windows).

    The windows are those of the whole monitor in order, so a series without a point in one of them has a gap there
    (``present`` False, numbers NaN). ``span`` says how many windows of the monitor one window here joins.
    ``starts`` and ``ends`` are microseconds since 1970, shape (windows,). ``row`` is where each point stands in the
    table it was laid out from, -1 in a gap. ``defaults`` are the metric's options where a series' identity names no
    other.
    """

    name: str
    span: int
    keys: pa.Table
    starts: Ints
    ends: Ints
    row: Ints
    present: Bools
    open: Bools
    partial: Bools
    immature: Bools
    status: NDArray[np.str_]
    value: Floats
    compared: Floats
    n_eff: Floats
    se: Floats
    baseline_value: Floats
    baseline_n: Floats
    baseline_se: Floats
    noise_floor: Floats
    level: Floats
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        return self.present.shape[0], self.present.shape[1]

    @property
    def final(self) -> Bools:
        """Whether there is a point whose window and whose labels are complete."""
        return self.present & ~self.open & ~self.immature

    @property
    def known(self) -> Bools:
        """Whether there is a number to judge."""
        return self.present & np.isin(self.status, _KNOWN) & np.isfinite(self.value)

    @cached_property
    def metrics(self) -> NDArray[Any]:
        return self.words("metric")

    @cached_property
    def columns(self) -> NDArray[Any]:
        return self.words("column")

    @cached_property
    def baselines(self) -> NDArray[Any]:
        return self.words("baseline")

    def words(self, part: str) -> NDArray[Any]:
        """One part of the series' keys, shape (series,)."""
        return np.asarray(self.keys[part].to_pylist(), object)

    def option(self, name: str) -> Floats:
        """A numeric option of each series' metric, shape (series, 1)."""
        found = {word: _option(word, name, self.defaults) for word in set(self.metrics)}
        return np.asarray([found[word] for word in self.metrics], np.float64)[:, None]

    def take(self, series: Ints) -> SeriesBlock:
        """The series of these indices, in this order."""
        arrays = {name: getattr(self, name)[series] for name in _ARRAYS}
        return replace(self, keys=self.keys.take(pa.array(series, pa.int64())), **arrays)

    def where(self, wanted: Bools) -> SeriesBlock:
        """The series where ``wanted``, of shape (series,), holds."""
        return self if wanted.all() else self.take(np.flatnonzero(wanted))

    def calibrators(self, base: SeriesBlock) -> Ints:
        """For each series here the row of ``base`` that tells how much its windows differ anyway; -1 where none.

        That is the series of all versions of the same column and segment, against the fixed baseline if there is
        one, else against the series' own baseline.
        """
        row_of = {key: row for row, key in enumerate(base.identities())}
        rows = np.full(self.shape[0], -1, np.int64)
        for i, (metric, column, _, key, value, baseline) in enumerate(self.identities()):
            for wanted in (FIXED, baseline):
                rows[i] = row_of.get((metric, column, ANY_VERSION, key, value, wanted), -1)
                if rows[i] >= 0:
                    break
        return rows

    def once(self) -> Bools:
        """One of the series that differ by their baseline alone: that without one, else the fixed one; (series,)."""
        order = sorted(
            range(self.shape[0]), key=lambda row: (self.baselines[row] not in ("", FIXED), self.baselines[row])
        )
        keys = list(self.identities())
        first = {keys[row][:-1]: row for row in reversed(order)}
        out = np.zeros(self.shape[0], np.bool_)
        out[list(first.values())] = True
        return out

    def identities(self) -> Iterator[tuple[str, str, str, str, str, str]]:
        """Metric, column, model version, segment key, segment value and baseline of each series."""
        parts = [self.keys[name].to_pylist() for name in SERIES_KEY]
        return zip(*parts, strict=True)


_ARRAYS = ("row", "present", "open", "partial", "immature", "status", *_NUMBERS)


def _preference(baseline: str) -> tuple[bool, str]:
    return baseline not in ("", FIXED), baseline


def _option(identity: str, name: str, defaults: Mapping[str, Any]) -> float:
    named = re.search(rf"[(,]{name}=([^,)]+)", identity)
    return float(named[1] if named else defaults[name])


def blocks(points: pa.Table, calendar: Calendar) -> dict[tuple[str, int], SeriesBlock]:
    """Lay points out as series, by name of the metric and by the number of windows that one window joins.

    Args:
        points: rows of ``schemas.POINTS`` of one monitor in any order; of several rows of one key the one of the
            highest ``seq`` counts.
        calendar: how the monitor cuts time; it tells merged windows from single ones.
    """
    if not points.num_rows:
        return {}
    columns = _Columns(points, calendar)
    axes = {int(span): np.unique(columns.starts[columns.span == span]) for span in np.unique(columns.span)}
    ordered = np.argsort(columns.seq, kind="stable")
    group = columns.metric[ordered] * (int(columns.span.max()) + 1) + columns.span[ordered]
    by_group = ordered[np.argsort(group, kind="stable")]
    edges = np.flatnonzero(np.diff(np.sort(group))) + 1
    made = (columns.block(rows, axes) for rows in np.split(by_group, edges))
    return {(block.name, block.span): block for block in made}


class _Columns:
    """The columns of a points table as arrays."""

    def __init__(self, points: pa.Table, calendar: Calendar) -> None:
        self.table = points
        self.starts = _integers(points["window_start"])
        self.ends = _integers(points["window_end"])
        size = calendar.size.about.total_seconds() * 1e6
        self.span = np.maximum(1, np.rint((self.ends - self.starts) / size)).astype(np.int64)
        self.seq = _integers(points["seq"])
        metric, identities = _ranks(points["metric"])
        self.names = sorted({word.partition("@")[0] for word in identities})
        self.metric = np.asarray([self.names.index(word.partition("@")[0]) for word in identities], np.int64)[metric]
        self.series = np.zeros(points.num_rows, np.int64)
        for name in SERIES_KEY:
            rank, words = _ranks(points[name])
            self.series = self.series * len(words) + rank
        self.numbers = {name: _floats(points[name]) for name in _NUMBERS}
        self.open, self.partial = _flags(points["open"]), _flags(points["partial"])
        self.immature = _in(points["maturity"], _INCOMPLETE)
        rank, words = _ranks(points["status"])
        self.status = np.asarray(words, "<U12")[rank]

    def block(self, rows: Ints, axes: dict[int, Ints]) -> SeriesBlock:
        span = int(self.span[rows[0]])
        starts = axes[span]
        _, first, series = np.unique(self.series[rows], return_index=True, return_inverse=True)
        window = np.searchsorted(starts, self.starts[rows])
        shape = (len(first), len(starts))

        def laid(values: NDArray[Any], empty: Any) -> NDArray[Any]:
            out = np.full(shape, empty, values.dtype)
            out[series, window] = values[rows]  # rows come by rising seq: the last one stays
            return out

        numbers: dict[str, Any] = {name: laid(values, np.nan) for name, values in self.numbers.items()}
        return SeriesBlock(
            name=self.names[int(self.metric[rows[0]])],
            span=span,
            keys=self.table.select(SERIES_KEY).take(pa.array(rows[first])),
            starts=starts,
            ends=self._ends(starts, span),
            row=laid(np.arange(len(self.starts)), -1),
            present=laid(np.ones(len(self.starts), np.bool_), False),
            open=laid(self.open, False),
            partial=laid(self.partial, False),
            immature=laid(self.immature, False),
            status=laid(self.status, ""),
            **numbers,
        )

    def _ends(self, starts: Ints, span: int) -> Ints:
        here = self.span == span
        found, first = np.unique(self.starts[here], return_index=True)
        return self.ends[here][first][np.searchsorted(found, starts)]


def _integers(column: pa.ChunkedArray) -> Ints:
    return column.cast(pa.int64()).to_numpy()


def _floats(column: pa.ChunkedArray) -> Floats:
    return column.to_numpy().astype(np.float64, copy=False)


def _flags(column: pa.ChunkedArray) -> Bools:
    return column.to_numpy().astype(np.bool_, copy=False)


def _in(column: pa.ChunkedArray, wanted: tuple[str, ...]) -> Bools:
    rank, words = _ranks(column)
    return np.asarray([word in wanted for word in words], np.bool_)[rank]


def _ranks(column: pa.ChunkedArray) -> tuple[Ints, list[Any]]:
    """The rank of each value among the sorted distinct values, and those values; null sorts first."""
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    words = encoded.dictionary.to_pylist()
    order = sorted(range(len(words)), key=lambda i: (words[i] is not None, words[i] or ""))
    rank = np.empty(len(words), np.int64)
    rank[order] = np.arange(len(words))
    return rank[encoded.indices.to_numpy()], [words[i] for i in order]
