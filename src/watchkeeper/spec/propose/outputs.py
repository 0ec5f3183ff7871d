"""What the model said: its score and its decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.spec.propose import words
from watchkeeper.spec.propose.association import area
from watchkeeper.spec.propose.columns import Column, Kind
from watchkeeper.spec.propose.found import NONE, Choice, Evidence, Found, chosen
from watchkeeper.spec.propose.labels import MOST_CLASSES

_CONTINUOUS = 20
_CALIBRATION = 0.04
_TELLS = 0.65
_LEAST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Labelled:
    """The rows that have a label, and whether it is positive."""

    rows: NDArray[np.bool_]
    positive: NDArray[np.bool_]

    @property
    def usable(self) -> bool:
        truth = self.positive[self.rows]
        return truth.size >= _LEAST_ROWS and 20 <= truth.sum() <= truth.size - 20


@dataclass(frozen=True, slots=True)
class Outputs:
    """Score and decision; ``threshold`` is the least score of a positive decision where one tells the other."""

    score: Choice = NONE
    decision: Choice = NONE
    threshold: float | None = None


def outputs_of(columns: Mapping[str, Column], taken: frozenset[str], labelled: Labelled | None) -> Outputs:
    """Find what the model said."""
    free = {name: one for name, one in columns.items() if name not in taken}
    cuts = _cuts(free)
    score = chosen([_score(one, labelled, cuts) for one in free.values() if one.is_numeric], "score", 3.0, close=0.5)
    if score.taken is None:
        return Outputs(decision=_decision(free, None, None))
    cut = cuts.get(score.taken.column)
    decision = _decision({n: one for n, one in free.items() if n != score.taken.column}, score.taken.column, cut)
    return Outputs(score, decision, cut[1] if cut else None)


Cut = tuple[str, float]


def _cuts(columns: Mapping[str, Column]) -> dict[str, Cut]:
    """By continuous column, a two-valued column that it tells exactly by a threshold, with the threshold."""
    twos = [one for one in columns.values() if _is_two_valued(one) and not one.nulls]
    found = {}
    for score in columns.values():
        if score.kind is Kind.NUMBER and score.distinct > _CONTINUOUS and not score.nulls:
            for two in twos:
                threshold = _threshold(score.numbers, _is_yes(two))
                if threshold is not None:
                    found[score.name] = (two.name, threshold)
                    break
    return found


def _is_two_valued(column: Column) -> bool:
    return column.distinct == 2 and column.kind in (Kind.WHOLE, Kind.BOOLEAN, Kind.TEXT)


def _is_yes(column: Column) -> NDArray[np.bool_]:
    spelt = [value for value, _ in column.counts]
    yes = next((value for value in spelt if value.lower() in words.YES), spelt[-1])
    at = next(index for index, value in enumerate(column.values.to_pylist()) if _said(value) == yes)
    return column.codes == column.codes[at]


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _threshold(score: NDArray[np.float64], yes: NDArray[np.bool_]) -> float | None:
    """The least score of a yes, where every no is below it."""
    if not 20 <= yes.sum() <= yes.size - 20:
        return None
    least = float(score[yes].min())
    return least if score[~yes].max() < least else None


def _score(column: Column, labelled: Labelled | None, cuts: Mapping[str, Cut]) -> Evidence:
    low, high = column.range
    unit = low >= 0.0 and high <= 1.0
    continuous = column.kind is Kind.NUMBER and column.distinct > _CONTINUOUS
    named, model = column.hints(words.SCORE), not column.hints(words.IDENTITY)
    said = [
        (2.5 if continuous or len(named) > 1 else 2.0, "its name says so") if named and model else (0.0, ""),
        (1.0, "a probability between 0 and 1") if unit and continuous else (0.0, ""),
        (3.0, f"'{cuts[column.name][0]}' is yes exactly from {cuts[column.name][1]:.4g} on")
        if column.name in cuts
        else (0.0, ""),
        (-3.0, "") if column.distinct < 3 else (0.0, ""),
        *_against_label(column, labelled, bool(named), unit),
    ]
    return Evidence(column.name, tuple(said))


def _against_label(column: Column, labelled: Labelled | None, named: bool, unit: bool) -> list[tuple[float, str]]:
    """How it goes with the label: ranks it, and where it is a probability agrees with how often it is positive."""
    if labelled is None or not labelled.usable or column.nulls:
        return []
    numbers, truth = column.numbers[labelled.rows], labelled.positive[labelled.rows]
    found = area(numbers, truth)
    if unit and column.kind is Kind.NUMBER and found > _TELLS and _is_calibrated(numbers, truth):
        return [(3.0, f"it agrees with how often the label is positive (AUC {found:.2f})")]
    return [(1.0 + found, f"it ranks the label (AUC {found:.2f})")] if named and found > _TELLS else []


def _is_calibrated(score: NDArray[np.float64], truth: NDArray[np.bool_]) -> bool:
    order = np.argsort(score, kind="stable")
    parts = np.array_split(order, 10)
    gaps = [abs(float(score[part].mean()) - float(truth[part].mean())) for part in parts if part.size]
    return float(np.mean(gaps)) < _CALIBRATION


def _decision(columns: Mapping[str, Column], score: str | None, cut: Cut | None) -> Choice:
    """What was decided: told by the score, or by its name and few values."""
    if cut is not None and cut[0] in columns:
        reason = f"yes exactly where '{score}' is {cut[1]:.4g} or more"
        return Choice(Found(cut[0], "decision", reason))
    named = [
        one
        for one in columns.values()
        if one.hints(words.DECISION) and 2 <= one.distinct <= MOST_CLASSES and one.kind is not Kind.NUMBER
    ]
    if not named:
        return Choice()
    said = [Found(one.name, "decision", f"its name says so; {one.distinct} different values") for one in named]
    return Choice(said[0], tuple(said[1:3]))
