from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.sources.logged_rows import logged, options, table

from watchkeeper.sources.inference_table import SOURCE
from watchkeeper.spec.monitor import Threshold

TWO = {"dataframe_records": [{"age": 41}, {"age": 29}]}


def events(content: Any, request: dict[str, Any] = TWO, binary: bool = True, **columns: Any) -> list[dict[str, Any]]:
    batch = table(logged(request=request, response={"predictions": content}))
    return SOURCE.unpack(batch, replace(options(**columns), binary=binary)).to_pylist()


def column(name: str, *args: Any, **kwargs: Any) -> list[Any]:
    return [event.get(name) for event in events(*args, **kwargs)]


def test_a_number_for_each_row_is_its_score():
    assert column("score", [0.137, 0.642]) == [0.137, 0.642]
    assert column("score", [0, 1]) == [0.0, 1.0]
    assert column("score", [0.137, 0.642], score="predictions") == [0.137, 0.642]
    assert column("decision", [0.137, 0.642]) == [None, None]


def test_of_two_class_scores_the_last_is_the_score_and_both_are_kept():
    content = [[0.863, 0.137], [0.358, 0.642]]
    for path in (None, "predictions", "predictions.1"):
        assert column("score", content, score=path) == [0.137, 0.642]
    assert column("class_scores", content) == [[("0", 0.863), ("1", 0.137)], [("0", 0.358), ("1", 0.642)]]


def test_more_class_scores_have_no_single_score():
    assert column("score", [[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]], score="predictions") == [None, None]
    assert column("misfits", [[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]], score="predictions") == [None, None]
    assert column("score", [[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]], score="predictions.2") == [0.7, 0.4]
    assert column("class_scores", [[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]])[0] == [("0", 0.1), ("1", 0.2), ("2", 0.7)]


@pytest.mark.parametrize(
    "content",
    [
        [{"score": 0.137, "label": "good"}, {"score": 0.642, "label": "bad"}],
        {"score": [0.137, 0.642], "label": ["good", "bad"]},
    ],
    ids=["records", "columns"],
)
@pytest.mark.parametrize("paths", [{}, {"score": "predictions.score", "decision": "predictions.label"}])
def test_records_and_columns_name_score_and_decision(content, paths):
    assert column("score", content, **paths) == [0.137, 0.642]
    assert column("decision", content, positive="bad", **paths) == ["0", "1"]
    assert column("decision", content, positive="bad", binary=False, **paths) == ["good", "bad"]
    assert column("outputs", content, **paths) == [None, None]


def test_what_is_neither_score_nor_decision_is_an_output():
    content = [{"score": 0.1, "reason": "age", "top": ["a"]}, {"score": 0.6, "reason": None, "band": 3}]
    assert column("outputs", content) == [
        {"band": None, "reason": "age", "top": '["a"]'},
        {"band": 3.0, "reason": None, "top": None},
    ]


def test_the_one_key_of_a_series_is_score_or_decision_by_its_kind():
    assert column("score", [{"0": 0.1}, {"0": 0.6}]) == [0.1, 0.6]
    assert column("decision", [{"0": "good"}, {"0": "bad"}], binary=False) == ["good", "bad"]
    assert column("score", [{"prediction": 1}, {"prediction": "x"}]) == [1.0, None]
    assert column("decision", [{"prediction": 1}, {"prediction": "x"}], binary=False) == [None, "x"]


def test_texts_and_booleans_are_decisions():
    assert column("decision", ["good", "bad"], positive="good") == ["1", "0"]
    assert column("decision", [True, False]) == ["1", "0"]
    assert column("score", [True, False]) == [None, None]
    assert column("decision", ["1", 1.0], decision="predictions") == ["1", "1"]


def test_numbers_are_decisions_where_the_monitor_says_so():
    assert column("decision", [1, 0], decision="predictions") == ["1", "0"]
    assert column("score", [1, 0], decision="predictions") == [None, None]
    assert column("decision", [3, 0.5], decision="predictions", binary=False) == ["3", "0.5"]
    assert column("score", [1, 0], decision="predictions", score="predictions") == [1.0, 0.0]


def test_a_threshold_decides_on_the_score():
    assert column("decision", [0.137, 0.642], score="predictions", decision=Threshold(0.642)) == ["0", "1"]
    assert column("decision", [None, float("nan")], score="predictions", decision=Threshold(0.5)) == [None, None]


def test_a_path_reaches_into_objects_and_a_dotted_key_wins():
    content = [{"risk": {"score": 0.1}, "risk.score": 0.9}, {"risk": {"score": 0.2}}]
    assert column("score", content, score="predictions.risk.score") == [0.9, 0.2]
    assert column("score", content, score="risk.score") == [0.9, 0.2]
    assert column("score", content, score="predictions.nowhere") == [None, None]


def test_what_cannot_be_a_score_is_a_misfit():
    assert column("misfits", ["0.1", True], score="predictions") == [[("score", '"0.1"')], [("score", "true")]]
    assert column("misfits", [{"score": "high"}, {"score": None}]) == [[("score", '"high"')], None]
    assert column("misfits", [[1], ["x", "y"]], decision="predictions") == [None, [("decision", '["x","y"]')]]


def test_named_class_scores_are_kept():
    content = [{"score": 0.1, "probabilities": {"good": 0.9, "bad": 0.1}}, {"score": 0.2, "probabilities": None}]
    assert column("class_scores", content) == [[("good", 0.9), ("bad", 0.1)], None]


def test_a_free_object_is_kept_once_with_the_first_row():
    content = {"forecast": [1.2, 1.3, 1.4], "lower": 1.0, "meta": {"model": "arima"}}
    read = events(content)
    assert [event["outputs"] for event in read] == [
        {"forecast": "[1.2,1.3,1.4]", "lower": 1.0, "meta": '{"model":"arima"}'},
        {"forecast": None, "lower": None, "meta": None},
    ]
    assert [event["inputs"] for event in read] == [{"age": 41.0}, {"age": 29.0}]


def test_answers_of_another_length_than_the_rows_are_told():
    read = events([0.1, 0.2, 0.3])
    assert [event["score"] for event in read] == [None, None]
    assert [event["misfits"] for event in read] == [[("score", "[0.1,0.2,0.3]")], None]
    assert read[0]["outputs"] == {"predictions": "[0.1,0.2,0.3]"}


def test_the_free_object_of_one_row_is_its_record():
    one = {"inputs": {"age": 41}}
    assert column("score", {"score": 0.3, "band": "b"}, one) == [0.3]
    assert column("outputs", {"score": 0.3, "band": "b"}, one) == [{"band": "b"}]
    assert column("score", 0.3, one) == [0.3]
    assert column("score", [0.7, 0.3], one) == [0.3]


def test_a_score_beyond_doubles_is_a_misfit():
    huge = json.loads("1" + "0" * 400)
    assert column("misfits", [huge, 0.1])[0][0][0] == "score"
    assert column("class_scores", [[huge, 1], [0.5, 0.5]]) == [None, [("0", 0.5), ("1", 0.5)]]
