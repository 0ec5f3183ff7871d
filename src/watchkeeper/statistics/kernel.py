"""The one scan: from a batch of rows to partial statistics of every column and cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper.statistics.batch import Batch
from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.confusion import Confusion, confusion_slots
from watchkeeper.statistics.distinct import Distinct, float_hashes, smallest_of_runs
from watchkeeper.statistics.grid import Grid
from watchkeeper.statistics.histogram import MISSING, Histogram, slots_of
from watchkeeper.statistics.measure import LOG_LOSS, Measure, MeasuredColumn, Population
from watchkeeper.statistics.moments import Moments
from watchkeeper.statistics.numbers import Numbers
from watchkeeper.statistics.partial import Partial, by_single_keys, merged, merged_or_none, with_marginals
from watchkeeper.statistics.score_bins import BINARY, ScoreBins, score_slots
from watchkeeper.statistics.shelf import Key
from watchkeeper.statistics.table import to_table
from watchkeeper.statistics.tally import Tally
from watchkeeper.statistics.text import Texts

__all__ = [
    "Measure",
    "MeasuredColumn",
    "Partial",
    "Population",
    "by_single_keys",
    "count",
    "merged",
    "merged_or_none",
    "to_table",
    "with_marginals",
]

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
        numbers = batch.numbers(column.name) if set(column.kinds) & set(_NUMBER_KINDS) else None
        statistics |= {(column.name, kind): found for kind, found in _counted(batch, column, numbers).items()}
        if Categories.kind in column.kinds:
            tallies[column.name] = _tally(batch, column)
        elif Distinct.kind in column.kinds:
            distinct[column.name] = _smallest_hashes(batch, column, numbers)
    if measure.log_loss:
        statistics[LOG_LOSS, Moments.kind] = _log_loss(batch)
    combinations = tuple(c for system in batch.systems for c in system.combinations)
    return Partial(measure, combinations, statistics, tallies, tuple(batch.windows.starts.tolist()), distinct)


def _counted(batch: Batch, column: MeasuredColumn, numbers: Numbers | None) -> dict[str, Any]:
    """Statistics of one column, but for values by name and distinct values."""
    found: dict[str, Any] = {}
    if Moments.kind in column.kinds and numbers is not None:
        found[Moments.kind] = _moments(batch, column, numbers)
    if column.grid is not None and numbers is not None:
        found |= _on_grid(batch, column, numbers, column.grid)
    if Confusion.kind in column.kinds:
        found[Confusion.kind] = _confusion(batch, column)
    return found


def _moments(batch: Batch, column: MeasuredColumn, numbers: Numbers) -> Moments:
    misfit = batch.misfit(column)
    if misfit is not None and numbers.null is not None:
        runs = batch.runs_of(batch.population(column.population) & ~(misfit & numbers.null))
    else:
        runs = batch.runs(column.population)
    if column.name == "event_time":
        runs = [part.unweighted() for part in runs]
    return Moments.stacked([Moments.of_runs(numbers, part) for part in runs])


def _on_grid(batch: Batch, column: MeasuredColumn, numbers: Numbers, grid: Grid) -> dict[str, Any]:
    if not {Histogram.kind, ScoreBins.kind} & set(column.kinds):
        return {}
    found: dict[str, Any] = {}
    slot = slots_of(numbers, grid, batch.misfit(column))
    if Histogram.kind in column.kinds:
        found[Histogram.kind] = Histogram.of_counts(batch.counts(column, slot, grid.cells + MISSING), grid)
    if ScoreBins.kind in column.kinds:
        slot = score_slots(slot, batch.positions("label", BINARY), grid)
        found[ScoreBins.kind] = ScoreBins(batch.counts(column, slot, 2 * grid.cells), grid)
    return found


def _confusion(batch: Batch, column: MeasuredColumn) -> Confusion:
    classes = batch.measure.classes
    decision, label = (batch.positions(name, classes) for name in ("decision", "label"))
    slot = confusion_slots(decision, label, len(classes))
    return Confusion(classes, batch.counts(column, slot, len(classes) ** 2))


def _tally(batch: Batch, column: MeasuredColumn) -> Tally:
    texts, misfit = batch.texts(column.name), batch.misfit(column)
    parts = []
    for runs in batch.runs(column.population):
        moved = Texts(runs.gathered(texts.code), texts.vocabulary)
        own_misfit = None if misfit is None else runs.gathered(misfit)
        tally = Tally.of_texts(moved, runs.cell, runs.weight, runs.cells, own_misfit)
        parts.append(tally if runs.weight is not None else tally.weighed(runs.classes))
    return parts[0] if len(parts) == 1 else _one_under_the_other(parts)


def _one_under_the_other(parts: Sequence[Tally]) -> Tally:
    ends = np.cumsum([part.cells for part in parts])
    into = [np.arange(end - part.cells, end) for part, end in zip(parts, ends, strict=True)]
    return Tally.merged(parts, into, int(ends[-1]))


def _smallest_hashes(batch: Batch, column: MeasuredColumn, numbers: Numbers | None) -> Distinct:
    if numbers is not None and pa.types.is_floating(batch.rows[column.name].type):
        hashes, present = float_hashes(numbers.values), ~np.isnan(numbers.values)
    else:
        hashes, present = batch.hashes(column.name)
    present &= batch.population(column.population)
    edges = np.searchsorted(batch.windows.cell, np.arange(len(batch.windows.starts) + 1))
    return smallest_of_runs(hashes, present, edges[:-1], edges[1:])


def _log_loss(batch: Batch) -> Moments:
    """Loss −ln p of the label that came, of rows that have a label and a score in [0, 1]."""
    score, label = batch.numbers("score").values, batch.positions("label", BINARY)
    judged = (label >= 0) & (score >= 0) & (score <= 1) & batch.population(Population.OK)
    p = np.abs(score - (label == 0))  # the share that the score gave to the label
    smallest_share = np.finfo(np.float64).eps
    p[~judged] = 1.0
    np.clip(p, smallest_share, 1 - smallest_share, out=p)
    losses = Numbers(np.negative(np.log(p, out=p), out=p))
    return Moments.stacked([Moments.of_runs(losses, runs) for runs in batch.runs_of(judged)])
