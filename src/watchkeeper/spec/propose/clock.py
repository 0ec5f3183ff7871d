"""Columns that only say the date of a time: they differ from any baseline by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.spec.propose.columns import Column, Kind

_PARTS = {
    "year": "the year",
    "month": "the month",
    "quarter": "the quarter",
    "iso_week": "the week",
    "day": "the day of the month",
    "day_of_week": "the day of the week",
}
_NAMED = ("month", "day_of_week")
_FEWEST_NAMES = 5
_WEEK = 7
_TRIED = 500
_NEARLY_ALL = 0.999


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the date of a column of times: its value in each row and how many there are."""

    time: str
    part: str
    values: NDArray[np.int64]
    distinct: int

    def is_said_by(self, column: Column) -> bool:
        """Whether a column holds this part: as a number, perhaps counted from elsewhere, or by a name such as July."""
        if column.nulls or self.distinct < 2:
            return False
        if column.kind is Kind.WHOLE:
            return column.distinct <= self.distinct and self._counts(column.numbers)
        named = self.part in _NAMED and column.distinct == self.distinct >= _FEWEST_NAMES
        return named and column.kind is Kind.TEXT and self._names(column.codes)

    def _counts(self, numbers: NDArray[np.float64]) -> bool:
        return self._agrees(numbers[:_TRIED], self.values[:_TRIED]) and self._agrees(numbers, self.values)

    def _agrees(self, numbers: NDArray[np.float64], values: NDArray[np.int64]) -> bool:
        gaps = numbers - values
        off = np.abs(gaps - gaps[0])
        return bool(((off % _WEEK if self.part == "day_of_week" else off) == 0).mean() >= _NEARLY_ALL)

    def _names(self, codes: NDArray[np.int64]) -> bool:
        least = int(self.values.min())
        size = int(self.values.max()) - least + 1
        return int(np.count_nonzero(np.bincount(codes * size + self.values - least))) == self.distinct


def parts_of(columns: Mapping[str, Column]) -> list[Part]:
    """The parts of the dates of all columns that hold a time in every row."""
    return list(_parts(one for one in columns.values() if one.at is not None and one.micros.size == one.rows > 0))


def _parts(times: Iterable[Column]) -> Iterator[Part]:
    for time in times:
        for part in _PARTS:
            values = np.asarray(getattr(pc, part)(time.at).to_numpy(zero_copy_only=False), np.int64)
            yield Part(time.name, part, values, int(np.unique(values).size))


def said_of_the_clock(column: Column, parts: Iterable[Part]) -> str:
    """Why a column only tells the date, "" where it does not."""
    found = next((one for one in parts if one.time != column.name and one.is_said_by(column)), None)
    return "" if found is None else f"{_PARTS[found.part]} of '{found.time}': it changes by itself as time passes"
