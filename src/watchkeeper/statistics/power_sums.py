"""Weighted sums of powers of deviations, cell by cell."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np

from watchkeeper.statistics.counts import Floats
from watchkeeper.statistics.runs import FEW_RUNS, Runs

_PIECE = 8192
"""Values summed at a time: they stay in the cache, and a dot product this short starts no threads."""


class PowerSums(NamedTuple):
    """Σwd, Σwd², Σwd³, Σwd⁴, Σw²d and Σw²d² of each cell, where d is the distance from the cell's centre."""

    m1: Floats
    m2: Floats
    m3: Floats
    m4: Floats
    v1: Floats
    v2: Floats

    @classmethod
    def of(cls, x: Floats, centre: Floats, runs: Runs) -> Self:
        """Sum distances of values ordered by cell, each of shape (cells,), classes of weight put together.

        Args:
            x: the values, shape (positions,).
            centre: that of each cell, shape (cells,).
        """
        few = len(runs.starts) <= FEW_RUNS
        sums = _piece_by_piece(x, centre, runs) if few else _by_reduction(x - runs.spread(centre), runs)
        if runs.weight is not None:
            return cls(*sums)
        powers = np.stack([runs.classes, runs.classes * runs.classes], axis=1)
        weighed = sums.reshape(4, -1, len(powers)) @ powers
        return cls(*weighed[:, :, 0], *weighed[:2, :, 1])


def _piece_by_piece(x: Floats, centre: Floats, runs: Runs) -> Floats:
    sums = np.zeros((4 if runs.weight is None else 6, runs.cells))
    each = (runs.members, runs.starts, runs.starts + runs.lengths, runs.spread_by_run(centre))
    for member, start, end, middle in zip(*(part.tolist() for part in each), strict=True):
        for at in range(start, end, _PIECE):
            piece = slice(at, min(at + _PIECE, end))
            sums[:, member] += _of_piece(x[piece] - middle, None if runs.weight is None else runs.weight[piece])
    return sums


def _of_piece(d: Floats, w: Floats | None) -> tuple[Any, ...]:
    squares = d * d
    if w is None:
        return np.add.reduce(d), np.add.reduce(squares), squares @ d, squares @ squares
    wd = w * d
    return np.add.reduce(wd), wd @ d, wd @ squares, (wd * d) @ squares, wd @ w, wd @ wd


def _by_reduction(d: Floats, runs: Runs) -> Floats:
    w = runs.weight
    wd = d if w is None else d * w
    wd2 = wd * d
    sums = [runs.sums(wd), runs.sums(wd2)]
    squared = [] if w is None else [runs.sums(wd * w), runs.sums(wd * wd)]
    for _ in range(2):
        wd2 *= d
        sums.append(runs.sums(wd2))
    return np.array(sums + squared)
