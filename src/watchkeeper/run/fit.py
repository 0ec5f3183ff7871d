"""Grids fitted on the rows of a baseline: a bounded sample of the numbers, exact counts of the categories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.spec.defaults import NUMERIC
from watchkeeper.spec.resolve import Resolved
from watchkeeper.statistics import kernel
from watchkeeper.statistics.grid import Grid, fit_categories, fit_numeric
from watchkeeper.terms import ParseStatus

SAMPLE_ROWS = 50_000
"""Rows whose numbers a grid is fitted on."""
_LEFT_OUT = (ParseStatus.DUPLICATE.value, ParseStatus.FUTURE.value)
_UNCUT = ("event_time",)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0x9E3779B97F4A7C15))


@dataclass(frozen=True, slots=True)
class Fitted:
    """Grids by column, the share of each category in the baseline, and how many rows they were fitted on."""

    grids: dict[str, Grid]
    shares: dict[str, dict[str, float]]
    rows: int


def fit(parts: Iterable[Iterable[pa.RecordBatch]], resolved: Resolved, measure: kernel.Measure) -> Fitted:
    """Fit a grid for every column of a baseline.

    Args:
        parts: the rows of the baseline.
        measure: a measure without grids, for counting the categories.
    """
    numbers = [c.name for c in resolved.columns if c.type == NUMERIC and c.name not in _UNCUT]
    words = replace(measure, columns=tuple(c for c in measure.columns if c.name not in numbers), log_loss=False)
    sample, partials, rows = _Sample(numbers), [], 0
    for batch in chain.from_iterable(parts):
        partials.append(kernel.count(batch, words))
        kept = batch.filter(pc.invert(pc.is_in(batch["parse_status"], value_set=pa.array(_LEFT_OUT))))
        sample.add(kept)
        rows += len(kept)
    grids = {name: fit_numeric(name, sample.values(name)) for name in numbers}
    shares: dict[str, dict[str, float]] = {}
    for column in resolved.columns:
        if column.type != NUMERIC:
            counts = kernel.merged(partials).value_counts(column.name) if partials else {}
            grids[column.name] = fit_categories(column.name, counts)
            total = sum(counts.values())
            shares[column.name] = {value: count / total for value, count in counts.items()} if total else {}
    return Fitted(grids, shares, rows)


@dataclass
class _Sample:
    """The rows with the smallest keys; the key is made of the row itself, so order and split do not matter."""

    columns: list[str]
    _kept: pa.Table | None = None
    _keys: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))

    def add(self, batch: pa.RecordBatch) -> None:
        if not len(batch) or not self.columns:
            return
        rows = pa.table({name: batch[name].cast(pa.float64(), safe=False) for name in self.columns})
        table = rows if self._kept is None else pa.concat_tables([self._kept, rows])
        keys = np.concatenate([self._keys, _keys(batch, rows)])
        if len(keys) > 2 * SAMPLE_ROWS:
            table, keys = _smallest(table, keys)
        self._kept, self._keys = table, keys

    def values(self, column: str) -> NDArray[np.float64]:
        if self._kept is None:
            return np.zeros(0)
        table, _ = _smallest(self._kept, self._keys)
        return table[column].drop_null().to_numpy()


def _smallest(table: pa.Table, keys: NDArray[np.uint64]) -> tuple[pa.Table, NDArray[np.uint64]]:
    if len(keys) <= SAMPLE_ROWS:
        return table, keys
    limit = np.partition(keys, SAMPLE_ROWS - 1)[SAMPLE_ROWS - 1]
    kept = np.flatnonzero(keys <= limit)
    return table.take(pa.array(kept)), keys[kept]


def _keys(batch: pa.RecordBatch, rows: pa.Table) -> NDArray[np.uint64]:
    """A 64-bit hash of the time and the numbers of each row."""
    key = batch["event_time"].cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.uint64)
    for name in rows.column_names:
        values = rows[name].fill_null(0.0).to_numpy() + 0.0
        key = _mixed(key ^ values.view(np.uint64))
    return _mixed(key)


def _mixed(key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        key = (key + _MIX[2]) * _MIX[0]
        key ^= key >> np.uint64(27)
        key *= _MIX[1]
        return key ^ (key >> np.uint64(31))
