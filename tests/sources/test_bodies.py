from __future__ import annotations

import json
from typing import Any

import pytest

from watchkeeper.sources.bodies import NotJson, Rows, UnknownShape, aligned, input_rows, parse, predictions


def rows(body: str | dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a request as records, in order."""
    read: Rows = input_rows(json.loads(body) if isinstance(body, str) else body)
    records = {
        first + i: dict(zip(names, row, strict=True)) for names, first, part in read.parts for i, row in enumerate(part)
    }
    assert sorted(records) == list(range(read.count))
    return [records[i] for i in range(read.count)]


TWO = [{"age": 41, "income": 52000}, {"age": 29, "income": 31000}]
UNNAMED = [{"0": 41, "1": 52000}, {"0": 29, "1": 31000}]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            '{"dataframe_split":{"index":[0,1],"columns":["age","income"],"data":[[41,52000],[29,31000]]}}',
            TWO,
        ),
        (
            '{"dataframe_records":[{"age":41,"income":52000},{"age":29,"income":31000}],"params":{"threshold":0.5}}',
            TWO,
        ),
        ('{"inputs":{"age":[41,29],"income":[52000,31000]}}', TWO),
        ('{"inputs":[[41,52000],[29,31000]]}', UNNAMED),
        ('{"instances":[{"age":41,"income":52000},{"age":29,"income":31000}]}', TWO),
        ('{"instances":[[41,52000],[29,31000]]}', UNNAMED),
    ],
    ids=["split", "records and params", "columns", "tensor", "instances of records", "instances of lists"],
)
def test_every_request_form_of_the_scoring_server_is_read(body, expected):
    assert rows(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"dataframe_split":[{"columns":["age"],"data":[[41]]}]}', [{"age": 41}]),
        ('{"dataframe_split":{"data":[[41,2]]}}', [{"0": 41, "1": 2}]),
        ('{"dataframe_split":{"columns":["age"],"data":[41,29]}}', [{"age": 41}, {"age": 29}]),
        ('{"dataframe_split":{"columns":[0,["a",1]],"data":[[41,2]]}}', [{"0": 41, '["a",1]': 2}]),
        ('{"dataframe_records":{"age":41}}', [{"age": 41}]),
        ('{"inputs":{"age":41,"income":52000}}', [{"age": 41, "income": 52000}]),
        ('{"inputs":{"age":[41,29],"name":"a"}}', [{"age": [41, 29], "name": "a"}]),
        ('{"inputs":[1,2]}', [{"0": 1}, {"0": 2}]),
        ('{"inputs":"hello"}', [{"0": "hello"}]),
        ('{"inputs":[[[1,2],[3,4]]]}', [{"0": [1, 2], "1": [3, 4]}]),
        ('{"instances":{"age":[41,29]}}', [{"age": 41}, {"age": 29}]),
    ],
)
def test_a_wrapped_frame_a_single_record_and_scalars_are_read_as_meant(body, expected):
    assert rows(body) == expected


def test_keys_may_differ_from_record_to_record():
    records = [{"a": 1}, {"b": 2, "a": 3}, {"a": 4, "b": 5}, {}]
    assert rows({"dataframe_records": records}) == records


def test_two_columns_of_one_name_are_both_kept():
    read = input_rows({"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}})
    assert read.parts == ((("a", "a"), 0, [[1, 2]]),)


def test_a_request_may_have_no_rows():
    assert [input_rows(body).count for body in ({"dataframe_records": []}, {"inputs": {}}, {"inputs": {"a": []}})] == [
        0,
        0,
        0,
    ]


def test_an_image_is_not_taken_for_a_thousand_features():
    read = input_rows({"instances": [list(range(1001)), list(range(1001))]})
    assert read.parts == ((("[1001 values]",), 0, [[None], [None]]),)


@pytest.mark.parametrize(
    "body",
    [
        [[1, 2]],
        {},
        {"params": {}},
        {"inputs": [1], "instances": [1]},
        {"messages": [{"role": "user", "content": "Late fee?"}]},
        {"prompt": "Late fee is"},
        {"input": ["late fee"]},
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1]]}},
        {"dataframe_split": {"columns": "a", "data": [[1]]}},
        {"dataframe_split": "a,b\n1,2"},
        {"dataframe_split": {"columns": ["a"]}},
        {"dataframe_records": [{"a": 1}, [2]]},
        {"dataframe_records": "a"},
        {"inputs": [[1, 2], [3]]},
        {"inputs": [[1], 2]},
        {"instances": [{"a": 1}, 2]},
        None,
        "text",
        3,
    ],
)
def test_anything_else_is_of_unknown_shape(body):
    with pytest.raises(UnknownShape):
        input_rows(body)


def test_predictions_and_outputs_are_the_same_word():
    assert predictions({"predictions": [1]}) == predictions({"outputs": [1]}) == [1]
    for body in ({"choices": []}, [0.1], None, 3):
        with pytest.raises(UnknownShape):
            predictions(body)


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ([0.137, 0.642], [0.137, 0.642]),
        ([[0.863, 0.137], [0.358, 0.642]], [[0.863, 0.137], [0.358, 0.642]]),
        ([{"score": 0.137}, {"score": 0.642}], [{"score": 0.137}, {"score": 0.642}]),
        ({"score": [0.1, 0.6], "label": ["a", "b"]}, [{"score": 0.1, "label": "a"}, {"score": 0.6, "label": "b"}]),
    ],
)
def test_answers_are_laid_against_the_rows(content, values):
    assert aligned(content, 2).values == values


@pytest.mark.parametrize(
    "content",
    [{"forecast": [1.2, 1.3], "lower": [1.0, 1.1], "meta": {"model": "arima"}}, [1, 2, 3], {}, [], "text", None],
)
def test_an_answer_of_another_length_speaks_of_the_request_as_a_whole(content):
    answer = aligned(content, 2)
    assert (answer.values, answer.whole) == (None, content)


def test_anything_is_the_answer_of_a_single_row():
    for content in ({"score": 0.1}, [0.9, 0.1], 0.3, "good", None, {"a": [1, 2]}):
        assert aligned(content, 1).values == [content]
    assert aligned({"score": [0.1]}, 1).values == [{"score": 0.1}]


def test_text_that_is_no_json_is_told_apart_from_what_nests_too_deeply():
    for text in ("", "{", "age=1", b"\xff", '{"a":1}{"a":2}', "data: {}\n\n", "\ufeff{}"):
        with pytest.raises(NotJson):
            parse(text)
    with pytest.raises(UnknownShape):
        parse("[" * 100_000)


def test_a_whole_number_beyond_what_python_reads_becomes_a_float():
    assert parse("1" * 5000) == float("inf")
    assert parse("[" + "1" * 400 + "]") == [int("1" * 400)]
