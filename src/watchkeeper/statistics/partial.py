"""What was counted so far, by the finest cells: mergeable, and summed up once at the end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.cells import Cell, Cells
from watchkeeper.statistics.counts import Ints
from watchkeeper.statistics.distinct import Distinct
from watchkeeper.statistics.measure import Measure
from watchkeeper.statistics.shelf import Key, Shelf, Stack
from watchkeeper.statistics.tally import Tally
from watchkeeper.terms import ANY_VERSION, OTHER_VALUE

Combination = tuple[int, str, tuple[str | None, ...]]
"""Window start, version and the value of each segment key; None where the rows were not told apart by that key."""
_TOGETHER = 16
"""Partials that are merged at once."""


@dataclass(frozen=True, slots=True)
class Partial:
    """Statistics of some rows, by combinations of window, version and segment values.

    Every row is in exactly one combination of the first segment key, so those add up to all rows.

    Args:
        combinations: the combinations that occurred, each once.
        statistics: by column and kind, stacked in the order of the combinations.
        tallies: exact counts of the values of category columns, stacked likewise.
        windows: starts of the windows that occurred.
        distinct: of number columns, stacked in the order of the windows.
    """

    measure: Measure
    combinations: tuple[Combination, ...] = ()
    statistics: Mapping[Key, Any] = field(default_factory=dict)
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    windows: tuple[int, ...] = ()
    distinct: Mapping[str, Distinct] = field(default_factory=dict)

    @property
    def rows_only_once(self) -> tuple[bool, ...]:
        """Per combination: whether it is one of those that add up to all rows."""
        return tuple(not values or values[0] is not None for _, _, values in self.combinations)

    def value_counts(self, column: str) -> dict[str, int]:
        """Rows of each value of a category column, exactly: what ``grid.fit_categories`` needs."""
        if column not in self.tallies:
            return {}
        whole = np.where(self.rows_only_once, 0, -1)
        return Tally.merged([self.tallies[column]], [whole], 1).value_counts()


def merged(partials: Iterable[Partial]) -> Partial:
    """Merge partials of one measure in any order; an iterator is consumed as it comes and little is kept.

    Raises:
        ValueError: there are none.
    """
    found = merged_or_none(partials)
    if found is None:
        raise ValueError("there is nothing to merge")
    return found


def merged_or_none(partials: Iterable[Partial]) -> Partial | None:
    """The same; None where there are none."""
    levels: list[list[Partial]] = []
    for partial in partials:
        _put(levels, 0, partial)
    rest = [partial for level in levels for partial in level]
    return _merged(rest) if len(rest) > 1 else next(iter(rest), None)


def by_single_keys(partial: Partial) -> Partial:
    """The same rows told apart by one segment key at a time: what is given in the end, in far fewer combinations."""
    keys = range(len(partial.measure.segments))
    if len(keys) < 2 or not all(None not in values for _, _, values in partial.combinations):
        return partial
    alone = [
        tuple(
            (w, v, tuple(x if key == own else None for key, x in enumerate(values)))
            for w, v, values in partial.combinations
        )
        for own in keys
    ]
    combinations, into = _indexed(alone)
    size, everywhere = len(combinations), np.concatenate(into)
    return replace(
        partial,
        combinations=combinations,
        statistics={
            key: type(statistic).stacked([statistic] * len(keys)).merged(everywhere, size)
            for key, statistic in partial.statistics.items()
        },
        tallies={name: Tally.merged([tally] * len(keys), into, size) for name, tally in partial.tallies.items()},
    )


def _only(combination: Combination, own: int) -> Combination:
    window, version, values = combination
    return window, version, tuple(value if key == own else None for key, value in enumerate(values))


def _put(levels: list[list[Partial]], level: int, partial: Partial) -> None:
    if len(levels) == level:
        levels.append([])
    levels[level].append(partial)
    if len(levels[level]) == _TOGETHER:
        whole = _merged(levels[level])
        levels[level] = []
        _put(levels, level + 1, whole)


def _merged(partials: Sequence[Partial]) -> Partial:
    filled = [partial for partial in partials if partial.combinations] or [partials[0]]
    combinations, into = _indexed([partial.combinations for partial in filled])
    windows, into_window = _indexed([partial.windows for partial in filled])
    size, together, by_window = len(combinations), np.concatenate(into), np.concatenate(into_window)
    return Partial(
        filled[0].measure,
        combinations,
        _each(filled, lambda p: p.statistics, lambda parts: type(parts[0]).stacked(parts).merged(together, size)),
        _each(filled, lambda p: p.tallies, lambda parts: Tally.merged(parts, into, size)),
        windows,
        _each(filled, lambda p: p.distinct, lambda parts: Distinct.stacked(parts).merged(by_window, len(windows))),
    )


def _each(
    partials: Sequence[Partial], field_of: Callable[[Partial], Mapping[Any, Any]], merge: Callable[[list[Any]], Any]
) -> dict[Any, Any]:
    return {key: merge([field_of(partial)[key] for partial in partials]) for key in field_of(partials[0])}


def _indexed(lists: Sequence[tuple[Any, ...]]) -> tuple[tuple[Any, ...], list[Ints]]:
    """All items once, and where each item of each list is among them."""
    at: dict[Any, int] = {}
    into = [np.array([at.setdefault(item, len(at)) for item in items], np.int64) for items in lists]
    return tuple(at), into


def with_marginals(partial: Partial, named: Mapping[str, Collection[str]] | None = None) -> Shelf:
    """Sum up: every version and all versions, times all rows and each segment value by itself.

    Rows whose version is not known ("") count among all versions only.

    Distinct values are given for all rows of all versions only.

    Args:
        partial: what was counted.
        named: by segment key, the values that keep cells of their own; others become ``__other__``. A key that is
            not named keeps all its values.
    """
    marginals = _Marginals(partial, named or {})
    stacks: dict[Key, Stack] = {}
    for key, statistic in partial.statistics.items():
        stacks[key] = marginals.cells, marginals.of(statistic)
    grids = {column.name: column.grid for column in partial.measure.columns}
    for column, tally in partial.tallies.items():
        summed = tally.summed(marginals.into, len(marginals.cells), grids[column])
        stacks[column, Categories.kind] = marginals.cells, summed
    for column, distinct in _distinct(partial).items():
        cells = Cells.of(Cell(window) for window in partial.windows)
        stacks[column, Distinct.kind] = cells, distinct
    return Shelf(stacks)


@dataclass(frozen=True, slots=True, init=False)
class _Marginals:
    """The cells to give, and for each way to sum up, where each combination goes (-1: nowhere)."""

    cells: Cells
    into: list[Ints]

    def __init__(self, partial: Partial, named: Mapping[str, Collection[str]]) -> None:
        at: dict[Cell, int] = {}
        into: list[Ints] = []
        for version in (None, ANY_VERSION):
            for key in (None, *range(len(partial.measure.segments))):
                cells = [_cell(c, version, key, partial.measure.segments, named) for c in partial.combinations]
                into.append(np.array([-1 if c is None else at.setdefault(c, len(at)) for c in cells], np.int64))
        object.__setattr__(self, "cells", Cells.of(at))
        object.__setattr__(self, "into", into)

    def of(self, statistic: Any) -> Any:
        parts = [statistic] * len(self.into)
        return type(statistic).stacked(parts).merged(np.concatenate(self.into), len(self.cells))


def _cell(
    combination: Combination,
    version: str | None,
    key: int | None,
    segments: tuple[str, ...],
    named: Mapping[str, Collection[str]],
) -> Cell | None:
    window, own_version, values = combination
    if version is None and not own_version:
        return None
    version = own_version if version is None else version
    if key is None:
        return Cell(window, version) if not values or values[0] is not None else None
    value = values[key]
    if value is None:
        return None
    name = segments[key]
    return Cell(window, version, name, value if name not in named or value in named[name] else OTHER_VALUE)


def _distinct(partial: Partial) -> dict[str, Distinct]:
    at = {window: i for i, window in enumerate(partial.windows)}
    once = partial.rows_only_once
    into = [at[c[0]] if whole else -1 for c, whole in zip(partial.combinations, once, strict=True)]
    wanted = [c.name for c in partial.measure.columns if Distinct.kind in c.kinds and c.name in partial.tallies]
    targets = np.array(into, np.int64)
    counted = {name: partial.tallies[name].distinct(targets, len(partial.windows)) for name in wanted}
    return {**partial.distinct, **counted}
