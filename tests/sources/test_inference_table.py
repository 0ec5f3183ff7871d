from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.logged_rows import OPTIONS, TABLE, TIME, logged, options, table, without

from watchkeeper import schemas
from watchkeeper.errors import Faulty
from watchkeeper.sources.base import notes_of
from watchkeeper.sources.identity import event_ids
from watchkeeper.sources.inference_table import SOURCE

TWO = {"dataframe_records": [{"age": 41, "region": "north"}, {"age": 29, "region": "south"}]}
SCORES = {"predictions": [0.137, 0.642]}


def unpack(*rows: dict[str, Any], with_options=OPTIONS) -> list[dict[str, Any]]:
    return SOURCE.unpack(table(*rows), with_options).to_pylist()


def test_it_is_recognised_by_its_columns():
    assert SOURCE.recognises(TABLE) == 1
    assert SOURCE.recognises(pa.schema([("timestamp_ms", pa.int64()), ("request_metadata", pa.string())])) == 0
    assert SOURCE.recognises(pa.schema([field for field in TABLE if field.name != "served_entity_id"])) == 0


def test_one_row_of_one_record_is_one_event():
    (event,) = unpack(logged(), with_options=options(join=("client_request_id",)))
    row_hash, requester = event.pop("row_hash"), event.pop("requester")
    assert (len(row_hash), len(requester)) == (64, 16)
    assert event == {
        "event_id": event_ids("credit", pa.array(["7d0c1f2e"]), pa.array([0]))[0].as_py(),
        "source_id": "credit",
        "request_id": "7d0c1f2e",
        "row_index": 0,
        "rows_in_request": 1,
        "join_key": '["app-991"]',
        "event_time": TIME,
        "event_date": dt.date(2026, 8, 28),
        "batch_seq": 7,
        "model_version": "0f1e2d3c",
        "parse_status": "ok",
        "logging_error_codes": [],
        "status_code": 200,
        "latency_ms": 184.0,
        "weight": 1.0,
        "session_id": None,
        "score": 0.137,
        "decision": None,
        "class_scores": None,
        "inputs": {"age": 41.0, "income": 52000.0},
        "misfits": None,
        "turn": None,
        "raw_ref": "main.serving.credit_score_payload@12#7d0c1f2e",
    }


def test_a_request_of_k_rows_is_k_events_of_one_request():
    events = unpack(logged(request=TWO, response=SCORES, sampling_fraction=0.25))
    assert [event["row_index"] for event in events] == [0, 1]
    assert [event["inputs"]["region"] for event in events] == ["north", "south"]
    assert len({event["event_id"] for event in events}) == 2
    for name, value in {"rows_in_request": 2, "weight": 4.0, "latency_ms": 184.0, "status_code": 200}.items():
        assert [event[name] for event in events] == [value, value]


def test_a_failed_request_is_one_event_without_inputs():
    (event,) = unpack(logged(request=TWO, response={"error_code": "BAD_REQUEST", "message": "m"}, status_code=400))
    assert (event["parse_status"], event["rows_in_request"], event["score"]) == ("error_payload", 1, None)
    assert "inputs" not in event


def test_the_callers_id_is_that_of_the_column_or_else_of_the_body():
    joined = options(join=("client_request_id", "row_index"))
    rows = [logged(client_request_id=value) for value in ("app-1", "", None)]
    assert [e["join_key"] for e in unpack(*rows, with_options=joined)] == ['["app-1","0"]', *['["app-991","0"]'] * 2]
    numbered = logged(request={"dataframe_records": [{"age": 1}], "client_request_id": 12})
    nested = logged(request={"dataframe_records": [{"age": 1}], "client_request_id": {"a": 1}})
    assert [e["join_key"] for e in unpack(numbered, nested, with_options=joined)] == ['["12","0"]', None]


def test_labels_may_join_on_a_feature():
    joined = options(join=("region",))
    assert [e["join_key"] for e in unpack(logged(request=TWO, response=SCORES), with_options=joined)] == [
        '["north"]',
        '["south"]',
    ]


def test_a_join_on_what_is_not_there_is_a_fault_once_the_columns_are_known():
    kept = replace(options(join=("customer",)), inputs=pa.struct([("age", pa.float64())]))
    with pytest.raises(Faulty, match=r"no column 'customer'.*age.*client_request_id"):
        unpack(logged(), with_options=kept)
    assert unpack(logged(), with_options=options(join=("customer",)))[0]["join_key"] is None


@pytest.mark.parametrize(
    ("fraction", "weight", "told"),
    [(1.0, 1, False), (0.5, 2, False), (None, 1, False), (0.0, 1, True), (-1.0, 1, True), (1.5, 1, True)],
)
def test_a_row_weighs_one_over_its_sampling_fraction(fraction, weight, told):
    (event,) = unpack(logged(sampling_fraction=fraction))
    assert event["weight"] == weight
    assert bool(event["misfits"]) == told


@pytest.mark.parametrize("fraction", [float("nan"), float("inf"), 5e-324])
def test_a_weight_is_finite_whatever_the_fraction(fraction):
    assert unpack(logged(sampling_fraction=fraction))[0]["weight"] == 1


def test_values_that_do_not_fit_are_null_and_told_at_their_row():
    request = {"dataframe_records": [{"age": 41}, {"age": "29 years"}, {"age": None}, {}, {"age": 30}]}
    events = unpack(logged(request=request, response={"predictions": [0.1] * 5}))
    assert [event["inputs"]["age"] for event in events] == [41.0, None, None, None, 30.0]
    assert [event["misfits"] for event in events] == [None, [("age", '"29 years"')], None, None, None]


def test_kept_types_hold_and_new_keys_are_named():
    kept = replace(OPTIONS, inputs=pa.struct([("age", pa.float64()), ("region", pa.string())]), outputs=pa.struct([]))
    events = SOURCE.unpack(table(logged(request={"inputs": {"age": "x", "zip": 8001}})), kept)
    assert events.to_pylist()[0]["inputs"] == {"age": None, "region": None}
    assert events.to_pylist()[0]["misfits"] == [("age", '"x"')]
    assert notes_of(events).unwatched == ("zip",)


def test_types_can_be_declared():
    declared = options(types={"zip": "string", "count": "bigint"})
    (event,) = unpack(logged(request={"inputs": {"zip": 8001, "count": 3}}), with_options=declared)
    assert event["inputs"] == {"count": 3, "zip": "8001"}


def test_features_are_kept_apart_whatever_they_are_called():
    split = {"dataframe_split": {"columns": ["a", "a", "A", "score", ""], "data": [[1, 2, 3, 4, 5]]}}
    (event,) = unpack(logged(request=split))
    assert event["inputs"] == {"A": 3.0, "a~2": 1.0, "a~3": 2.0, "score~2": 4.0, "~2": 5.0}
    types, _ = SOURCE.infer(table(logged(request=split)), OPTIONS)
    assert unpack(logged(request=split), with_options=replace(OPTIONS, inputs=types)) == [event]


def test_a_missing_time_falls_back_to_the_date_and_else_is_counted():
    rows = [logged(request_time=None), logged(request_time=None, request_date=None)]
    events = SOURCE.unpack(table(*rows), OPTIONS)
    assert [event["event_time"] for event in events.to_pylist()] == [dt.datetime(2026, 8, 28, tzinfo=dt.UTC)]
    assert notes_of(events).untimed == 1


def test_an_absurd_time_is_no_time():
    batch = table(logged(request_date=None))
    times = pa.array([2**62], pa.timestamp("us", "UTC"))
    events = SOURCE.unpack(batch.set_column(3, TABLE.field("request_time"), times), OPTIONS)
    assert (len(events), notes_of(events).untimed) == (0, 1)


def test_the_version_may_be_another_column():
    batch = table(logged()).append_column("release", pa.array([3]))
    assert SOURCE.unpack(batch, options(version="release"))["model_version"].to_pylist() == ["3"]
    with pytest.raises(Faulty, match="E302"):
        SOURCE.unpack(table(logged()), options(version="release"))
    assert unpack(logged(served_entity_id=None))[0]["model_version"] == ""


def test_a_row_without_an_id_has_no_event_id():
    (event,) = unpack(logged(databricks_request_id=None))
    assert (event["event_id"], event["request_id"], event["raw_ref"][-1]) == ("", "", "#")


def test_a_copy_hashes_alike_and_any_difference_apart():
    other = [logged(status_code=201), logged(execution_duration_ms=1), logged(request="{}"), logged(requester=None)]
    hashes = [event["row_hash"] for event in unpack(logged(), logged(), *other)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 5


def test_columns_may_be_missing_or_come_as_text():
    batch = table(logged())
    few = batch.select(["request_time", "request", "response"])
    (event,) = SOURCE.unpack(few, OPTIONS).to_pylist()
    assert (event["score"], event["status_code"], event["latency_ms"], event["weight"]) == (0.137, None, None, 1)
    texts = batch.drop_columns("logging_error_codes").cast(
        pa.schema([(f.name, pa.string()) for f in TABLE if f.name != "logging_error_codes"])
    )
    codes = pa.array(['["MAX_REQUEST_SIZE_EXCEEDED"]'])
    (event,) = SOURCE.unpack(texts.append_column("logging_error_codes", codes), OPTIONS).to_pylist()
    assert (event["event_time"], event["status_code"], event["latency_ms"]) == (TIME, 200, 184.0)
    assert event["logging_error_codes"] == ["MAX_REQUEST_SIZE_EXCEEDED"]


def test_unknown_columns_are_ignored_and_wrong_types_are_faults():
    batch = table(logged())
    assert len(SOURCE.unpack(batch.append_column("extra", pa.array([b"x"])), OPTIONS)) == 1
    for name in ("request_time", "execution_duration_ms", "request", "logging_error_codes"):
        index = batch.schema.get_field_index(name)
        with pytest.raises(Faulty, match=f"E303.*{name}"):
            SOURCE.unpack(batch.set_column(index, name, pa.array([True])), OPTIONS)


def test_an_empty_batch_gives_no_events():
    events = SOURCE.unpack(table(), OPTIONS)
    assert (len(events), events.schema.equals(schemas.events())) == (0, True)


def test_bytes_that_are_not_utf8_spoil_only_their_own_cell():
    batch = table(logged(), logged())
    for name in ("request", "response", "requester", "databricks_request_id", "client_request_id", "served_entity_id"):
        index = batch.schema.get_field_index(name)
        spoilt = pa.array([b'\xff{"predictions":[1]}', batch[name][1].as_py().encode()]).view(pa.string())
        events = SOURCE.unpack(batch.set_column(index, name, spoilt), OPTIONS)
        events.validate(full=True)
        assert events["parse_status"].to_pylist() == ["not_json" if name in ("request", "response") else "ok", "ok"]


def test_lone_surrogates_are_spelt_out():
    request = r'{"dataframe_records":[{"a\ud800":"b\ud800"}],"client_request_id":"c\ud800"}'
    response = r'{"predictions":[{"label":"d\ud800","e\ud800":"f\ud800"}]}'
    joined = replace(options(join=("client_request_id",)), binary=False)
    events = SOURCE.unpack(table(logged(request=request, response=response)), joined)
    events.validate(full=True)
    (event,) = events.to_pylist()
    assert (event["inputs"], event["outputs"]) == ({r"a\ud800": r"b\ud800"}, {r"e\ud800": r"f\ud800"})
    assert (event["decision"], json.loads(event["join_key"])) == (r"d\ud800", [r"c\ud800"])


BODIES = [
    TWO,
    {"dataframe_split": {"columns": ["age", "region"], "data": [[1, "a"], [2.5, None], ["x", 3]]}},
    {"inputs": [[1, 2], [3, 4]]},
    {"instances": [{"age": [1, 2]}], "client_request_id": "c"},
    {"messages": []},
    "not json",
    "",
    None,
]
ANSWERS = [
    SCORES,
    {"predictions": [[0.2, 0.8], [0.5, 0.5]]},
    {"predictions": {"score": [0.1, 0.9, 0.5], "label": ["a", "b", "c"]}},
    {"predictions": {"forecast": [1]}},
    {"predictions": ["a", 1]},
    {"error_code": "X", "message": "m"},
    "",
    None,
]
ROWS = st.lists(
    st.builds(
        lambda id_, asked, answered, code: logged(
            databricks_request_id=id_, request=asked, response=answered, status_code=code
        ),
        st.sampled_from(["a", "b", "c", None]),
        st.sampled_from(BODIES),
        st.sampled_from(ANSWERS),
        st.sampled_from([200, 200, 200, 400, 503, None]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.randoms(), st.data())
def test_the_same_rows_give_the_same_events_in_any_split_and_order(rows, random, data):
    inputs, outputs = SOURCE.infer(table(*rows), OPTIONS)
    kept = replace(options(score="predictions", join=("client_request_id",)), inputs=inputs, outputs=outputs)
    whole = without(SOURCE.unpack(table(*rows), kept))
    random.shuffle(rows)
    cut = data.draw(st.integers(0, len(rows)))
    parts = [SOURCE.unpack(table(*part), kept) for part in (rows[:cut], rows[cut:])]
    assert sorted([event for part in parts for event in without(part)], key=repr) == whole


FORMS = ["dataframe_split", "dataframe_records", "inputs", "instances", "columns", "data", "predictions", "outputs"]
FIELDS = ["score", "label", "prediction", "probabilities", "error_code", "error", "message", "finishReason", "a", "a~2"]
KEYS = st.sampled_from([*FORMS, *FIELDS])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=4) | KEYS, each, max_size=3),
    max_leaves=12,
)
ASKED = st.builds(lambda form, content: {form: content}, KEYS, JSON) | JSON
ANSWERED = st.builds(lambda content: {"predictions": content}, JSON) | JSON


@st.composite
def bodies(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> bytes | None:
    """JSON, JSON cut short or with a byte changed, or any bytes at all."""
    kind = draw(st.sampled_from(["json", "json", "json", "cut", "bytes", "none"]))
    if kind == "none":
        return None
    if kind == "bytes":
        return draw(st.binary(max_size=40))
    text = json.dumps(draw(values), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    return text if kind == "json" else text[: draw(st.integers(0, len(text)))] + draw(st.binary(max_size=2))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(bodies(ASKED), bodies(ANSWERED), st.sampled_from([200, 500, None])), max_size=6),
    st.sampled_from([{}, {"score": "predictions"}, {"score": "predictions.score", "decision": "label"}]),
)
def test_no_body_is_too_strange_and_no_row_is_lost(rows, columns):
    asked, answered, codes = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    facts = {
        "databricks_request_id": pa.array([f"r{i}" for i in range(len(rows))], pa.string()),
        "request_time": pa.array([TIME] * len(rows), pa.timestamp("us", "UTC")),
        "request": pa.array(asked, pa.binary()).view(pa.string()),
        "response": pa.array(answered, pa.binary()).view(pa.string()),
        "status_code": pa.array(codes, pa.int32()),
    }
    events = SOURCE.unpack(pa.RecordBatch.from_pydict(facts), options(**columns))
    events.validate(full=True)
    firsts = [event for event in events.to_pylist() if event["row_index"] == 0]
    assert Counter(event["request_id"] for event in firsts) == Counter({f"r{i}": 1 for i in range(len(rows))})
    for event in firsts:
        assert event["rows_in_request"] == sum(e["request_id"] == event["request_id"] for e in events.to_pylist())
