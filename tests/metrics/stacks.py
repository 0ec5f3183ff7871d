"""Statistics to compute metrics on, counted from rows by the real classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.cells import NO_WINDOW, Cell, Cells
from watchkeeper.statistics.confusion import Confusion
from watchkeeper.statistics.grid import Grid, fit_categories, fit_numeric
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.statistics.moments import Moments
from watchkeeper.statistics.score_bins import ScoreBins
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.windows import micros

DAY = 86_400_000_000
START = micros(datetime(2026, 3, 2, tzinfo=UTC))  # a Monday
NORMAL_GRID = fit_numeric("x", np.random.default_rng(1).normal(size=20_000))
SCORE_GRID = fit_numeric("score", np.random.default_rng(2).beta(2, 5, 20_000))
BINARY_GRID = Grid("decision", "category", categories=("0", "1"))


def histogram(*cells: Any, grid: Grid = NORMAL_GRID, weight: Any = None) -> Histogram:
    """One cell per list of values; None is a null."""
    return Histogram.of(_values(cells, pa.float64()), *_rows(cells, weight), grid)


def moments(*cells: Any, weight: Any = None) -> Moments:
    return Moments.of(_values(cells, pa.float64()), *_rows(cells, weight), None)


def categories(*cells: Any, grid: Grid | None = None, weight: Any = None) -> Categories:
    return Categories.of(_values(cells, pa.string()), *_rows(cells, weight), grid)


def counted(*cells: Mapping[str, int], grid: Grid | None = None, weight: Any = None) -> Categories:
    """One cell per mapping of value to rows."""
    return categories(*([v for v, n in cell.items() for _ in range(n)] for cell in cells), grid=grid, weight=weight)


def listing(*names: str) -> Grid:
    """A grid of these categories, the first the most frequent."""
    return fit_categories("c", {name: len(names) - i for i, name in enumerate(names)})


def confusion(*cells: tuple[int, int, int, int], weight: Any = None) -> Confusion:
    """One cell per (true positives, false positives, false negatives, true negatives)."""
    pairs = [[p for p, n in zip(("11", "10", "01", "00"), cell, strict=True) for _ in range(n)] for cell in cells]
    flat = [pair for cell in pairs for pair in cell]
    values = pa.StructArray.from_arrays(
        [pa.array([pair[0] for pair in flat], pa.string()), pa.array([pair[1] for pair in flat], pa.string())],
        names=["decision", "label"],
    )
    return Confusion.of(values, *_rows(pairs, weight), BINARY_GRID)


def score_bins(*cells: tuple[Sequence[float], Sequence[int]], weight: Any = None, grid: Grid = SCORE_GRID) -> ScoreBins:
    """One cell per (scores, labels)."""
    scores = np.concatenate([np.asarray(score, float) for score, _ in cells])
    labels = np.concatenate([np.asarray(label, int) for _, label in cells])
    values = pa.StructArray.from_arrays(
        [pa.array(scores), pa.array([str(label) for label in labels], pa.string())], names=["score", "label"]
    )
    return ScoreBins.of(values, *_rows([score for score, _ in cells], weight), grid)


def shelf(stacks: Mapping[str, tuple[Sequence[Cell], Any]]) -> Shelf:
    """Stacks by column."""
    return Shelf(
        {(column, stat.kind): (Cells.of(cells), stat) for column, (cells, stat) in stacks.items()},
    )


def baseline(column: str, statistic: Any, *segments: tuple[str, str]) -> Shelf:
    """A baseline of one column whose first cell is all rows, the others these segments."""
    cells = [Cell(NO_WINDOW), *(Cell(NO_WINDOW, "*", key, value) for key, value in segments)]
    return shelf({column: (cells, statistic)})


def _values(cells: Sequence[Any], type_: pa.DataType) -> pa.Array:
    return pa.array([value for cell in cells for value in cell], type_, from_pandas=False)


def _rows(cells: Sequence[Any], weight: Any) -> tuple[Any, Any, int]:
    cell = np.repeat(np.arange(len(cells)), [len(part) for part in cells])
    return cell, None if weight is None else np.asarray(weight, float), len(cells)
