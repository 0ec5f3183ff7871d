"""What is counted of a monitor's rows: the columns, the kinds of statistic, the cells."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from watchkeeper.statistics.grid import Grid
from watchkeeper.windows import Calendar

LOG_LOSS = "log_loss"
"""Column of the loss of each labelled row of a binary model; made by the kernel, not read."""


class Population(StrEnum):
    """Which rows a column is counted over. Duplicates and events ahead of the clock belong to none."""

    ALL = "all"
    OK = "ok"
    """Rows that were parsed: what content statistics are made of."""
    REQUESTS = "requests"
    """The first row of each request."""
    SERVED = "served"
    """The first row of each request that was answered with status 200, or in tables without a status."""


@dataclass(frozen=True, slots=True)
class MeasuredColumn:
    """One column of the rows and what is counted of it.

    Args:
        name: its name in the rows and in the statistics.
        kinds: kinds of statistic, such as ``moments@1``. Kinds that read two columns stand under one of them:
            ``confusion@1`` under ``decision`` and ``score_bins@1`` under ``score``. Histograms and score bins are
            left out while there is no grid.
        population: the rows it is counted over.
        grid: how it is cut; None while the baseline is learnt.
        misfit_key: its name in the rows' ``misfits``; its name if empty.
    """

    name: str
    kinds: tuple[str, ...]
    population: Population = Population.OK
    grid: Grid | None = None
    misfit_key: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one scan counts.

    Args:
        calendar: how time is cut into windows.
        columns: the columns, each named once.
        segments: keys of the segments; the rows hold their values in columns ``segment:<key>``.
        classes: classes of the confusion counts, ``("0", "1")`` for a binary model.
        log_loss: whether to count the log loss of binary scores.
    """

    calendar: Calendar
    columns: tuple[MeasuredColumn, ...]
    segments: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    log_loss: bool = False
