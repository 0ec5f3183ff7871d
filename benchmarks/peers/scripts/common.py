"""What all peer scripts share: the columns, the baseline, the clock, and distances between counts.

A script runs in the environment of its peer and sees nothing of this project but this file. It takes the folder of
daily Parquet files, and prints one JSON object as its last line. Its time starts after the imports.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from math import log, log2
from pathlib import Path

NUMBERS = [*(f"x{i:02}" for i in range(20)), "score"]
WORDS = [*(f"c{i}" for i in range(10)), "label", "version"]
BASELINE_DAYS, CELLS = 7, 100
_EMPTY = 1e-6


def run(package: str, work: Callable[[list[Path]], dict[str, int]]) -> None:
    """Do the work over the files of a folder, oldest first, and print what it took and how many results came out."""
    days = sorted(Path(sys.argv[1]).resolve().glob("*.parquet"))
    began, cpu = time.perf_counter(), _cpu()
    results = work(days)
    taken = {"work_wall": time.perf_counter() - began, "work_cpu": _cpu() - cpu}
    print(json.dumps({"version": version(package), **taken, **results}), flush=True)


def _cpu() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def distances(now: Mapping[object, int], before: Mapping[object, int]) -> tuple[float, float, float]:
    """PSI, Jensen-Shannon divergence (bits) and the largest distance of cumulated shares, over cells in their order."""
    cells = sorted({*now, *before}, key=lambda cell: (cell is None, cell))
    p, q = _shares([now.get(cell, 0) for cell in cells]), _shares([before.get(cell, 0) for cell in cells])
    psi = sum((a - b) * log(a / b) for a, b in zip(p, q, strict=True))
    js = sum(a * log2(2 * a / (a + b)) + b * log2(2 * b / (a + b)) for a, b in zip(p, q, strict=True)) / 2
    gap = ks = 0.0
    for a, b in zip(p, q, strict=True):
        gap += a - b
        ks = max(ks, abs(gap))
    return psi, js, ks


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [max(count / total, _EMPTY) for count in counts]


def added(parts: Sequence[Mapping[object, int]]) -> dict[object, int]:
    """The counts of several days as one."""
    total: dict[object, int] = {}
    for part in parts:
        for cell, count in part.items():
            total[cell] = total.get(cell, 0) + count
    return total


def all_distances(days: Sequence[Mapping[str, Mapping[object, int]]]) -> dict[tuple[int, str], tuple[float, ...]]:
    """Distances of every column on every day, by number of the day and column, from the days of the baseline."""
    columns = [*NUMBERS, *WORDS]
    before = {column: added([day[column] for day in days[:BASELINE_DAYS]]) for column in columns}
    return {(n, column): distances(day[column], before[column]) for n, day in enumerate(days) for column in columns}
