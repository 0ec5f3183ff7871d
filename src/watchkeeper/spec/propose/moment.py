"""Which column says when a prediction was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.spec.propose import words
from watchkeeper.spec.propose.columns import Column
from watchkeeper.spec.propose.found import Choice, Evidence, Found, chosen

_DAY = 86_400_000_000
_ORDERED = 0.95
_SPARSE = 0.05
_LEAST = 1.0


def time_of(columns: Mapping[str, Column]) -> Choice:
    """The time of the prediction: complete, in the order of the rows, before the other times of its row."""
    candidates = [one for one in columns.values() if one.at is not None and one.micros.size]
    best = chosen([_evidence(one, candidates) for one in candidates], "time", _LEAST, close=1.0)
    return Choice(best.taken, tuple(_instead(columns, best.column, best.instead)))


def _instead(columns: Mapping[str, Column], taken: str | None, near: Sequence[Found]) -> list[Found]:
    """Times that are not the same as the one taken."""
    if taken is None:
        return []
    at = columns[taken].at
    return [one for one in near if not _same(columns[one.column].at, at)]


def _same(first: pa.Array | None, second: pa.Array | None) -> bool:
    return first is not None and second is not None and first.equals(second)


def _evidence(column: Column, others: Sequence[Column]) -> Evidence:
    empty = 1.0 - column.micros.size / max(1, column.rows)
    said = [
        (2.0, "a time in every row") if not empty else (-3.0 if empty > _SPARSE else 0.0, ""),
        (2.0, "rows stand in its order") if _order(column) >= _ORDERED else (0.0, ""),
        (1.0, "with the time of day") if _has_clock(column) else (0.0, ""),
        (1.0, "never after the other times of its row") if _is_first(column, others) else (0.0, ""),
        (-5.0, "") if column.micros.size and np.ptp(column.micros) == 0 else (0.0, ""),
    ]
    if column.hints(words.NOT_MADE_AT):
        said.append((-2.0, ""))
    elif column.hints(words.MADE_AT):
        said.append((1.0, "its name says so"))
    return Evidence(column.name, tuple(said))


def _order(column: Column) -> float:
    """Share of neighbouring rows that do not go back in time, or that do not go forward, whichever is more."""
    steps = np.diff(column.micros)
    return max(float((steps >= 0).mean()), float((steps <= 0).mean())) if steps.size else 0.0


def _has_clock(column: Column) -> bool:
    return bool((column.micros % _DAY != 0).mean() > 0.5)


def _is_first(column: Column, others: Sequence[Column]) -> bool:
    """Whether it is before or at each other time of its rows, and before some."""
    full = [one for one in others if one is not column and one.micros.size == one.rows and not _same(one.at, column.at)]
    return bool(full) and all(_never_after(column, one) for one in full)


def _never_after(first: Column, second: Column) -> bool:
    share = pc.mean(pc.cast(pc.less_equal(first.at, second.at), pa.float64())).as_py()
    return share is not None and share >= 0.99
