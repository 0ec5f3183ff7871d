"""How a logged row stands: the parse status that holds first, and the rows it gives."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from watchkeeper.sources.bodies import (
    Answer,
    Json,
    NotJson,
    Rows,
    UnknownShape,
    aligned,
    input_rows,
    parse,
    predictions,
)
from watchkeeper.terms import ParseStatus

Body = str | bytes | None
_TOO_LARGE = ("MAX_REQUEST_SIZE_EXCEEDED", "MAX_RESPONSE_SIZE_EXCEEDED")
_GUARDRAILS = ("input_guardrail", "output_guardrail")
_FEEDBACK = ("text_assessments", "retrieval_assessments")
_BAD_REQUEST = 400


class Standing(NamedTuple):
    """One logged row, read.

    ``rows`` and ``answer`` are there exactly for ``ok``; ``client_request_id`` is the request body's, if any.
    """

    status: ParseStatus
    rows: Rows | None = None
    answer: Answer | None = None
    client_request_id: Json = None


def standing(request: Body, response: Body, status_code: int | None, codes: Collection[str] = ()) -> Standing:
    """Read one logged row; the first status that holds, in this order, is its own.

    ``guardrail_block`` (the body says so, whatever the code), ``error_payload`` (a code of 400 or more, or a body that
    is an error), ``too_large`` (a body is missing and its code is there), ``empty``, ``not_json``, ``feedback_row``,
    ``unknown_shape``, ``ok``.

    Args:
        request: the request body.
        response: the response body.
        status_code: HTTP status, None where it was not logged.
        codes: the row's logging error codes.
    """
    asked, answered = _read(request), _read(response)
    client_id = asked.get("client_request_id") if isinstance(asked, dict) else None
    failed = _failed(answered, status_code) or _unread(request, response, codes, asked, answered)
    if failed is not None:
        return Standing(failed, client_request_id=client_id)
    status, rows, answer = _content(asked, answered)
    return Standing(status, rows, answer, client_id)


def _read(body: Body) -> Json:
    """The JSON value of a body, or the exception that says why there is none."""
    if body is None:
        return None
    try:
        return parse(body)
    except (NotJson, UnknownShape) as error:
        return error


def _failed(answered: Json, status_code: int | None) -> ParseStatus | None:
    if isinstance(answered, dict) and is_guardrail_block(answered):
        return ParseStatus.GUARDRAIL_BLOCK
    if (status_code is not None and status_code >= _BAD_REQUEST) or is_error(answered):
        return ParseStatus.ERROR_PAYLOAD
    return None


def _unread(request: Body, response: Body, codes: Collection[str], asked: Json, answered: Json) -> ParseStatus | None:
    bodies = (request, response)
    if any(body is None and code in codes for body, code in zip(bodies, _TOO_LARGE, strict=True)):
        return ParseStatus.TOO_LARGE
    if any(body is None or not body.strip() for body in bodies):
        return ParseStatus.EMPTY
    if isinstance(asked, NotJson) or isinstance(answered, NotJson):
        return ParseStatus.NOT_JSON
    return None


def is_guardrail_block(answered: dict[str, Json]) -> bool:
    """Whether a response is the verdict of a guardrail, itself or as JSON text in its ``message``."""
    if _is_verdict(answered):
        return True
    message = answered.get("message")
    if not isinstance(message, str) or "uardrail" not in message:
        return False
    return _is_verdict(_read(message))


def _is_verdict(value: Json) -> bool:
    if not isinstance(value, dict) or "predictions" in value:
        return False
    reason = value.get("finishReason")
    triggered = isinstance(reason, str) and reason.endswith("_guardrail_triggered")
    return triggered or any(name in value for name in _GUARDRAILS)


def is_error(answered: Json) -> bool:
    """Whether a response is an error in the form of MLflow (``error_code``, ``message``) or of a proxy (``error``)."""
    if not isinstance(answered, dict) or "predictions" in answered or "outputs" in answered:
        return False
    return isinstance(answered.get("error_code"), str) or isinstance(answered.get("error"), dict | str)


def _content(asked: Json, answered: Json) -> tuple[ParseStatus, Rows | None, Answer | None]:
    if _is_feedback(asked):
        return ParseStatus.FEEDBACK_ROW, None, None
    try:
        if isinstance(asked, UnknownShape) or isinstance(answered, UnknownShape):
            return ParseStatus.UNKNOWN_SHAPE, None, None
        rows, content = input_rows(asked), predictions(answered)
    except UnknownShape:
        return ParseStatus.UNKNOWN_SHAPE, None, None
    if rows.count == 0:
        return ParseStatus.EMPTY, None, None
    return ParseStatus.OK, rows, aligned(content, rows.count)


def _is_feedback(asked: Json) -> bool:
    """Ratings were once sent to a served model named feedback; such rows are no predictions."""
    records = asked.get("dataframe_records") if isinstance(asked, dict) else None
    first = records[0] if isinstance(records, list) and records else None
    return isinstance(first, dict) and any(name in first for name in _FEEDBACK)
