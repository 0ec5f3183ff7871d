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
    def of(cls, d: Floats, runs: Runs) -> Self:
        """Sum distances ordered by cell, each of shape (cells,), classes of weight put together."""
        sums = _by_reduction(d, runs) if len(runs.starts) > FEW_RUNS else _piece_by_piece(d, runs)
        if runs.weight is not None:
            return cls(*sums)
        first, second, third, fourth = sums
        m1, m2, v1, v2 = (runs.weighed(part, power) for power in (1, 2) for part in (first, second))
        return cls(m1, m2, runs.weighed(third), runs.weighed(fourth), v1, v2)


def _piece_by_piece(d: Floats, runs: Runs) -> Floats:
    sums = np.zeros((4 if runs.weight is None else 6, runs.cells))
    for member, start, end in zip(runs.members, runs.starts, runs.starts + runs.lengths, strict=True):
        for at in range(start, end, _PIECE):
            piece = slice(at, min(at + _PIECE, end))
            sums[:, member] += _of_piece(d[piece], None if runs.weight is None else runs.weight[piece])
    return sums


def _of_piece(d: Floats, w: Floats | None) -> tuple[Any, ...]:
    squares = d * d
    if w is None:
        return d.sum(), squares.sum(), squares @ d, squares @ squares
    wd = w * d
    return wd.sum(), wd @ d, wd @ squares, (wd * d) @ squares, wd @ w, wd @ wd


def _by_reduction(d: Floats, runs: Runs) -> list[Floats]:
    w = runs.weight
    wd = d if w is None else d * w
    wd2 = wd * d
    sums = [runs.sums(wd), runs.sums(wd2)]
    squared = [] if w is None else [runs.sums(wd * w), runs.sums(wd * wd)]
    for _ in range(2):
        wd2 *= d
        sums.append(runs.sums(wd2))
    return sums + squared
