"""A batch of rows under a measure, with what several columns need of it made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Counts, Ints
from watchkeeper.statistics.distinct import row_hashes
from watchkeeper.statistics.measure import Measure, MeasuredColumn, Population
from watchkeeper.statistics.numbers import Numbers
from watchkeeper.statistics.runs import Runs
from watchkeeper.statistics.systems import System, Windows, systems_of
from watchkeeper.statistics.text import Texts
from watchkeeper.statistics.weights import Weights, of_classes
from watchkeeper.terms import ParseStatus

SEGMENT = "segment:"
"""Prefix of the columns that hold segment values."""
_LEFT_OUT = (ParseStatus.DUPLICATE.value, ParseStatus.FUTURE.value)


@dataclass
class Batch:
    """The rows that count (neither duplicates nor ahead of the clock), in order of their cells.

    Every array has shape (rows,) in that order.
    """

    rows: Any
    measure: Measure
    _runs: dict[Population, list[Runs]] = field(default_factory=dict)
    _populations: dict[Population, NDArray[np.bool_]] = field(default_factory=dict)

    @cached_property
    def _status(self) -> Texts:
        return Texts.of(self.rows["parse_status"])

    @cached_property
    def _unordered(self) -> tuple[Windows, list[System]]:
        times = self.rows["event_time"].cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64())
        counted = self._status.positions(_LEFT_OUT) < 0
        windows = Windows.of(times.to_numpy(zero_copy_only=False), counted, self.measure.calendar)
        segments = [Texts.of(self.rows[SEGMENT + key]) for key in self.measure.segments]
        return windows, systems_of(windows, Texts.of(self.rows["model_version"]), segments)

    @cached_property
    def _unordered_weights(self) -> Weights:
        return Weights.of(Numbers.of(self.rows["weight"]).values)

    @cached_property
    def _order(self) -> Ints | None:
        """The row at each place; None where all rows stand in order already."""
        system, weights = self._unordered[1][0], self._unordered_weights
        return Runs.of(weights.cells(system.cell), None, system.size * weights.size).order

    @cached_property
    def windows(self) -> Windows:
        windows = self._unordered[0]
        return windows if self._order is None else Windows(windows.starts, windows.cell.take(self._order, mode="clip"))

    @cached_property
    def systems(self) -> list[System]:
        return [system.take(self._order) for system in self._unordered[1]]

    @cached_property
    def weights(self) -> Weights:
        return self._unordered_weights.take(self._order)

    def numbers(self, column: str) -> Numbers:
        return Numbers.of(self.rows[column]).take(self._order)

    def texts(self, column: str) -> Texts:
        return Texts.of(self.rows[column]).take(self._order)

    def hashes(self, column: str) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
        """Hash of each value, and where there is one."""
        hashes, present = row_hashes(self.rows[column])
        return (hashes, present) if self._order is None else (hashes[self._order], present[self._order])

    def positions(self, column: str, values: Sequence[str]) -> Ints:
        """Index of each row's text in ``values``, -1 where it is null or not among them."""
        return self.texts(column).positions(values)

    def population(self, population: Population) -> NDArray[np.bool_]:
        if population not in self._populations:
            self._populations[population] = _POPULATIONS[population](self)
        return self._populations[population]

    @property
    def is_ok(self) -> NDArray[np.bool_]:
        return self._status.take(self._order).positions((ParseStatus.OK.value,)) >= 0

    def runs(self, population: Population) -> list[Runs]:
        """Rows of a population by combination and class of weight, once for each system."""
        if population not in self._runs:
            self._runs[population] = self.runs_of(self.population(population))
        return self._runs[population]

    def runs_of(self, rows: NDArray[np.bool_]) -> list[Runs]:
        """The rows where a mask holds by combination and class of weight, once for each system."""
        weights = self.weights
        return [
            Runs.of(weights.cells(system.cell_of(rows)), weights.each, system.size * weights.size, weights.classes)
            for system in self.systems
        ]

    def counts(self, column: MeasuredColumn, slot: Ints, slots: int) -> Counts:
        """Rows counted by combination and slot."""
        parts = [_counted(runs, slot, slots) for runs in self.runs(column.population)]
        return parts[0] if len(parts) == 1 else Counts.stacked(parts)

    def misfit(self, column: MeasuredColumn) -> NDArray[np.bool_] | None:
        """Whether a row holds a value of the wrong type in this column; None where none does."""
        rows = self._misfits.get(column.misfit_key or column.name)
        if rows is None:
            return None
        mask = np.zeros(self.rows.num_rows, bool)
        mask[rows] = True
        return mask if self._order is None else mask[self._order]

    @cached_property
    def _misfits(self) -> dict[str, Ints]:
        """Rows with a misfit by column, before they were ordered."""
        if "misfits" not in self.rows.schema.names:
            return {}
        return _misfit_rows(self.rows["misfits"])


def _counted(runs: Runs, slot: Ints, slots: int) -> Counts:
    counts = Counts.of(runs.cell, runs.gathered(slot), runs.weight, runs.cells, slots)
    return counts if runs.weight is not None else of_classes(counts.n, runs.classes)


def _misfit_rows(misfits: Any) -> dict[str, Ints]:
    if misfits.null_count == len(misfits):
        return {}
    offsets = misfits.offsets.to_numpy(zero_copy_only=False)
    lengths = np.diff(offsets) * misfits.is_valid().to_numpy(zero_copy_only=False)
    row = np.repeat(np.arange(len(misfits)), lengths)
    at = np.repeat(offsets[:-1] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(len(row))
    keys = Texts.of(misfits.keys.take(pa.array(at)))
    return {name: row[keys.code == i] for i, name in enumerate(keys.vocabulary.to_pylist())}


def _all(batch: Batch) -> NDArray[np.bool_]:
    return np.ones(len(batch.windows.cell), bool)


def _ok(batch: Batch) -> NDArray[np.bool_]:
    return batch.is_ok


def _requests(batch: Batch) -> NDArray[np.bool_]:
    return batch.numbers("row_index").values == 0


def _served(batch: Batch) -> NDArray[np.bool_]:
    status = batch.numbers("status_code")
    return batch.population(Population.REQUESTS) & ((status.values == 200) | status.is_null)


_POPULATIONS: dict[Population, Callable[[Batch], NDArray[np.bool_]]] = {
    Population.ALL: _all,
    Population.OK: _ok,
    Population.REQUESTS: _requests,
    Population.SERVED: _served,
}
