"""Frozen grids: where a column is cut, fitted once on the baseline so that every window is counted alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Floats, Ints

NUMERIC = "numeric"
CATEGORY = "category"
PARTS = 200
"""Cells of equal mass of a numeric grid, so that every half percent of the baseline is an edge."""
NAMED = 100
"""Categories that keep a count of their own; the others of a grid are counted together."""
MOST_CATEGORIES = 10_000
_FEW_VALUES = 20
HALVINGS = 12
"""Octaves between the smallest of positive values and 0 that have an edge of their own."""
TAIL_EDGES = 56
"""Edges of each tail: two an octave over 28 octaves."""


@dataclass(frozen=True)
class Grid:
    """How one column is cut.

    A numeric grid has right-closed cells ``(edge, next edge]``, open-ended at both sides. An atom is a value with a
    cell of its own, cut out of the cells beside it. A category grid lists the baseline's values, most frequent first;
    the first ``NAMED`` are counted one by one.
    """

    column: str
    kind: str
    edges: tuple[float, ...] = ()
    atoms: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()

    @cached_property
    def grid_id(self) -> str:
        """sha256 of column, kind, edges, atoms and categories."""
        content = [self.column, self.kind, self.edges, self.atoms, self.categories]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def named(self) -> tuple[str, ...]:
        """The categories that are counted one by one."""
        return self.categories[:NAMED]

    @cached_property
    def marks(self) -> Floats:
        """Edges and atoms together, ascending, without repeats."""
        return np.unique(np.array(self.edges + self.atoms, np.float64) + 0.0)

    @cached_property
    def cells(self) -> int:
        """Number of cells of a numeric grid."""
        return len(self.marks) + 1 + int(self._mark_is_atom.sum())

    @cached_property
    def cell_of_code(self) -> Ints:
        """Cell of each fine code ``#(marks < x) + #(marks <= x)``: even between two marks, odd on a mark."""
        atoms_before = np.concatenate([[0], np.cumsum(self._mark_is_atom)])
        between = np.arange(len(self.marks) + 1) + atoms_before
        codes = np.repeat(between, 2)[:-1]
        codes[1::2] += self._mark_is_atom
        return codes.astype(np.int64)

    @cached_property
    def lower(self) -> Floats:
        """Lower bound of each cell, shape (cells,); an atom's bounds are its value."""
        return self._bounds(np.concatenate([[-np.inf], self.marks]))

    @cached_property
    def upper(self) -> Floats:
        """Upper bound of each cell, shape (cells,)."""
        return self._bounds(np.concatenate([self.marks, [np.inf]]))

    @cached_property
    def is_atom(self) -> NDArray[np.bool_]:
        """Whether a cell holds one value only, shape (cells,)."""
        out = np.zeros(self.cells, bool)
        out[self._atom_cells] = True
        return out

    def _bounds(self, between: Floats) -> Floats:
        out = np.empty(self.cells)
        out[self.cell_of_code[::2]] = between
        out[self._atom_cells] = self.marks[self._mark_is_atom]
        return out

    @cached_property
    def _mark_is_atom(self) -> NDArray[np.bool_]:
        return np.isin(self.marks, np.array(self.atoms, np.float64))

    @property
    def _atom_cells(self) -> Ints:
        return self.cell_of_code[1::2][self._mark_is_atom]


def fit_numeric(column: str, sample: NDArray[Any]) -> Grid:
    """Cut a column into about 200 cells of equal mass, with tails outside the range seen.

    Edges are the quantiles at k/200 by inverse CDF and both ends of the range. Outside it, two edges an octave reach
    from 1/16 of the range to 2^24 times it, so that a unit error still moves mass between cells. Values that hold
    half a percent or more become atoms, and so does every value where there are at most 20.

    Args:
        column: name of the column.
        sample: values of the baseline, shape (n,); NaN and infinite values are left out.
    """
    values = np.asarray(sample, np.float64)
    values = np.sort(values[np.isfinite(values)] + 0.0)
    if values.size == 0:
        return Grid(column, NUMERIC)
    atoms = _atoms(values)
    inside = interior_edges(values, PARTS)
    low, high = float(values[0]), float(values[-1])
    steps = _tail_steps(low, high)
    with np.errstate(over="ignore"):
        below = low if low in atoms else float(np.nextafter(low, -np.inf))
        edges = np.unique(np.concatenate([below - steps, _towards_zero(low), [below], inside, [high], high + steps]))
    return Grid(column, NUMERIC, _floats(edges[np.isfinite(edges)]), atoms)


def interior_edges(values: Floats, parts: int) -> Floats:
    """Quantiles of sorted values at k/parts by inverse CDF, repeats and the maximum left out.

    >>> interior_edges(np.array([0.0, 0.0, 0.0, 1.0, 2.0]), 5)
    array([0., 1.])
    """
    ranks = (len(values) * np.arange(1, parts) + parts - 1) // parts - 1
    edges = np.unique(values[ranks])
    return edges[edges < values[-1]]


def fit_categories(column: str, counts: Mapping[str, int]) -> Grid:
    """List a column's values by count, then by value, at most 10,000 of them."""
    ordered = sorted((value for value, count in counts.items() if count > 0), key=lambda value: (-counts[value], value))
    return Grid(column, CATEGORY, categories=tuple(ordered[:MOST_CATEGORIES]))


def _atoms(values: Floats) -> tuple[float, ...]:
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) <= _FEW_VALUES:
        return _floats(distinct)
    return _floats(distinct[(counts > 1) & (counts * PARTS >= len(values))])


def _towards_zero(low: float) -> Floats:
    """Edges between 0 and the smallest of positive values, one an octave."""
    return np.append(low * np.exp2(-np.arange(1.0, HALVINGS + 1)), 0.0) if low > 0 else np.zeros(0)


def _tail_steps(low: float, high: float) -> Floats:
    """Distances of the tail edges from the range; a constant column takes its size for its range."""
    spread = high / 16 - low / 16 or abs(high) / 16 or 1 / 16
    octaves = np.arange(TAIL_EDGES)
    with np.errstate(over="ignore"):
        return spread * np.exp2(octaves // 2) * np.where(octaves % 2, np.sqrt(2.0), 1.0)


def _floats(values: NDArray[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
