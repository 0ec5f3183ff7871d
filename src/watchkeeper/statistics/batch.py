"""A batch of rows under a measure, with what several columns need of it made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Counts, Floats, Ints
from watchkeeper.statistics.measure import Measure, MeasuredColumn, Population
from watchkeeper.statistics.numbers import Numbers
from watchkeeper.statistics.runs import Runs
from watchkeeper.statistics.systems import System, Windows, systems_of
from watchkeeper.statistics.text import Texts, positions
from watchkeeper.terms import ParseStatus

SEGMENT = "segment:"
"""Prefix of the columns that hold segment values."""
_LEFT_OUT = (ParseStatus.DUPLICATE.value, ParseStatus.FUTURE.value)


@dataclass
class Batch:
    """A batch with what several columns need of it, each made once."""

    rows: Any
    measure: Measure
    _runs: dict[tuple[Population, bool], list[Runs]] = field(default_factory=dict)
    _populations: dict[Population, NDArray[np.bool_]] = field(default_factory=dict)

    @cached_property
    def weight(self) -> Floats | None:
        weight = Numbers.of(self.rows["weight"]).values
        return None if bool((weight == 1.0).all()) else weight

    def population(self, population: Population) -> NDArray[np.bool_]:
        if population not in self._populations:
            self._populations[population] = _POPULATIONS[population](self)
        return self._populations[population]

    def has_status(self, statuses: Sequence[str]) -> NDArray[np.bool_]:
        return positions(self.rows["parse_status"], statuses) >= 0

    def runs(self, population: Population, weighted: bool = True) -> list[Runs]:
        """Rows of a population by combination, once for each system."""
        key = population, weighted
        if key not in self._runs:
            mask, weight = self.population(population), self.weight if weighted else None
            self._runs[key] = [Runs.of(system.cell_of(mask), weight, system.size) for system in self.systems]
        return self._runs[key]

    def counts(self, column: MeasuredColumn, slot: Ints, slots: int) -> Counts:
        """Rows counted by combination and slot."""
        parts = [
            Counts.of(runs.cell, runs.gathered(slot), runs.weight, runs.cells, slots)
            for runs in self.runs(column.population)
        ]
        return parts[0] if len(parts) == 1 else Counts.stacked(parts)

    @cached_property
    def windows(self) -> Windows:
        times = self.rows["event_time"].cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64())
        return Windows.of(times.to_numpy(zero_copy_only=False), self.population(Population.ALL), self.measure.calendar)

    @cached_property
    def systems(self) -> list[System]:
        segments = [Texts.of(self.rows[SEGMENT + key]) for key in self.measure.segments]
        return systems_of(self.windows, Texts.of(self.rows["model_version"]), segments)

    def label(self, classes: Sequence[str]) -> Ints:
        """Position of each row's label among the classes, -1 where it has none."""
        return positions(self.rows["label"], classes)

    def misfit(self, column: MeasuredColumn) -> NDArray[np.bool_] | None:
        """Rows that hold a value of the wrong type in this column; None where there are none."""
        rows = self._misfits.get(column.misfit_key or column.name)
        if rows is None:
            return None
        mask = np.zeros(self.rows.num_rows, bool)
        mask[rows] = True
        return mask

    @cached_property
    def _misfits(self) -> dict[str, Ints]:
        """Rows with a misfit by column."""
        if "misfits" not in self.rows.schema.names:
            return {}
        return _misfit_rows(self.rows["misfits"])


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
    return ~batch.has_status(_LEFT_OUT)


def _ok(batch: Batch) -> NDArray[np.bool_]:
    return batch.has_status((ParseStatus.OK.value,))


def _requests(batch: Batch) -> NDArray[np.bool_]:
    first = pc.equal(batch.rows["row_index"], 0).to_numpy(zero_copy_only=False)
    return batch.population(Population.ALL) & first


def _served(batch: Batch) -> NDArray[np.bool_]:
    answered = pc.fill_null(pc.equal(batch.rows["status_code"], 200), True)
    return batch.population(Population.REQUESTS) & answered.to_numpy(zero_copy_only=False)


_POPULATIONS: dict[Population, Callable[[Batch], NDArray[np.bool_]]] = {
    Population.ALL: _all,
    Population.OK: _ok,
    Population.REQUESTS: _requests,
    Population.SERVED: _served,
}
