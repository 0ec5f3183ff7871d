"""Which columns are worth watching, which are not and why, and what to cut by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from watchkeeper.spec.propose import words
from watchkeeper.spec.propose.association import correlation, purity, told_by
from watchkeeper.spec.propose.clock import Part, parts_of, said_of_the_clock
from watchkeeper.spec.propose.columns import Column, Kind
from watchkeeper.spec.propose.found import Found
from watchkeeper.spec.propose.keys import UNIQUE
from watchkeeper.spec.propose.labels import Truth, is_positive
from watchkeeper.spec.propose.outputs import Labelled

LEAKS = 0.97
"""A column whose area under the curve is this large tells the label by itself."""
_LEAKS_NUMBER = 0.95
_MOST_VALUES = 1_000
_MOST_SEGMENT_VALUES = 20
_ROWS_A_SEGMENT = 50
_SEGMENTS = 2
_CLOCK = 0.999
_MOST_SPELT = 50
_SPELT = 0.9
_FEWEST_BESIDE = 10
_OFTEN = 0.01


@dataclass(frozen=True)
class Facts:
    """What is known of the table when its features are looked at.

    Args:
        columns: all of it, by name.
        taken: columns that have a role.
        time: the column of the time.
        truth: the label.
        labelled: the rows with a label, for a binary one.
        rows: rows of a window.
    """

    columns: Mapping[str, Column]
    taken: frozenset[str]
    time: str | None
    truth: Truth
    labelled: Labelled | None
    rows: float

    @cached_property
    def parts(self) -> list[Part]:
        """The parts of the dates in the table."""
        return parts_of(self.columns)

    @property
    def label(self) -> Column | None:
        name = self.truth.choice.column
        return None if name is None else self.columns.get(name)


def left_out(facts: Facts) -> list[Found]:
    """Columns that are no features, each with the reason, in the order of the table."""
    free = [one for name, one in facts.columns.items() if name not in facts.taken]
    found = [Found(one.name, "", reason) for one in free if (reason := _why_not(one, facts))]
    return found + _repeats(facts, frozenset(one.column for one in found))


def _why_not(column: Column, facts: Facts) -> str:
    clock = said_of_the_clock(column, facts.parts)
    return _unwatchable(column) or _like_an_id(column) or clock or _rises(column, facts) or _leaks(column, facts)


def _unwatchable(column: Column) -> str:
    if not column.known:
        return "no row has a value"
    if column.kind is Kind.TIME or column.at is not None:
        return "a time is watched only as a number: derive an age or a length from it"
    if column.kind is Kind.OTHER:
        return f"{column.values.type} is neither a number nor a category"
    if column.distinct == 1:
        empty = f", or none ({column.nulls / column.rows:.0%})" if column.nulls else ""
        return f"always {column.counts[0][0][:40]!r}{empty}"
    return "free text" if column.is_free_text else ""


def _like_an_id(column: Column) -> str:
    if column.kind is Kind.NUMBER or column.known < 20 or _is_spelt(column):
        return ""
    if column.uniqueness >= UNIQUE and column.distinct > 200:
        return f"like an id: {column.uniqueness:.1%} of its values are different"
    if column.distinct > _MOST_VALUES and (column.kind is Kind.TEXT or column.hints(words.CODE)):
        return f"too many values: {column.distinct:,} different ones in {column.known:,} rows"
    return ""


def _rises(column: Column, facts: Facts) -> str:
    time = facts.columns.get(facts.time or "")
    if time is None or not column.is_numeric or column.nulls or time.micros.size < time.rows:
        return ""
    if column.uniqueness < 0.5 or abs(correlation(column.numbers, time.micros.astype(float))) < _CLOCK:
        return ""
    return f"it rises with '{facts.time}', so it differs from the baseline by itself"


def _leaks(column: Column, facts: Facts) -> str:
    label = facts.label
    if label is None:
        return ""
    if facts.truth.task == "binary" and facts.labelled is not None:
        found = told_by(column, facts.labelled.positive, facts.labelled.rows)
        return _tells(label.name, f"AUC {found:.3f}") if found >= LEAKS else ""
    if facts.truth.task == "regression" and column.is_numeric:
        found = abs(correlation(column.numbers, label.numbers))
        return _tells(label.name, f"correlation {found:.2f}") if found >= _LEAKS_NUMBER else _summand(column, facts)
    if facts.truth.task == "multiclass":
        found = purity(column, label.codes)
        return _tells(label.name, f"{found:.1%} of the way") if found >= LEAKS else ""
    return ""


def _tells(label: str, how: str) -> str:
    return f"tells '{label}' by itself ({how}): known only with the outcome"


def _summand(column: Column, facts: Facts) -> str:
    """Whether the label is exactly this column and another together."""
    label = facts.label
    assert label is not None
    rest = label.numbers - column.numbers
    others = (one for one in facts.columns.values() if one.is_numeric and one.name not in (column.name, label.name))
    found = next((one.name for one in others if not one.nulls and bool((rest == one.numbers).all())), None)
    return "" if found is None else f"'{label.name}' is this and '{found}' together: known only with the outcome"


def _repeats(facts: Facts, gone: frozenset[str]) -> list[Found]:
    """Columns equal to an earlier one in every row."""
    kept: dict[tuple[object, ...], list[Column]] = {}
    found = []
    for column in facts.columns.values():
        if column.name in gone or column.kind is Kind.OTHER or column.distinct < 2:
            continue
        before = kept.setdefault((column.values.type, column.distinct, column.nulls), [])
        same = next((one for one in before if one.values.equals(column.values)), None)
        if same is not None and column.name not in facts.taken:
            found.append(Found(column.name, "", f"equal to '{same.name}' in every row"))
        else:
            before.append(column)
    return found


def types_of(columns: Sequence[Column]) -> list[Found]:
    """Columns whose type in the table is not what they are: codes stored as numbers, numbers stored as text."""
    return [Found(one.name, *said) for one in columns if (said := _other_type(one)) is not None]


def _other_type(column: Column) -> tuple[str, str] | None:
    if column.kind is Kind.WHOLE and column.hints(words.CODE) and 2 < column.distinct <= _MOST_VALUES:
        return "string", "a code: its numbers are names, so it is watched as a category"
    if _is_spelt(column):
        return "double", f"text in the table, but {column.spelt_numbers:.2%} of it are numbers"
    return None


def _is_spelt(column: Column) -> bool:
    many = column.kind is Kind.TEXT and column.distinct > _MOST_SPELT and not column.hints(words.CODE)
    return many and column.spelt_numbers >= _SPELT


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A number far from all others that many rows have: perhaps a code for a missing value."""

    column: str
    value: str
    rows: int


def sentinels_of(columns: Sequence[Column]) -> list[Sentinel]:
    """The least or greatest number of a column, where many rows have it and it stands apart from all others."""
    return [found for one in columns if one.is_numeric and (found := _sentinel(one)) is not None]


def _sentinel(column: Column) -> Sentinel | None:
    values, counts = np.unique(column.numbers[np.isfinite(column.numbers)], return_counts=True)
    if values.size < _FEWEST_BESIDE:
        return None
    ends = ((0, values[1] - values[0], values[-1] - values[1]), (-1, values[-1] - values[-2], values[-2] - values[0]))
    for at, gap, rest in ends:
        alone = gap > rest or (at == 0 and values[0] < 0 < values[1])
        if alone and counts[at] >= _OFTEN * column.rows:
            return Sentinel(column.name, f"{values[at]:g}", int(counts[at]))
    return None


@dataclass(frozen=True, slots=True)
class Segments:
    """What to cut by, and what else could be."""

    taken: tuple[Found, ...] = ()
    instead: tuple[Found, ...] = ()


def segments_of(features: Sequence[Column], rows: float) -> Segments:
    """Few values that all hold enough rows of a window; those whose name is a usual way to cut are taken."""
    fit = [one for one in features if _cuts_well(one, rows)]
    named = [one for one in fit if one.hints(words.SEGMENT)]
    taken = sorted(named, key=lambda one: one.distinct)[:_SEGMENTS]
    others = sorted((one for one in fit if one not in taken), key=lambda one: (one not in named, one.distinct))
    return Segments(tuple(map(_as_segment, taken)), tuple(map(_as_segment, others[:6])))


def _cuts_well(column: Column, rows: float) -> bool:
    if column.kind not in (Kind.TEXT, Kind.BOOLEAN) or not 2 <= column.distinct <= _MOST_SEGMENT_VALUES:
        return False
    second = column.counts[1][1] / column.rows
    return second * rows >= _ROWS_A_SEGMENT and column.nulls / column.rows <= 0.2


def _as_segment(column: Column) -> Found:
    names = ", ".join(value for value, _ in column.counts[:3]) + (", …" if column.distinct > 3 else "")
    return Found(column.name, "segment", f"{column.distinct} values ({names}), each with enough rows a window")


def labelled(column: Column | None, truth: Truth) -> Labelled | None:
    """The rows with a binary label."""
    if column is None or truth.task != "binary":
        return None
    return Labelled(column.codes >= 0, is_positive(column, truth.positive))
