"""The JSON texts of a scoring endpoint: requests in two shapes, answers, and errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import numpy as np

from watchkeeper.simulate.applicants import CATEGORIES, FEATURES, NUMERIC, Applicants, Floats, Ints, Values
from watchkeeper.simulate.traffic import Flags

_RECORD = "{" + ",".join(f'"{name}":%s' for name in FEATURES) + "}"
_VALUES = "[" + ",".join("%s" for _ in FEATURES) + "]"
_COLUMNS = json.dumps(FEATURES, separators=(",", ":"))
_AGE = re.compile(r'"age":\d+,')

_ERRORS = {
    400: ("BAD_REQUEST", "Model is missing inputs ['age']."),
    429: ("REQUEST_LIMIT_EXCEEDED", "Exceeded workspace rate limit"),
    500: ("INTERNAL_ERROR", "Encountered an unexpected error while evaluating the model."),
    503: ("TEMPORARILY_UNAVAILABLE", "The endpoint has no ready replica."),
    504: ("DEADLINE_EXCEEDED", "The request timed out."),
}
_ERROR_BODIES = {
    status: json.dumps({"error_code": code, "message": message}, separators=(",", ":"))
    for status, (code, message) in _ERRORS.items()
}


def requests(sent: Applicants, first: Ints, rows: Ints, split: Flags, client_ids: list[str | None]) -> list[str]:
    """Request bodies, one text per request.

    Args:
        sent: the features of all applicants.
        first: each request's first applicant.
        rows: how many applicants it holds.
        split: True for ``dataframe_split``, False for ``dataframe_records``.
        client_ids: ids that stand in the body; None leaves the key out.
    """
    tokens = list(zip(*_tokens(sent), strict=True))
    ends = (first + rows).tolist()
    return [
        _body(tokens[start:end], is_split, client_id)
        for start, end, is_split, client_id in zip(first.tolist(), ends, split.tolist(), client_ids, strict=True)
    ]


def answers(score: Floats, first: Ints, rows: Ints, status: Iterable[int]) -> list[str]:
    """Response bodies, one text per request: one score per row, or what went wrong."""
    texts = [repr(value) for value in score.tolist()]
    spans = zip(first.tolist(), (first + rows).tolist(), status, strict=True)
    return [_answer(texts[start:end]) if code == 200 else _ERROR_BODIES[code] for start, end, code in spans]


def without_age(body: str) -> str:
    """A ``dataframe_records`` body that lacks one input of the model."""
    return _AGE.sub("", body)


def _body(rows: list[tuple[str, ...]], split: bool, client_id: str | None) -> str:
    key = f',"client_request_id":"{client_id}"' if client_id is not None else ""
    if split:
        index = ",".join(map(str, range(len(rows))))
        data = ",".join([_VALUES % row for row in rows])
        return f'{{"dataframe_split":{{"index":[{index}],"columns":{_COLUMNS},"data":[{data}]}}{key}}}'
    records = ",".join([_RECORD % row for row in rows])
    return f'{{"dataframe_records":[{records}]{key}}}'


def _answer(scores: list[str]) -> str:
    return f'{{"predictions":[{",".join(scores)}]}}'


def _tokens(sent: Applicants) -> list[list[str]]:
    numeric = [_numbers(sent.numeric[f.name], whole=f.decimals is None) for f in NUMERIC]
    return numeric + [_words(sent.categories[c.name]) for c in CATEGORIES]


def _numbers(values: Floats, whole: bool) -> list[str]:
    if whole:
        return [str(value) for value in values.astype(np.int64).tolist()]
    return [repr(value) if value == value else "null" for value in values.tolist()]


def _words(values: Values) -> list[str]:
    quoted = {value: json.dumps(value) for value in {*values.tolist()}}
    return [quoted[value] for value in values.tolist()]
