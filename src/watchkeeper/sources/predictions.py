"""Score, decision and the rest of what a model answered for each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from watchkeeper.sources import casts
from watchkeeper.sources.base import ColumnMap
from watchkeeper.sources.bodies import Answer, Json, Names
from watchkeeper.sources.classes import class_array, class_texts, decided
from watchkeeper.sources.frames import Frame, Misfits
from watchkeeper.sources.values import clean, json_text, misfit_text, typed
from watchkeeper.spec.monitor import Threshold

SCORE_KEYS = ("score", "probability", "proba", "prob", "prediction_score", "predicted_probability")
DECISION_KEYS = ("decision", "label", "predicted_label", "predicted_class", "class")
EITHER_KEYS = ("prediction", "predictions")
"""A number here is the score, a text or boolean the decision."""
CLASS_KEYS = ("class_scores", "probabilities", "scores")
"""A score for each class, as an object of numbers."""
WHOLE = "predictions"
"""The output that holds an answer, or part of one, without a name of its own."""
_ROOTS = ("predictions", "outputs")


@dataclass(slots=True)
class Predicted:
    """What was answered, one entry per row.

    ``rest`` holds what is neither score, decision nor class scores.
    """

    score: list[Json]
    decision: list[Json]
    classes: list[list[tuple[str, float]] | None]
    rest: Frame
    misfits: Misfits = field(default_factory=dict)

    @classmethod
    def empty(cls, size: int) -> Predicted:
        return cls([None] * size, [None] * size, [None] * size, Frame(size))

    def scores(self) -> pa.Array:
        """The scores as doubles; what is no number is a misfit of ``score``."""
        array, unfit = typed(self.score, pa.float64())
        for at, text in unfit:
            self._misfit(at, "score", text)
        return array

    def decisions(self, score: pa.Array, columns: ColumnMap, binary: bool) -> pa.Array:
        """The decisions as class texts; from the score where the monitor gives a threshold."""
        if isinstance(columns.decision, Threshold):
            return casts.plain(decided(score, columns.decision.value))
        for at, value in enumerate(self.decision):
            if isinstance(value, list | dict):
                self._misfit(at, "decision", misfit_text(value))
                self.decision[at] = None
        return class_texts(class_array(self.decision), columns.positive, binary=binary)

    def class_scores(self) -> pa.Array:
        """A map from class to score per row."""
        return pa.array(self.classes, pa.map_(pa.string(), pa.float64()))

    def _misfit(self, at: int, column: str, text: str) -> None:
        self.misfits.setdefault(at, []).append((column, text))


class _Paths(NamedTuple):
    """Where a monitor says score and decision stand in a row's answer; None leaves it to the answer's shape."""

    score: Names | None
    decision: Names | None

    @classmethod
    def of(cls, columns: ColumnMap) -> _Paths:
        return cls(_path(columns.score), _path(columns.decision if isinstance(columns.decision, str) else None))


def _path(text: str | None) -> Names | None:
    """Steps below the answer of one row.

    >>> _path("predictions"), _path("predictions.score"), _path("risk.score")
    ((), ('score',), ('risk', 'score'))
    """
    if text is None:
        return None
    root, _, below = text.partition(".")
    steps = below if root in _ROOTS else text
    return tuple(steps.split(".")) if steps else ()


class _Plan(NamedTuple):
    """How to read answers of one shape.

    With ``…_by_kind`` a number is the score, and a text or boolean the decision; else whatever stands there is, and
    is told as a misfit where it cannot be.
    """

    score: Names | None
    decision: Names | None
    score_by_kind: bool
    decision_by_kind: bool
    rest: Names = ()
    class_keys: Names = ()


def read_answers(answers: Sequence[tuple[int, Answer]], size: int, columns: ColumnMap) -> Predicted:
    """Read the answers of all requests of a batch.

    Args:
        answers: first row and answer of each request.
        size: rows of the batch, with or without an answer.
        columns: where score and decision stand. Without a path a number is the score, a text or boolean the
            decision, the last of two numbers the score of the positive class; in a record the keys ``SCORE_KEYS``,
            ``DECISION_KEYS`` and ``EITHER_KEYS`` say it, or the one key there is.
    """
    predicted, paths = Predicted.empty(size), _Paths.of(columns)
    plain = _plain_plan(paths)
    records: dict[Names, tuple[list[int], list[dict[str, Json]]]] = {}
    for first, answer in answers:
        if answer.values is None:
            _read_whole(predicted, first, answer.whole, paths)
        elif set(map(type, answer.values)) <= {int, float}:
            _read_numbers(predicted, slice(first, first + len(answer.values)), answer.values, plain)
        else:
            for at, value in enumerate(answer.values, first):
                if isinstance(value, dict):
                    group = records.setdefault(tuple(value), ([], []))
                    group[0].append(at)
                    group[1].append(value)
                else:
                    _read_plain(predicted, at, value, plain)
    for names, (places, rows) in records.items():
        _read_records(predicted, places, rows, _record_plan(names, paths))
    return predicted


def scores_alone(values: pa.Array, columns: ColumnMap, binary: bool) -> tuple[pa.Array, pa.Array]:
    """Score and decision of rows that were each answered by one number or null, as ``read_answers`` has it.

    Args:
        values: the answers as doubles of less than 2**53.
        columns: where score and decision stand.
        binary: decisions are ``"1"`` and ``"0"``.
    """
    plan = _plain_plan(_Paths.of(columns))
    score = values if plan.score == () else pa.nulls(len(values), pa.float64())
    if isinstance(columns.decision, Threshold):
        return score, decided(score, columns.decision.value)
    if plan.decision != () or plan.decision_by_kind:
        return score, pa.nulls(len(values), pa.string())
    return score, class_texts(class_array(values.to_pylist()), columns.positive, binary=binary)


def _plain_plan(paths: _Paths) -> _Plan:
    score = () if paths.score is None and paths.decision != () else paths.score
    decision = () if paths.decision is None and paths.score != () else paths.decision
    return _Plan(score, decision, paths.score is None, paths.decision is None)


def _record_plan(names: Names, paths: _Paths) -> _Plan:
    score_key = None if paths.score else _first(names, (*SCORE_KEYS, *EITHER_KEYS), paths.decision)
    decision_key = None if paths.decision else _first(names, DECISION_KEYS, paths.score)
    if score_key is None and decision_key is None and len(names) == 1 and names[0] not in CLASS_KEYS:
        score_key, decision_key = (None if paths.score else names[0], names[0] if paths.decision == () else None)
    by_kind = paths.score is None and score_key not in SCORE_KEYS
    either = score_key if by_kind or paths.decision == () else None
    score, decision = _steps(score_key, paths.score), _steps(decision_key or either, paths.decision)
    used = [".".join(steps) for steps in (score, decision) if steps]
    rest = tuple(name for name in names if name not in used)
    class_keys = tuple(name for name in CLASS_KEYS if name in names)
    return _Plan(score, decision, by_kind, paths.decision is None and decision_key is None, rest, class_keys)


def _steps(key: str | None, path: Names | None) -> Names | None:
    return path if key is None else (key,)


def _first(names: Names, keys: Names, taken: Names | None) -> str | None:
    return next((key for key in keys if key in names and key != ".".join(taken or ())), None)


def _read_numbers(predicted: Predicted, span: slice, values: Sequence[Json], plan: _Plan) -> None:
    if plan.score == ():
        predicted.score[span] = values
    if plan.decision == () and not plan.decision_by_kind:
        predicted.decision[span] = values


def _read_plain(predicted: Predicted, at: int, value: Json, plan: _Plan) -> None:
    """An answer that is no record: a number, a text, a boolean, or a list of class scores."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, list):
        predicted.classes[at] = _class_scores(value)
        if predicted.classes[at] is None:
            predicted.rest.add((WHOLE,), (at,), [(json_text(value),)])
    _read(predicted, at, value, plan)


def _read_records(predicted: Predicted, at: list[int], rows: list[dict[str, Json]], plan: _Plan) -> None:
    for place, row in zip(at, rows, strict=True):
        _read(predicted, place, row, plan)
        for key in plan.class_keys:
            if isinstance(row[key], dict):
                predicted.classes[place] = _class_scores(row[key])
    if plan.rest:
        predicted.rest.add(plan.rest, at, [[row[name] for name in plan.rest] for row in rows])


def _read(predicted: Predicted, at: int, value: Json, plan: _Plan) -> None:
    if plan.score is not None:
        score = _last_of_pair(_asked(value, plan.score))
        predicted.score[at] = score if not plan.score_by_kind or _is_number(score) else None
    if plan.decision is not None:
        decision = _asked(value, plan.decision)
        predicted.decision[at] = decision if not plan.decision_by_kind or isinstance(decision, str | bool) else None


def _asked(value: Json, path: Names) -> Json:
    """The value at the end of a path; None where it leads nowhere.

    A key that holds the whole rest of the path, dots and all, wins over the steps.
    """
    for step, name in enumerate(path):
        if isinstance(value, dict):
            whole = ".".join(path[step:])
            if whole in value:
                return value[whole]
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def _last_of_pair(value: Json) -> Json:
    """Of two class scores the one of the positive class; longer lists of numbers have no single score."""
    if not isinstance(value, list) or not all(map(_is_number, value)):
        return value
    return value[-1] if len(value) in (1, 2) else None


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _class_scores(value: Json) -> list[tuple[str, float]] | None:
    """Scores by class, of a list by place; None where it is no list or object of two and more numbers."""
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value))
    if len(pairs) < 2 or not all(_is_number(score) for _, score in pairs):
        return None
    try:
        return [(clean(str(name)), float(score)) for name, score in pairs]
    except OverflowError:
        return None


def _read_whole(predicted: Predicted, first: int, whole: Json, paths: _Paths) -> None:
    """An answer that falls into no rows is kept with the first; a list, or a score asked for, is a misfit there."""
    record = whole if isinstance(whole, dict) and whole else {WHOLE: whole}
    predicted.rest.add(tuple(record), (first,), [list(record.values())])
    if isinstance(whole, list) or paths.score is not None:
        predicted.misfits.setdefault(first, []).append(("score", misfit_text(whole)))
