"""Requests read together say what each says by itself: the law of reading payloads fast."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.logged_rows import OPTIONS, logged, options, table

from watchkeeper.sources.base import UnpackOptions, notes_of
from watchkeeper.sources.contents import Bodies
from watchkeeper.sources.inference_table import SOURCE, Told
from watchkeeper.sources.logged import Logged
from watchkeeper.sources.requests_alike import read_alike

TYPES = pa.struct(
    [("age", pa.float64()), ("city", pa.string()), ("count", pa.int64()), ("gone", pa.float64()), ("new", pa.bool_())]
)
KEPT = replace(OPTIONS, inputs=TYPES, outputs=pa.struct([]))
ORDINARY = {"age": 41, "city": "Bern", "count": 3, "new": True, "extra": None}


def one_by_one(batch: pa.RecordBatch, with_options: UnpackOptions) -> pa.RecordBatch:
    """The events of a batch, each body read by itself."""
    rows = Logged.of(batch, with_options)
    return Told(rows, Bodies.of(rows, np.arange(len(rows)), with_options).contents(), with_options).events()


def read_together(batch: pa.RecordBatch, with_options: UnpackOptions = KEPT) -> int:
    """How many of the logged rows are read together."""
    rows = Logged.of(batch, with_options)
    return len(rows) - read_alike(rows, with_options, [])[1].size


def assert_law(batch: pa.RecordBatch, with_options: UnpackOptions = KEPT) -> pa.RecordBatch:
    events, expected = SOURCE.unpack(batch, with_options), one_by_one(batch, with_options)
    assert events.schema.equals(expected.schema)
    for name in expected.schema.names:
        assert repr(events[name].to_pylist()) == repr(expected[name].to_pylist()), name
    return events


def batch_of(bodies: list[tuple[str, str]], **facts: Any) -> pa.RecordBatch:
    rows = [
        logged(databricks_request_id=f"r{at}", request=request, response=response, **facts)
        for at, (request, response) in enumerate(bodies)
    ]
    return table(*rows)


def records(*rows: str, tail: str = "") -> str:
    return '{"dataframe_records": [' + ", ".join(rows) + "]" + tail + "}"


def split(*rows: dict[str, Any], index: bool = False) -> str:
    frame: dict[str, Any] = {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}
    return json.dumps({"dataframe_split": ({"index": [0]} if index else {}) | frame})


def answer(count: int = 1) -> str:
    return json.dumps({"predictions": [0.25 + i for i in range(count)]})


HOSTILE_SCALARS = [
    *("NaN", "Infinity", "-Infinity", "nan", "inf", "1e400", "-1e400", "1e-400", "-0", "-0.0", "0.0", "-0e5"),
    *("9007199254740993", "18446744073709551616", "1" * 400, "1" * 30, "1.5E+3", "1e5", "1E-7", "0.1e1", "123456789.0"),
    *("01", "00", "-01", "+1", ".5", "-.5", "5.", "5.e3", "1e", "1e+", "0x10", "1_000", "1 2", "--1", "1-2", "-", "e5"),
    *("true", "false", "null", "True", "nul", "trueish", "tru", '"true"', '"null"', '"41"', '"41 years"', '""', '"'),
    *('"a,b"', '", "', '"a\\"b"', '"\\u00e9"', '"\\ud800"', '"é"', '"\u2028"', '"a"b"', '"tab\there"', '"{}[]:"'),
    *(
        "[1, 2]",
        "[]",
        "{}",
        '{"a": 1}',
        '{"a": [1, {"b": null}]}',
        "[[]]",
        "",
        " 41",
        "41 ",
        "\t41",
        "41\n",
        "\u00a041",
    ),
    *('1, "age": 2', '"x", "y": "z"', "1}, {", "1]", "7000000000000", "7000000000001", '"a.e"', "1.25, 2"),
]
HOSTILE_BODIES = [
    *(
        "",
        " ",
        "null",
        "[]",
        "{}",
        "{",
        '"text"',
        "\ufeff{}",
        '{"dataframe_records": []}',
        '{"dataframe_records": [{}]}',
    ),
    *('{"inputs": {"age": [41], "city": ["Bern"]}}', '{"instances": [[41, "Bern"]]}', '{"inputs": [1, 2]}', "[" * 300),
    *('{"dataframe_records": [{"age": 1}], "inputs": [1]}', '{"dataframe_records": [{"age": 1, "age": 2}]}'),
    *(
        '{"dataframe_records": [{"text_assessments": 1}]}',
        '{"dataframe_split": {"columns": ["age"], "data": [[1, 2]]}}',
    ),
]


def ordinary(at: int, form: str) -> tuple[str, str]:
    row = ORDINARY | {"age": at, "city": ("Bern", "Basel", "Ähtäri")[at % 3], "new": at % 2 == 0}
    return (json.dumps({"dataframe_records": [row]}, ensure_ascii=False) if form == "records" else split(row), answer())


@pytest.mark.parametrize("form", ["records", "split"])
@pytest.mark.parametrize("name", list(ORDINARY))
def test_hostile_scalars_say_the_same_read_together_or_each_by_itself(form, name):
    bodies = []
    for at, scalar in enumerate(HOSTILE_SCALARS):
        request, response = ordinary(at, form)
        marked = (
            json.dumps({"dataframe_records": [ORDINARY | {name: "@"}]})
            if form == "records"
            else split(ORDINARY | {name: "@"})
        )
        bodies += [(request, response), (marked.replace('"@"', scalar), answer())]
    batch = batch_of(bodies)
    assert read_together(batch) > len(HOSTILE_SCALARS) // 2
    assert_law(batch)


@pytest.mark.parametrize("form", ["records", "split"])
def test_hostile_answers_say_the_same_read_together_or_each_by_itself(form):
    bodies = [(ordinary(at, form)[0], f'{{"predictions": [{scalar}]}}') for at, scalar in enumerate(HOSTILE_SCALARS)]
    bodies += [(ordinary(at, form)[0], body) for at, body in enumerate(HOSTILE_BODIES)]
    bodies += [ordinary(at, form) for at in range(60)]
    for columns in ({}, {"score": "predictions"}, {"decision": "predictions"}, {"score": "risk"}):
        assert_law(batch_of(bodies), replace(options(**columns), inputs=TYPES, outputs=pa.struct([])))


def test_bodies_of_any_form_among_ordinary_ones_say_the_same():
    bodies = [ordinary(at, "records") for at in range(60)]
    for at, body in enumerate(HOSTILE_BODIES):
        bodies[3 * at + 1 : 3 * at + 1] = [(body, answer())]
    batch = batch_of(bodies)
    assert read_together(batch) == 60
    assert_law(batch)


scalars = st.sampled_from(HOSTILE_SCALARS) | st.floats().map(json.dumps) | st.integers().map(str)
scalars |= st.text(max_size=4).map(json.dumps) | st.text('",\\{}[] :aé', max_size=4).map(lambda text: f'"{text}"')


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_clients_send_reading_together_changes_nothing(data):
    names = data.draw(
        st.lists(st.sampled_from(["age", "city", "count", "new", "x", "a,b", ""]), min_size=1, max_size=5)
    )
    comma, colon = data.draw(st.sampled_from([(", ", ": "), (",", ":"), (" , ", " : ")]))
    bodies = []
    for at in range(48):
        some = at % 8 == 0
        rows = data.draw(st.integers(1, 3)) if some else 1 + at % 2
        values = [[data.draw(scalars) if some else str(10 * at + i) for i, _ in enumerate(names)] for _ in range(rows)]
        written = [
            comma.join(f"{json.dumps(name)}{colon}{value}" for name, value in zip(names, row, strict=True))
            for row in values
        ]
        bodies.append((records(*(f"{{{row}}}" for row in written)), answer(rows)))
    assert_law(batch_of(bodies))


def test_requests_of_any_number_of_rows_are_of_one_shape():
    row = '{{"age": {}, "city": "Bern"}}'
    bodies = [(records(*(row.format(10 * at + i) for i in range(1 + at % 4))), answer(1 + at % 4)) for at in range(80)]
    batch = batch_of(bodies)
    shapes: list[Any] = []
    assert read_alike(Logged.of(batch, KEPT), KEPT, shapes)[1].size == 0
    assert len(shapes) <= 2
    events = assert_law(batch)
    assert len(events) == 200
    assert events["row_index"].to_pylist()[:3] == [0, 0, 1]


def test_texts_with_commas_are_read_together_too():
    bodies = [(records(f'{{"age": {at}, "city": "Bern, Bundesstadt, {at}"}}'), answer()) for at in range(64)]
    batch = batch_of(bodies)
    assert read_together(batch) == 64
    assert assert_law(batch)["inputs"].to_pylist()[3]["city"] == "Bern, Bundesstadt, 3"


def test_ids_of_clients_are_read_from_bodies_that_are_alike():
    joined = replace(options(join=("client_request_id",)), inputs=TYPES, outputs=pa.struct([]))
    for tail in (
        ', "client_request_id": "app-{}"',
        ', "client_request_id": {}',
        ', "params": {{"client_request_id": {}}}',
    ):
        bodies = [(records('{"age": 1}', tail=tail.format(at)), answer()) for at in range(64)]
        assert_law(batch_of(bodies, client_request_id=""), joined)
    bodies = [(records('{"age": 1}', tail=f', "client_request_id": "app-{at}"'), answer()) for at in range(64)]
    batch = batch_of(bodies, client_request_id="")
    assert read_together(batch, joined) == 64
    assert SOURCE.unpack(batch, joined)["join_key"].to_pylist()[5] == '["app-5"]'


def test_parameters_that_differ_are_no_reason_to_read_wrongly():
    bodies = [(records('{"age": 1}', tail=f', "params": {{"threshold": {at % 2}}}'), answer()) for at in range(80)]
    batch = batch_of(bodies)
    assert read_together(batch) == 80
    assert_law(batch)


def test_failed_requests_and_missing_bodies_are_left_to_be_read_by_themselves():
    bodies = [ordinary(at, "records") for at in range(40)]
    for facts in ({"status_code": 500}, {"logging_error_codes": ["MAX_REQUEST_SIZE_EXCEEDED"]}, {"status_code": None}):
        assert_law(batch_of(bodies, **facts))
    assert read_together(batch_of(bodies, status_code=400)) == 0
    rows = [logged(request=None if at % 5 == 0 else bodies[at][0], response=bodies[at][1]) for at in range(40)]
    assert_law(table(*rows))


def test_bytes_that_are_not_utf_8_spoil_nothing_but_their_own_row():
    batch = batch_of([ordinary(at, "records") for at in range(64)])
    raw = [text.encode() for text in batch["request"].to_pylist()]
    raw[7] = raw[7].replace(b"B", b"\xff")
    raw[9] = raw[9].replace(b"city", b"cit\xc3")
    at = batch.schema.names.index("request")
    spoilt = batch.set_column(at, pa.field("request", pa.string()), pa.array(raw, pa.binary()).view(pa.string()))
    assert read_together(spoilt) >= 60
    assert_law(spoilt)


def test_names_that_are_not_kept_are_told_whichever_way_they_are_read():
    batch = batch_of([ordinary(at, "records") for at in range(64)])
    assert notes_of(SOURCE.unpack(batch, KEPT)).unwatched == ("extra",)
    assert read_together(batch) == 64


def test_declared_texts_take_numbers_whichever_way_they_are_read():
    declared = replace(options(types={"city": "string"}), inputs=TYPES, outputs=pa.struct([]))
    bodies = [(records(f'{{"city": {value}}}'), answer()) for at in range(40) for value in (f'"{at}"', str(at))]
    assert_law(batch_of(bodies), declared)


def test_answers_of_another_number_than_their_rows_are_read_as_each_by_itself():
    row = json.dumps(ORDINARY)
    counts = [(rows, answers) for rows in (1, 2, 3) for answers in (1, 2, 3)]
    assert_law(batch_of([(records(*[row] * rows), answer(answers)) for rows, answers in counts * 8]))
