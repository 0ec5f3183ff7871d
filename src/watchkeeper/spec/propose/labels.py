"""Which column holds the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.spec.propose import words
from watchkeeper.spec.propose.columns import Column, Kind
from watchkeeper.spec.propose.found import NONE, Choice, Evidence, Found, chosen

MOST_CLASSES = 20
_LEAST = 4.0


@dataclass(frozen=True, slots=True)
class Truth:
    """The label of a table.

    Args:
        choice: the column and those that could be meant instead.
        task: ``binary``, ``multiclass``, ``regression`` or ``none`` without a label.
        positive: the value that counts as positive in a binary task, as the file says it; None for 1.
        why_positive: how it was told.
    """

    choice: Choice = NONE
    task: str = "none"
    positive: str | bool | None = None
    why_positive: str = ""


def truth_of(columns: Mapping[str, Column], taken: frozenset[str], elsewhere: Sequence[str] = ()) -> Truth:
    """Find the label.

    Args:
        columns: the columns of the log, or of the table of labels.
        taken: columns that have a role already.
        elsewhere: columns that the baseline has and the log has not yet: labels mostly.
    """
    last = list(columns)[-1] if columns else ""
    candidates = [one for one in columns.values() if one.name not in taken and _may_be(one)]
    found = chosen([_evidence(one, one.name == last, elsewhere) for one in candidates], "label", _LEAST)
    return Truth() if found.taken is None else as_truth(columns[found.taken.column], found)


def _may_be(column: Column) -> bool:
    return column.distinct >= 2 and (column.kind in (Kind.BOOLEAN, Kind.TEXT) or column.is_numeric)


def _evidence(column: Column, is_last: bool, elsewhere: Sequence[str]) -> Evidence:
    two, few = column.distinct == 2, 2 < column.distinct <= MOST_CLASSES
    truth, result, amount = column.hints(words.TRUTH), column.hints(words.RESULT), column.hints(words.AMOUNT)
    many = column.is_numeric and not two and not few
    said = [
        (1.5, "two values") if two else (0.0, ""),
        (-6.0, "") if column.kind is Kind.TEXT and not two and not few else (0.0, ""),
        (4.0, "its name is a word for the truth") if truth and (two or few) else (0.0, ""),
        (3.0, f"its name speaks of an outcome ({result[0]})") if result and (two or few) else (0.0, ""),
        (2.0, f"its name speaks of an amount ({amount[-1]})") if many and (amount or truth) else (0.0, ""),
        (2.0, "the last column, where tables keep the target") if is_last and (two or few or amount) else (0.0, ""),
        (-2.5, "") if few and not truth else (0.0, ""),
        (3.0, "the baseline has it and the log has not") if column.name in elsewhere else (0.0, ""),
    ]
    return Evidence(column.name, tuple(said))


def as_truth(column: Column, choice: Choice) -> Truth:
    """The task that such a label makes, and which of its values is positive."""
    if column.distinct > MOST_CLASSES and column.is_numeric:
        return Truth(choice, "regression")
    if column.distinct != 2:
        return Truth(choice, "multiclass")
    positive, why = positive_of(column)
    return Truth(choice, "binary", positive, why)


def positive_of(column: Column) -> tuple[str | bool | None, str]:
    """The value that counts as positive: ``yes`` and its kin, else the rarer one.

    Returns:
        None for 1, true for booleans, else the text; and how it was told.
    """
    if column.kind is Kind.BOOLEAN:
        return True, "true is positive"
    spelt = [value for value, _ in column.counts]
    if "1" in spelt:
        return None, "1 is positive"
    yes = [value for value in spelt if value.strip().lower() in words.YES]
    if yes:
        return yes[0], f"'{yes[0]}' is positive"
    rarer = spelt[-1]
    share = column.counts[-1][1] / column.known
    return rarer, f"'{rarer}' is taken for positive since it is the rarer one ({share:.1%}); turn it round if not"


def is_positive(column: Column, positive: str | bool | None) -> NDArray[np.bool_]:
    """Whether each row is positive; False where there is no label."""
    if column.kind is Kind.BOOLEAN:
        return np.asarray(np.nan_to_num(column.numbers) == 1.0)
    if column.is_numeric:
        return np.asarray(column.numbers == float(positive or 1))
    wanted = pa.scalar("1" if positive is None else str(positive))
    return np.asarray(pc.fill_null(pc.equal(column.values, wanted), False))


def known_at(columns: Mapping[str, Column], time: str | None, label: str) -> Choice:
    """When the label was known: a time that its name says so of, mostly not before that of the prediction."""
    if time is None or columns[time].at is None:
        return Choice()
    found = [
        Found(one.name, "label time", "its name says so, and it is never before the prediction")
        for one in columns.values()
        if one.name not in (time, label) and one.at is not None and _is_outcome(one, columns[time])
    ]
    return Choice(found[0], tuple(found[1:])) if found else Choice()


def _is_outcome(column: Column, time: Column) -> bool:
    if not column.hints(words.KNOWN_AT) or column.at is None:
        return False
    share = pc.mean(pc.cast(pc.greater_equal(column.at, time.at), pa.float64())).as_py()
    return share is not None and share >= 0.98 and not column.at.equals(time.at)
