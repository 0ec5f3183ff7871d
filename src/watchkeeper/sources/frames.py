"""Values that rows give under names, gathered into one column per name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.sources.base import MOST_COLUMNS
from watchkeeper.sources.bodies import Json, Names
from watchkeeper.sources.naming import Key, column_names, keys_of
from watchkeeper.sources.values import inferred, kinds_of, typed

Misfits = dict[int, list[tuple[str, str]]]
"""By row: column and JSON text of the values that did not fit."""


@dataclass(slots=True)
class _Group:
    """Rows with the same names in the same order."""

    at: list[int] = field(default_factory=list)
    rows: list[Sequence[Json]] = field(default_factory=list)


class Frame:
    """Rows of named values, kept as columns of rows that have the same names.

    Args:
        size: how many rows there are, with or without values.
    """

    def __init__(self, size: int = 0) -> None:
        self.size = size
        self._groups: dict[Names, _Group] = {}

    def add(self, names: Names, at: Iterable[int], rows: Sequence[Sequence[Json]]) -> None:
        """Put rows of values, each in the order of the names, at some places."""
        group = self._groups.get(names) or self._groups.setdefault(names, _Group())
        group.at.extend(at)
        group.rows.extend(rows)

    def keys(self) -> dict[Key, list[tuple[Names, int]]]:
        """Where each key stands: groups by their names, and the place in a row."""
        places: dict[Key, list[tuple[Names, int]]] = {}
        for names in self._groups:
            seen: Counter[str] = Counter()
            for place, name in enumerate(map(clean_name, names)):
                seen[name] += 1
                places.setdefault((name, seen[name]), []).append((names, place))
        return places

    def infer(self, declared: Mapping[str, pa.DataType]) -> pa.StructType:
        """Types by column name, in order of name; beyond ``MOST_COLUMNS`` the rarer keys are left out."""
        kinds = {key: self._kinds(places) for key, places in self.keys().items()}
        types = {key: declared.get(key[0]) or inferred(counts) for key, counts in kinds.items()}
        known = [key for key, type_ in types.items() if type_ is not None]
        known.sort(key=lambda key: (kinds[key][type(None)] - kinds[key].total(), key))
        names = column_names(known[:MOST_COLUMNS])
        return pa.struct([pa.field(name, types[key]) for key, name in sorted(names.items(), key=lambda pair: pair[1])])

    def _kinds(self, places: list[tuple[Names, int]]) -> Counter[type]:
        counts: Counter[type] = Counter()
        for names, place in places:
            counts.update(kinds_of(row[place] for row in self._groups[names].rows))
        return counts

    def columns(self, types: pa.StructType, declared: Mapping[str, pa.DataType], misfits: Misfits) -> list[pa.Array]:
        """One array per kept type, shape (size,); adds what does not fit to ``misfits``."""
        places = self.keys()
        kept = {column: key for key, column in keys_of(each.name for each in types).items()}
        orders: dict[tuple[Names, ...], pa.Array | None] = {}
        arrays = []
        for each in types:
            key = kept[each.name]
            parts = places.get(key, [])
            any_text = key[0] in declared or each.name in declared
            found = [self._typed(names, place, each, any_text, misfits) for names, place in parts]
            arrays.append(self._laid(found, tuple(names for names, _ in parts), each.type, orders))
        return arrays

    def _typed(self, names: Names, place: int, column: pa.Field, any_text: bool, misfits: Misfits) -> pa.Array:
        group = self._groups[names]
        array, unfit = typed([row[place] for row in group.rows], column.type, any_text)
        for at, text in unfit:
            misfits.setdefault(group.at[at], []).append((column.name, text))
        return array

    def _laid(
        self,
        found: list[pa.Array],
        names: tuple[Names, ...],
        type_: pa.DataType,
        orders: dict[tuple[Names, ...], pa.Array | None],
    ) -> pa.Array:
        if not found:
            return pa.nulls(self.size, type_)
        if names not in orders:
            orders[names] = self._order(names)
        order = orders[names]
        joined = found[0] if len(found) == 1 else pa.concat_arrays(found)
        return joined if order is None else joined.take(order)

    def _order(self, names: tuple[Names, ...]) -> pa.Array | None:
        """Where each row's value stands among the groups' rows, one after the other; None where in order."""
        at: NDArray[np.int64] = np.concatenate([np.asarray(self._groups[each].at, np.int64) for each in names])
        if at.size == self.size and np.array_equal(at, np.arange(self.size)):
            return None
        order = np.full(self.size, -1, np.int64)
        order[at] = np.arange(at.size)
        return pa.array(order, mask=order < 0)

    def unwatched(self, types: pa.StructType) -> set[str]:
        """Keys seen that no kept type reads."""
        kept = keys_of(each.name for each in types)
        return {name for name, nth in self.keys() if (name, nth) not in kept}


def clean_name(name: str) -> str:
    """A name that UTF-8 can hold."""
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()
