"""Which cell a row belongs to: its window, version and segment values, numbered as they occur."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Ints
from watchkeeper.statistics.partial import Combination
from watchkeeper.statistics.text import Texts
from watchkeeper.terms import NULL_VALUE
from watchkeeper.windows import Calendar

_MOST_JOINT = 250
"""Combinations up to which all segment keys are counted at once; beyond it one key after the other."""
_MOST_CODES = 2**40
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Windows:
    """Starts of the windows that occur, and the window of each row (-1 for rows of no population)."""

    starts: Ints
    cell: Ints

    @classmethod
    def of(cls, times: Ints, counted: NDArray[np.bool_], calendar: Calendar) -> Windows:
        everything = bool(counted.all())
        own = times if everything else times[counted]
        if own.size == 0:
            return cls(np.zeros(0, np.int64), np.full(len(times), -1, np.int64))
        starts, cell = _windows_of(own, calendar)
        if everything:
            return cls(starts, cell)
        spread = np.full(len(times), -1, np.int64)
        spread[counted] = cell
        return cls(starts, spread)


def _windows_of(times: Ints, calendar: Calendar) -> tuple[Ints, Ints]:
    """Starts of the windows that occur, and which of them each time is in."""
    first, last = calendar.starts(np.array([times.min()])), calendar.starts(np.array([times.max()]))
    if first[0] == last[0]:
        return first, np.zeros(len(times), np.int64)
    starts, cell = np.unique(_window_starts(times, calendar), return_inverse=True)
    return starts, cell


def _window_starts(times: Ints, calendar: Calendar) -> Ints:
    """Window start of each time. Days far apart are looked at one by one, not every window between them."""
    day = times // _DAY
    days = np.unique(day)
    group = np.concatenate([[0], np.cumsum(np.diff(days) > 2)])[np.searchsorted(days, day)]
    out = np.empty(len(times), np.int64)
    for number in range(int(group.max()) + 1):
        mine = group == number
        out[mine] = calendar.starts(times[mine])
    return out


@dataclass(frozen=True, slots=True)
class System:
    """One way to tell rows apart: the combinations, and that of each row (-1 for rows of no population)."""

    combinations: tuple[Combination, ...]
    cell: Ints

    @property
    def size(self) -> int:
        return len(self.combinations)

    def cell_of(self, population: NDArray[np.bool_]) -> Ints:
        return self.cell if population.all() else np.where(population, self.cell, -1)

    def take(self, rows: Ints | None) -> System:
        """The same of these rows in this order; of all of them for None."""
        return self if rows is None else System(self.combinations, self.cell.take(rows, mode="clip"))


def systems_of(windows: Windows, version: Texts, segments: list[Texts]) -> list[System]:
    """All segment keys told apart at once while that makes few combinations, else one system per key."""
    base = [windows.cell, version.code]
    words: list[list[Any]] = [windows.starts.tolist(), version.vocabulary.to_pylist()]
    keys = [_segment_codes(values) for values in segments]
    sizes = map(len, [*words, *(values for _, values in keys)])
    if len(keys) < 2 or prod(sizes) <= _MOST_CODES:
        joint = _system_of([*base, *(code for code, _ in keys)], [*words, *(values for _, values in keys)])
        if len(keys) < 2 or joint.size <= _MOST_JOINT:
            return [joint]
    return [_of_one_key(base, words, keys, own) for own in range(len(keys))]


def _of_one_key(base: list[Ints], words: list[list[Any]], keys: list[tuple[Ints, list[str]]], own: int) -> System:
    code, values = keys[own]
    system = _system_of([*base, code], [*words, values])
    before, after = (None,) * own, (None,) * (len(keys) - own - 1)
    combinations = ((w, v, (*before, *value, *after)) for w, v, value in system.combinations)
    return System(tuple(combinations), system.cell)


def _segment_codes(texts: Texts) -> tuple[Ints, list[str]]:
    """Code of each row's segment value, null being a value like any other."""
    words = texts.vocabulary.to_pylist()
    if not (texts.code < 0).any():
        return texts.code, words
    if NULL_VALUE not in words:
        words = [*words, NULL_VALUE]
    return np.where(texts.code < 0, words.index(NULL_VALUE), texts.code), words


def _system_of(codes: list[Ints], words: list[list[Any]]) -> System:
    sizes = [max(len(values), 1) for values in words]
    counted = codes[0] >= 0
    joint = codes[0]
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        joint = joint * size + code
    found, cell = _numbered(joint, counted, int(np.prod(sizes, dtype=object)))
    places = np.unravel_index(found, sizes)
    window, version, *segments = ([values[i] for i in at] for values, at in zip(words, places, strict=True))
    values = list(zip(*segments, strict=True)) if segments else [()] * len(found)
    return System(tuple(zip(window, version, values, strict=True)), cell)


def _numbered(code: Ints, counted: NDArray[np.bool_], size: int) -> tuple[Ints, Ints]:
    """The codes that occur, and the place of each row's code among them; -1 where the row does not count."""
    if size > 2**20:
        found, place = np.unique(code[counted], return_inverse=True)
        cell = np.full(len(code), -1, np.int64)
        cell[counted] = place
        return found, cell
    all_count = bool(counted.all())
    found = np.flatnonzero(np.bincount(code if all_count else code[counted], minlength=size))
    number = np.full(size + 1, -1, np.int64)
    number[found] = np.arange(len(found))
    return found, number[code if all_count else np.where(counted, code, size)]
