"""Weighted sums of powers of deviations, cell by cell."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

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
    def of(cls, x: Floats, runs: Runs, centre: Floats) -> Self:
        """Sum finite values ordered by cell; ``centre`` has shape (cells,)."""
        if len(runs.starts) > FEW_RUNS:
            return cls._by_reduction(x - runs.spread(centre), runs)
        sums = np.zeros((len(cls._fields), runs.cells))
        for member, start, end in zip(runs.members, runs.starts, runs.starts + runs.lengths, strict=True):
            for at in range(start, end, _PIECE):
                piece = slice(at, min(at + _PIECE, end))
                sums[:, member] += _of_piece(x[piece] - centre[member], runs.weight, piece)
        return cls(*sums)

    @classmethod
    def _by_reduction(cls, d: Floats, runs: Runs) -> Self:
        w = runs.weight
        wd = d if w is None else d * w
        wd2 = wd * d
        m1, m2 = runs.sums(wd), runs.sums(wd2)
        v1, v2 = (m1, m2) if w is None else (runs.sums(wd * w), runs.sums(wd * wd))
        wd2 *= d
        m3 = runs.sums(wd2)
        wd2 *= d
        return cls(m1, m2, m3, runs.sums(wd2), v1, v2)


def _of_piece(d: Floats, weight: Floats | None, piece: slice) -> NDArray[np.float64]:
    squares = d * d
    if weight is None:
        m1, m2 = d.sum(), squares.sum()
        return np.array([m1, m2, squares @ d, squares @ squares, m1, m2])
    w = weight[piece]
    wd = w * d
    return np.array([wd.sum(), wd @ d, wd @ squares, (wd * d) @ squares, wd @ w, wd @ wd])
