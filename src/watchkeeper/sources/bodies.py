"""What a request asks and a response answers, in the JSON forms of a model server.

Forms and examples: MLflow's scoring server takes ``dataframe_split``, ``dataframe_records``, ``inputs`` or
``instances`` and answers ``{"predictions": …}``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = Any
Names = tuple[str, ...]

FORMS = ("dataframe_split", "dataframe_records", "inputs", "instances")
WIDEST_TENSOR = 1_000
"""Rows of more unnamed values than this are not read; what is left of them is one name that says how wide they are."""
_LONGEST_INTEGER = 4_000


class NotJson(ValueError):
    """A body is not JSON text."""


class UnknownShape(ValueError):
    """A body is JSON of no form that is known here."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one request: values under names, in runs of equal names.

    ``parts`` holds ``(names, first row, rows of values)``; a row's values stand in the order of its names.
    """

    count: int
    parts: tuple[tuple[Names, int, Sequence[Sequence[Json]]], ...]


def parse(text: str | bytes) -> Json:
    """The value of a JSON text.

    Whole numbers too long for Python become floats.

    Raises:
        NotJson: it is not JSON, or not UTF-8.
        UnknownShape: it nests more deeply than can be read.
    """
    if isinstance(text, bytes):
        raise NotJson("not UTF-8")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise NotJson(str(error)) from None
    except ValueError:
        return json.loads(text, parse_int=_integer)
    except RecursionError:
        raise UnknownShape("nested too deeply") from None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def input_rows(body: Json) -> Rows:
    """The rows that a request asks to be scored; ``params`` speak of the request and are not rows.

    A frame or record wrapped in a list of one, a single record, and scalars in place of rows are read as meant.

    Raises:
        UnknownShape: not exactly one of the forms, or rows that do not fit their columns.
    """
    forms = [form for form in FORMS if form in body] if isinstance(body, dict) else []
    if len(forms) != 1:
        raise UnknownShape("none or several of " + ", ".join(FORMS))
    content = body[forms[0]]
    if forms[0] == "dataframe_split":
        return _split(content)
    if forms[0] == "dataframe_records":
        return _listed([content] if isinstance(content, dict) else content, records=True)
    return _columns(content) if isinstance(content, dict) else _listed(content)


def _split(content: Json) -> Rows:
    frame = content[0] if isinstance(content, list) and len(content) == 1 else content
    if not isinstance(frame, dict) or not isinstance(frame.get("data"), list):
        raise UnknownShape("dataframe_split without data")
    data = frame["data"]
    if frame.get("columns") is None:
        return _listed(data)
    if not isinstance(frame["columns"], list):
        raise UnknownShape("columns are not a list")
    names = tuple(_name(column) for column in frame["columns"])
    if len(names) == 1 and not any(isinstance(row, list) for row in data):
        data = [[value] for value in data]
    if not all(type(row) is list and len(row) == len(names) for row in data):
        raise UnknownShape("rows that do not fit the columns")
    return Rows(len(data), ((names, 0, data),))


def _name(column: Json) -> str:
    return column if isinstance(column, str) else json.dumps(column, separators=(",", ":"))


def _listed(rows: Json, records: bool = False) -> Rows:
    if not isinstance(rows, list):
        if records:
            raise UnknownShape("records are not a list")
        rows = [rows]
    kinds = set(map(type, rows))
    if kinds <= {dict}:
        return _records(rows)
    if records or dict in kinds or (list in kinds and len(kinds) > 1):
        raise UnknownShape("rows of different kinds")
    return _tensor(rows if list in kinds else [[value] for value in rows])


def _records(rows: list[dict[str, Json]]) -> Rows:
    parts: list[tuple[Names, int, list[list[Json]]]] = []
    for index, row in enumerate(rows):
        names = tuple(row)
        if not parts or parts[-1][0] != names:
            parts.append((names, index, []))
        parts[-1][2].append(list(row.values()))
    return Rows(len(rows), tuple(parts))


def _tensor(rows: list[list[Json]]) -> Rows:
    """Rows without names: the places 0, 1, … are the names. Wider rows, such as images, are no features."""
    widths = set(map(len, rows))
    if len(widths) > 1:
        raise UnknownShape("rows of different lengths")
    width = widths.pop() if widths else 0
    if width > WIDEST_TENSOR:
        return Rows(len(rows), (((f"[{width} values]",), 0, [[None]] * len(rows)),))
    return Rows(len(rows), ((tuple(map(str, range(width))), 0, rows),))


def _columns(content: dict[str, Json]) -> Rows:
    """Named columns of equal length; anything else is the one row it names."""
    values = list(content.values())
    lengths = {len(value) if isinstance(value, list) else -1 for value in values}
    if len(lengths) == 1 and -1 not in lengths:
        (count,) = lengths
        return Rows(count, ((tuple(content), 0, list(zip(*values, strict=True))),))
    return Rows(1, ((tuple(content), 0, [values]),)) if content else Rows(0, ())


def predictions(body: Json) -> Json:
    """What a response holds under ``predictions``, or ``outputs`` as some servers say.

    Raises:
        UnknownShape: neither is there.
    """
    if isinstance(body, dict):
        for name in ("predictions", "outputs"):
            if name in body:
                return body[name]
    raise UnknownShape("neither predictions nor outputs")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a response says: a value for each row, or one ``whole`` that speaks of no row in particular.

    Attributes:
        values: one for each row, or None.
        whole: what was answered, where it does not fall into rows.
    """

    values: Sequence[Json] | None
    whole: Json = None


def aligned(content: Json, count: int) -> Answer:
    """Lay an answer against the rows of its request.

    A list as long as the rows goes row by row, so do columns that are lists as long as the rows; for a single row
    anything is its answer. What remains speaks of the request as a whole.

    >>> aligned({"score": [0.1, 0.6], "label": ["good", "bad"]}, 2).values
    [{'score': 0.1, 'label': 'good'}, {'score': 0.6, 'label': 'bad'}]
    """
    if isinstance(content, list) and len(content) == count:
        return Answer(content)
    if isinstance(content, dict) and content:
        columns = list(content.values())
        if all(isinstance(column, list) and len(column) == count for column in columns):
            names = tuple(content)
            return Answer([dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)])
    return Answer([content]) if count == 1 else Answer(None, content)
