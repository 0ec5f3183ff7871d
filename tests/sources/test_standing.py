from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from watchkeeper.sources.standing import standing
from watchkeeper.terms import ParseStatus

ASKED = '{"dataframe_records":[{"age":41}],"client_request_id":"app-991"}'
ANSWERED = '{"predictions":[0.137]}'
BAD_REQUEST = '{"error_code":"BAD_REQUEST","message":"Incompatible input types for column age."}'
LIMIT = '{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Exceeded workspace rate limit"}'
PROVIDER = json.dumps(
    {
        "error_code": "BAD_REQUEST",
        "message": json.dumps(
            {
                "external_model_provider": "openai",
                "external_model_error": {"error": {"code": "content_filter", "param": "prompt", "status": 400}},
            }
        ),
    }
)
VERDICT = {"usage": {"prompt_tokens": 0}, "finishReason": "input_guardrail_triggered"}
INPUT_GUARDRAIL = json.dumps(
    {"error_code": "BAD_REQUEST", "message": json.dumps(VERDICT | {"input_guardrail": [{"flagged": True}]})}
)
OUTPUT_GUARDRAIL = json.dumps({"error_code": "BAD_REQUEST", "message": json.dumps({"output_guardrail": [{}]})})
RATED = '{"dataframe_records":[{"text_assessments":[{"ratings":{}}],"request_id":"r"}]}'
TOO_LARGE = ["MAX_REQUEST_SIZE_EXCEEDED"]
SHAPES = Path(__file__).parents[2] / "../shared/data/serving_log_shapes"


def status(request=ASKED, response=ANSWERED, code=200, codes=()):
    return standing(request, response, code, codes).status


def test_a_scored_row_is_ok_and_carries_its_rows_and_answer():
    read = standing(ASKED, ANSWERED, 200)
    assert (read.status, read.rows.count, read.answer.values) == (ParseStatus.OK, 1, [0.137])
    assert read.client_request_id == "app-991"


def test_a_row_without_a_logged_status_is_judged_by_its_bodies():
    assert status(code=None) == "ok"
    assert status(response=BAD_REQUEST, code=None) == "error_payload"


@pytest.mark.parametrize("body", [BAD_REQUEST, LIMIT, PROVIDER, '{"error":{"message":"m","type":"t"}}', "<html>", None])
def test_a_failed_request_is_an_error_whatever_its_body(body):
    assert status(response=body, code=503) == "error_payload"
    assert status(request=None, response=body, code=429) == "error_payload"


@pytest.mark.parametrize("body", [BAD_REQUEST, LIMIT, PROVIDER, '{"error":{"message":"m","type":"t"}}'])
def test_a_success_whose_body_is_an_error_is_an_error(body):
    assert status(response=body) == "error_payload"


@pytest.mark.parametrize("body", [INPUT_GUARDRAIL, OUTPUT_GUARDRAIL, json.dumps(VERDICT)])
@pytest.mark.parametrize("code", [200, 400, None])
def test_a_guardrail_that_blocks_stands_above_all_whatever_the_code(body, code):
    assert status(response=body, code=code) == "guardrail_block"
    assert status(request=None, response=body, code=code, codes=TOO_LARGE) == "guardrail_block"


def test_a_message_that_speaks_of_guardrails_is_no_verdict():
    assert status(response='{"error_code":"X","message":"guardrail unavailable"}', code=500) == "error_payload"
    assert status(response='{"predictions":[1],"finishReason":"input_guardrail_triggered"}') == "ok"


def test_a_body_left_out_for_its_size_says_so():
    assert status(request=None, codes=TOO_LARGE) == "too_large"
    assert status(response=None, codes=["MAX_RESPONSE_SIZE_EXCEEDED"]) == "too_large"


def test_a_missing_body_without_its_own_code_is_empty():
    assert status(request=None, codes=["MAX_RESPONSE_SIZE_EXCEEDED"]) == "empty"
    assert [status(request=body) for body in (None, "", " \n")] == ["empty"] * 3
    assert status(response="") == "empty"
    assert status(request='{"dataframe_records":[]}') == "empty"


def test_either_body_may_be_no_json():
    assert status(request="age,income\n41,52000") == "not_json"
    assert status(response="0.137") == "unknown_shape"
    assert status(response="good") == "not_json"
    assert status(request=b"\xff{}") == "not_json"
    assert status(request=ASKED[:-3]) == "not_json"


def test_ratings_sent_to_the_feedback_model_are_no_predictions():
    assert status(request=RATED, response='{"predictions":["ok"]}') == "feedback_row"
    assert status(request=RATED.replace("text", "retrieval"), response='{"x":1}') == "feedback_row"


@pytest.mark.parametrize(
    ("request_body", "response"),
    [
        ('{"messages":[{"role":"user","content":"Late fee?"}]}', '{"choices":[{"message":{"content":"25 EUR"}}]}'),
        ('{"input":["late fee"]}', '{"object":"list","data":[]}'),
        (ASKED, '{"answer":1}'),
        (ASKED, "[0.137]"),
        (ASKED, "null"),
        ("[[41]]", ANSWERED),
        ("[" * 100_000, ANSWERED),
    ],
)
def test_what_no_form_describes_is_of_unknown_shape(request_body, response):
    assert status(request_body, response) == "unknown_shape"


def test_only_ok_rows_carry_rows():
    for response in (BAD_REQUEST, INPUT_GUARDRAIL, "", "x", "[]"):
        read = standing(ASKED, response, 200)
        assert (read.rows, read.answer, read.client_request_id) == (None, None, "app-991")


@pytest.mark.skipif(not SHAPES.exists(), reason="the shared data is not here")
def test_real_answers_of_agents_are_no_predictions_yet():
    with gzip.open(SHAPES / "databricks_inference_table_response.jsonl.gz", "rt") as lines:
        bodies = [json.dumps(json.loads(line)["response"]) for line in lines]
    asked = '{"input":[{"role":"user","content":"What is a good apple pie recipe?"}]}'
    assert bodies
    assert {status(asked, body) for body in bodies} == {"unknown_shape"}


@pytest.mark.skipif(not SHAPES.exists(), reason="the shared data is not here")
def test_real_bodies_of_another_model_server_are_read():
    with gzip.open(SHAPES / "kserve_cloudevents.jsonl.gz", "rt") as lines:
        asked, answered = (json.dumps(json.loads(line)["data"]) for line in lines)
    read = standing(asked, answered, 200)
    assert (read.status, read.rows.count, read.answer.values) == ("ok", 2, [1, 1])
