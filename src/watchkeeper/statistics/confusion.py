"""Decisions against labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from watchkeeper.statistics.base import counts_from, stored, stored_counts
from watchkeeper.statistics.counts import Counts, Floats, Ints
from watchkeeper.statistics.grid import Grid
from watchkeeper.statistics.text import Texts


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of decision and label over K classes.

    Args:
        classes: the K classes as text; for a binary model ``("0", "1")``.
        counts: shape (cells, K · K), slot ``decision · K + label``. Rows without decision or label are left out, as
            are those of a class that is not listed.
    """

    classes: tuple[str, ...]
    counts: Counts

    kind: ClassVar[str] = "confusion@1"

    @classmethod
    def of(cls, values: Any, cell: Ints, weight: Floats | None, cells: int, grid: Grid | None) -> Self:
        """Count rows.

        Args:
            values: an Arrow struct array of ``decision`` and ``label``, both text.
            grid: a category grid that lists the classes.
        """
        classes = _classes(grid)
        slots = confusion_slots(
            Texts.of(values.field("decision")).positions(classes),
            Texts.of(values.field("label")).positions(classes),
            len(classes),
        )
        return cls(classes, Counts.of(np.asarray(cell), slots, weight, cells, len(classes) ** 2))

    @classmethod
    def empty(cls, cells: int, grid: Grid | None) -> Self:
        classes = _classes(grid)
        return cls(classes, Counts.empty(cells, len(classes) ** 2))

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        classes = tuple(dict.fromkeys(name for part in parts for name in part.classes))
        return cls(classes, Counts.stacked([part.over(classes).counts for part in parts]))

    def over(self, classes: tuple[str, ...]) -> Self:
        """The same counts over a longer or reordered list of classes."""
        if classes == self.classes:
            return self
        at = np.array([classes.index(name) for name in self.classes], np.int64)
        slot = (at[:, None] * len(classes) + at[None, :]).ravel()
        return type(self)(classes, self.counts.folded(slot, len(classes) ** 2))

    @property
    def rows(self) -> Ints:
        return self.counts.rows

    @property
    def weight(self) -> Floats:
        return self.counts.weight.sum(axis=1)

    @property
    def n_eff(self) -> Floats:
        return self.counts.n_eff

    def take(self, cells: Ints) -> Self:
        return type(self)(self.classes, self.counts.take(cells))

    def merged(self, into: Ints, cells: int) -> Self:
        return type(self)(self.classes, self.counts.merged(np.asarray(into), cells))

    def to_arrow(self) -> Any:
        blob = json.dumps(self.classes, ensure_ascii=False).encode()
        return stored(*stored_counts(self.counts), [blob] * self.counts.cells)

    @classmethod
    def from_arrow(cls, array: Any, grid: Grid | None = None) -> Self:
        blobs = array.field("blob").to_pylist()
        parts = []
        for blob in dict.fromkeys(blobs):
            classes = tuple(json.loads(blob))
            mine = np.array([i for i, other in enumerate(blobs) if other == blob], np.int64)
            parts.append((mine, cls(classes, *counts_from(array.take(mine), len(classes) ** 2))))
        if not parts:
            return cls.empty(0, grid)
        back = np.argsort(np.concatenate([mine for mine, _ in parts]))
        return cls.stacked([part for _, part in parts]).take(back)


def confusion_slots(decision: Ints, label: Ints, classes: int) -> Ints:
    """Slot of each row from the positions of its decision and label; -1 where either is missing."""
    return np.where((decision >= 0) & (label >= 0), decision * classes + label, -1)


def _classes(grid: Grid | None) -> tuple[str, ...]:
    return () if grid is None else grid.categories
