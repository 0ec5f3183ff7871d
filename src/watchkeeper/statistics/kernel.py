"""The one scan: from a batch of rows to partial statistics of every column and cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from watchkeeper.statistics.batch import Batch
from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.confusion import Confusion, confusion_slots
from watchkeeper.statistics.distinct import Distinct, row_hashes, smallest
from watchkeeper.statistics.grid import Grid
from watchkeeper.statistics.histogram import MISSING, Histogram, slots_of
from watchkeeper.statistics.measure import LOG_LOSS, Measure, MeasuredColumn, Population
from watchkeeper.statistics.moments import Moments
from watchkeeper.statistics.numbers import Numbers
from watchkeeper.statistics.partial import Partial, merged, with_marginals
from watchkeeper.statistics.runs import Runs
from watchkeeper.statistics.score_bins import BINARY, ScoreBins, score_slots
from watchkeeper.statistics.shelf import Key
from watchkeeper.statistics.table import to_table
from watchkeeper.statistics.tally import Tally
from watchkeeper.statistics.text import Texts, positions

__all__ = ["Measure", "MeasuredColumn", "Partial", "Population", "count", "merged", "to_table", "with_marginals"]

_MOST_ROWS = 2**17
"""Longer batches are counted in pieces, so that intermediate arrays stay in the cache."""
_NUMBER_KINDS = (Moments.kind, Histogram.kind, ScoreBins.kind)


def count(rows: Any, measure: Measure) -> Partial:
    """Count a batch of rows; pure, so batches may be cut, ordered and counted in parallel at will.

    Args:
        rows: an Arrow record batch with ``event_time``, ``model_version``, ``weight``, ``row_index``,
            ``status_code``, ``parse_status``, a column ``segment:<key>`` per segment key, the measured columns, and
            where they are measured together ``score``, ``decision`` and ``label``. ``misfits`` (map of column to
            text) may be left out.
        measure: what to count.
    """
    if rows.num_rows > _MOST_ROWS:
        starts = range(0, rows.num_rows, _MOST_ROWS)
        return merged(count(rows.slice(start, _MOST_ROWS), measure) for start in starts)
    batch = Batch(rows, measure)
    statistics: dict[Key, Any] = {}
    tallies: dict[str, Tally] = {}
    distinct: dict[str, Distinct] = {}
    for column in measure.columns:
        statistics |= {(column.name, kind): found for kind, found in _counted(batch, column).items()}
        if Categories.kind in column.kinds:
            tallies[column.name] = _tally(batch, column)
        elif Distinct.kind in column.kinds:
            distinct[column.name] = _smallest_hashes(batch, column)
    if measure.log_loss:
        statistics[LOG_LOSS, Moments.kind] = _log_loss(batch)
    combinations = tuple(c for system in batch.systems for c in system.combinations)
    return Partial(measure, combinations, statistics, tallies, tuple(batch.windows.starts.tolist()), distinct)


def _counted(batch: Batch, column: MeasuredColumn) -> dict[str, Any]:
    """Statistics of one column, but for values by name and distinct values."""
    found: dict[str, Any] = {}
    numbers = Numbers.of(batch.rows[column.name]) if set(column.kinds) & set(_NUMBER_KINDS) else None
    if Moments.kind in column.kinds and numbers is not None:
        found[Moments.kind] = _moments(batch, column, numbers)
    if column.grid is not None and numbers is not None:
        found |= _on_grid(batch, column, numbers, column.grid)
    if Confusion.kind in column.kinds:
        found[Confusion.kind] = _confusion(batch, column)
    return found


def _moments(batch: Batch, column: MeasuredColumn, numbers: Numbers) -> Moments:
    weighted = column.name != "event_time"
    misfit = batch.misfit(column)
    population = batch.population(column.population)
    if misfit is not None and numbers.null is not None:
        population = population & ~(misfit & numbers.null)
        runs = [Runs.of(system.cell_of(population), batch.weight, system.size) for system in batch.systems]
        return Moments.stacked([Moments.of_runs(numbers, part) for part in runs])
    return Moments.stacked([Moments.of_runs(numbers, part) for part in batch.runs(column.population, weighted)])


def _on_grid(batch: Batch, column: MeasuredColumn, numbers: Numbers, grid: Grid) -> dict[str, Any]:
    if not {Histogram.kind, ScoreBins.kind} & set(column.kinds):
        return {}
    found: dict[str, Any] = {}
    slot = slots_of(numbers, grid, batch.misfit(column))
    if Histogram.kind in column.kinds:
        found[Histogram.kind] = Histogram.of_counts(batch.counts(column, slot, grid.cells + MISSING), grid)
    if ScoreBins.kind in column.kinds:
        slot = score_slots(slot, batch.label(BINARY), grid)
        found[ScoreBins.kind] = ScoreBins(batch.counts(column, slot, 2 * grid.cells), grid)
    return found


def _confusion(batch: Batch, column: MeasuredColumn) -> Confusion:
    classes = batch.measure.classes
    slot = confusion_slots(positions(batch.rows["decision"], classes), batch.label(classes), len(classes))
    return Confusion(classes, batch.counts(column, slot, len(classes) ** 2))


def _tally(batch: Batch, column: MeasuredColumn) -> Tally:
    texts, misfit = Texts.of(batch.rows[column.name]), batch.misfit(column)
    parts = []
    for runs in batch.runs(column.population):
        moved = Texts(runs.gathered(texts.code), texts.vocabulary)
        own_misfit = None if misfit is None else runs.gathered(misfit)
        parts.append(Tally.of_texts(moved, runs.cell, runs.weight, runs.cells, own_misfit))
    return parts[0] if len(parts) == 1 else _one_under_the_other(parts)


def _one_under_the_other(parts: Sequence[Tally]) -> Tally:
    ends = np.cumsum([part.cells for part in parts])
    into = [np.arange(end - part.cells, end) for part, end in zip(parts, ends, strict=True)]
    return Tally.merged(parts, into, int(ends[-1]))


def _smallest_hashes(batch: Batch, column: MeasuredColumn) -> Distinct:
    hashes, present = row_hashes(batch.rows[column.name])
    cell = np.where(present & batch.population(column.population), batch.windows.cell, -1)
    runs = Runs.of(cell, None, len(batch.windows.starts))
    parts = np.split(runs.gathered(hashes), runs.starts[1:]) if len(runs.starts) else []
    kept = [smallest(part) for part in parts]
    lengths = np.array([len(part) for part in kept], np.int64)
    joined = np.concatenate(kept) if kept else np.zeros(0, np.uint64)
    return Distinct.of_hashes(joined, np.repeat(runs.members, lengths), runs.cells, runs.rows)


def _log_loss(batch: Batch) -> Moments:
    """Loss −ln p of the label that came, of rows that have a label and a score in [0, 1]."""
    score, label = Numbers.of(batch.rows["score"]).values, batch.label(BINARY)
    with np.errstate(invalid="ignore"):
        judged = (label >= 0) & (score >= 0) & (score <= 1) & batch.population(Population.OK)
    smallest_share = np.finfo(np.float64).eps
    p = np.clip(np.where(judged, score, 0.5), smallest_share, 1 - smallest_share)
    losses = Numbers(-np.where(label == 1, np.log(p), np.log1p(-p)))
    runs = (Runs.of(system.cell_of(judged), batch.weight, system.size) for system in batch.systems)
    return Moments.stacked([Moments.of_runs(losses, part) for part in runs])
