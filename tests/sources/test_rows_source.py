from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.logged_rows import OPTIONS, options, without

from watchkeeper.errors import Faulty
from watchkeeper.sources.base import notes_of
from watchkeeper.sources.rows import SOURCE
from watchkeeper.spec.monitor import FeaturesSpec, Threshold

DATA = Path(__file__).parents[2] / "../shared/data"
DAYS = [dt.date(2026, 1, 1), dt.date(2026, 1, 2), None]
TABLE = pa.RecordBatch.from_pydict(
    {
        "id": ["a", "b", "c"],
        "day": pa.array(DAYS, pa.date32()),
        "p": [0.1, 0.7, 0.2],
        "y": [0, 1, 0],
        "age": [41, 29, None],
        "region": ["north", "south", None],
        "release": [3, 3, 4],
        "copies": [1.0, 2.0, 1.0],
    }
)
MAP = {"id": "id", "time": "day", "score": "p", "decision": "y", "version": "release", "weight": "copies"}


def one(column: pa.Array, name: str = "x", **columns: Any) -> pa.RecordBatch:
    """The events of a table of one feature."""
    batch = pa.RecordBatch.from_arrays([column, pa.array([DAYS[0]] * len(column), pa.date32())], names=[name, "day"])
    return SOURCE.unpack(batch, options(time="day", **columns))


def kept(events: pa.RecordBatch) -> list[dict[str, Any]]:
    return events["inputs"].to_pylist() if "inputs" in events.schema.names else []


def test_any_table_may_be_one_of_rows_but_any_other_format_is_surer():
    assert 0 < SOURCE.recognises(TABLE.schema) < 0.5
    assert SOURCE.recognises(pa.schema([])) == 0


def test_one_row_is_one_event_by_the_column_map():
    events = SOURCE.unpack(TABLE, options(**MAP, join=("id",))).to_pylist()
    assert [event["request_id"] for event in events] == ["a", "b"]
    assert len({event["event_id"] for event in events}) == len({event["row_hash"] for event in events}) == 2
    expected = {
        "row_index": 0,
        "rows_in_request": 1,
        "join_key": '["b"]',
        "event_time": dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        "event_date": dt.date(2026, 1, 2),
        "model_version": "3",
        "parse_status": "ok",
        "status_code": None,
        "latency_ms": None,
        "weight": 2.0,
        "score": 0.7,
        "decision": "1",
        "inputs": {"age": 29.0, "region": "south"},
        "misfits": None,
        "raw_ref": "main.serving.credit_score_payload@12#b",
    }
    assert {name: events[1][name] for name in expected} == expected


def test_rows_without_a_time_are_counted():
    assert notes_of(SOURCE.unpack(TABLE, options(**MAP))).untimed == 1


def test_without_an_id_column_equal_rows_stay_separate():
    twice = pa.Table.from_batches([TABLE.slice(0, 1)] * 2).combine_chunks().to_batches()[0]
    events = SOURCE.unpack(twice, options(time="day")).to_pylist()
    assert [(event["event_id"], event["request_id"], event["row_hash"]) for event in events] == [("", "", "")] * 2


def test_any_part_of_the_map_may_be_left_out():
    for name in set(MAP) - {"time"}:
        columns = {key: value for key, value in MAP.items() if key != name}
        assert len(SOURCE.unpack(TABLE, options(**columns))) == 2


def test_ids_are_made_only_where_they_are_asked_for():
    lean = replace(options(**MAP, join=("id",)), identities=False)
    (event, _) = SOURCE.unpack(TABLE, lean).to_pylist()
    assert (event["event_id"], event["row_hash"], event["join_key"]) == ("", "", '["a"]')


def test_a_missing_time_is_a_fault():
    with pytest.raises(Faulty, match=r"columns\.time \[E305\]"):
        SOURCE.unpack(TABLE, OPTIONS)


@pytest.mark.parametrize("part", sorted(MAP))
def test_a_column_that_is_not_there_is_a_fault_that_lists_those_there(part):
    with pytest.raises(Faulty, match=rf"columns\.{part} \[E302\] no column 'nowhere' there are: age, copies, day"):
        SOURCE.unpack(TABLE, options(**(MAP | {part: "nowhere"})))


@pytest.mark.parametrize("part", ["time", "score", "weight", "decision"])
def test_a_column_of_another_kind_is_a_fault(part):
    batch = TABLE.append_column("lists", pa.array([[1]] * 3))
    with pytest.raises(Faulty, match=rf"columns\.{part} \[E303\] column 'lists'"):
        SOURCE.unpack(batch, options(**(MAP | {part: "lists"})))


def test_join_columns_and_named_features_must_be_there():
    with pytest.raises(Faulty, match=r"labels\.join \[E302\]"):
        SOURCE.unpack(TABLE, options(**MAP, join=("nowhere",)))
    with pytest.raises(Faulty, match=r"columns\.features \[E302\]"):
        SOURCE.unpack(TABLE, options(**MAP, features=FeaturesSpec(only=("nowhere",))))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (pa.array([41], pa.int64()), 41.0),
        (pa.array([41], pa.uint8()), 41.0),
        (pa.array([0.5], pa.float32()), 0.5),
        (pa.array([Decimal("1.50")]), 1.5),
        (pa.array([True]), True),
        (pa.array(["a"]), "a"),
        (pa.array(["a"], pa.large_string()), "a"),
        (pa.array(["a"]).dictionary_encode(), "a"),
        (pa.array([4]).dictionary_encode(), 4.0),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_a_feature_is_a_number_a_boolean_or_a_text(column, value):
    assert kept(one(column)) == [{"x": value}]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (pa.array([dt.date(1970, 1, 2)]), 86400.0),
        (pa.array([dt.datetime(1970, 1, 1, 1, tzinfo=dt.UTC)]), 3600.0),
        (pa.array([[1, 2]]), "[1,2]"),
        (pa.array([{"a": dt.date(2026, 1, 1)}]), '{"a":"2026-01-01"}'),
    ],
    ids=str,
)
def test_times_and_nested_columns_are_features_only_where_named(column, value):
    events = one(column)
    assert (kept(events), notes_of(events).unwatched) == ([], ("x",))
    assert kept(one(column, features=FeaturesSpec(only=("x",)))) == [{"x": value}]


def test_bytes_cannot_be_a_feature():
    assert kept(one(pa.array([b"x"]))) == []
    with pytest.raises(Faulty, match="E303"):
        one(pa.array([b"x"]), features=FeaturesSpec(only=("x",)))


def test_features_may_be_named_left_out_and_reached_by_a_path():
    batch = TABLE.append_column("more", pa.array([{"tenure": 1}, {"tenure": 2}, {"tenure": 3}]))
    only = options(**MAP, features=FeaturesSpec(only=("age", "more.tenure")))
    assert kept(SOURCE.unpack(batch, only))[0] == {"age": 41.0, "more.tenure": 1.0}
    without_age = options(**MAP, features=FeaturesSpec(without=("age",)))
    assert kept(SOURCE.unpack(TABLE, without_age))[0] == {"region": "north"}
    assert SOURCE.reads(batch.schema, only) == ["id", "day", "p", "y", "age", "release", "copies", "more"]


def test_a_name_with_a_dot_is_a_name():
    assert kept(one(pa.array([1.1]), "emp.var.rate")) == [{"emp.var.rate": 1.1}]


def test_names_of_counted_columns_get_a_suffix():
    assert kept(one(pa.array([1]), "score")) == [{"score~2": 1.0}]


def test_types_can_be_declared():
    assert kept(one(pa.array([8001]), types={"x": "string"})) == [{"x": "8001"}]
    assert kept(one(pa.array([2**60 + 1]), types={"x": "bigint"})) == [{"x": 2**60 + 1}]
    assert kept(one(pa.array([1, 0]), types={"x": "boolean"})) == [{"x": True}, {"x": False}]
    assert kept(one(pa.array(["1"]), types={"x": "double"})) == [{"x": 1.0}]


def test_a_column_that_changed_its_kind_is_a_fault_and_one_that_went_is_null():
    text = replace(options(time="day"), inputs=pa.struct([("x", pa.string())]))
    batch = pa.RecordBatch.from_pydict({"x": [1], "day": pa.array(DAYS[:1], pa.date32())})
    with pytest.raises(Faulty, match=r"E303\] column 'x' is int64, not string"):
        SOURCE.unpack(batch, text)
    assert kept(SOURCE.unpack(batch.select(["day"]), text)) == [{"x": None}]


def test_new_columns_are_named():
    narrow = replace(options(**MAP), inputs=pa.struct([("age", pa.float64())]))
    assert notes_of(SOURCE.unpack(TABLE, narrow)).unwatched == ("region",)


CSV = pa.RecordBatch.from_pydict(
    {
        "when": ["2026-01-01T10:00:00Z"] * 12 + ["soon"],
        "age": [str(i) for i in range(10)] + ["41 years", "", "7"],
        "region": ["north", "south", ""] * 4 + ["x"],
        "member": ["true", "false", "True"] * 4 + ["maybe"],
        "p": ["0.5"] * 10 + ["high", "", "0.1"],
    }
)


def test_columns_of_a_text_file_are_what_their_values_spell():
    inputs, _ = SOURCE.infer(CSV, options(time="when", score="p"))
    assert {each.name: each.type for each in inputs} == {
        "age": pa.float64(),
        "member": pa.bool_(),
        "region": pa.string(),
    }


def test_values_of_a_text_file_that_spell_nothing_of_their_type_are_misfits():
    events = SOURCE.unpack(CSV, options(time="when", score="p")).to_pylist()
    assert len(events) == 12
    assert [event["misfits"] for event in events[9:]] == [None, [("age", '"41 years"'), ("score", '"high"')], None]
    assert (events[11]["inputs"]["age"], events[11]["score"]) == (None, None)


def test_a_table_beside_numbers_keeps_its_texts_as_texts():
    assert kept(one(pa.array(["8001", "8002"]))) == [{"x": "8001"}, {"x": "8002"}]


def test_a_schema_alone_tells_the_types():
    inputs, _ = SOURCE.infer(TABLE.slice(0, 0), options(**MAP))
    assert inputs == SOURCE.infer(TABLE, options(**MAP))[0]
    texts, _ = SOURCE.infer(CSV.slice(0, 0), options(time="when", score="p"))
    assert [each.type for each in texts] == [pa.string()] * 3


@pytest.mark.parametrize(("weight", "told"), [(2.5, False), (None, False), (0.0, True), (-1.0, True)])
def test_a_weight_that_is_none_counts_one_row(weight, told):
    batch = TABLE.set_column(7, "copies", pa.array([weight] * 3, pa.float64()))
    event = SOURCE.unpack(batch, options(**MAP)).to_pylist()[0]
    assert (event["weight"], bool(event["misfits"])) == (weight if not told and weight else 1.0, told)


def test_a_threshold_decides_on_the_score():
    events = SOURCE.unpack(TABLE, options(**(MAP | {"decision": Threshold(0.5)})))
    assert events["decision"].to_pylist() == ["0", "1"]


def test_dictionaries_stay_dictionaries():
    assert pa.types.is_dictionary(one(pa.array(["a"]).dictionary_encode())["inputs"].type.field(0).type)


def test_copies_of_an_id_hash_alike_whatever_columns_a_scan_keeps():
    wide = options(**MAP)
    narrow = replace(wide, inputs=pa.struct([]))
    assert SOURCE.unpack(TABLE, wide)["row_hash"] == SOURCE.unpack(TABLE, narrow)["row_hash"]
    changed = TABLE.set_column(4, "age", pa.array([42, 29, None]))
    assert [a == b for a, b in zip(*(SOURCE.unpack(t, wide)["row_hash"] for t in (TABLE, changed)), strict=True)] == [
        False,
        True,
    ]


CELLS = st.one_of(st.none(), st.integers(-5, 5), st.floats(), st.sampled_from(["a", "", "1", "x y"]))
COLUMNS = st.sampled_from([pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.timestamp("ms"), pa.date32()])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(COLUMNS, st.lists(st.integers(0, 10**6) | st.none(), min_size=5, max_size=5)), max_size=6),
    st.data(),
)
def test_the_same_rows_give_the_same_events_in_any_split_and_order(columns, data):
    arrays = [
        pa.array(values, pa.int64()).cast(pa.string()) if t == pa.string() else cast(values, t) for t, values in columns
    ]
    time = pa.array([10**9, None, 2 * 10**9, 10**9, 5], pa.int64())
    batch = pa.RecordBatch.from_arrays([*arrays, time], names=[*(f"c{i}" for i in range(len(arrays))), "t"])
    named = {part: data.draw(st.sampled_from([None, *batch.schema.names])) for part in ("id", "version")}
    plain = options(time="t", **named)
    read = replace(plain, inputs=SOURCE.infer(batch, plain)[0])
    order = data.draw(st.permutations(range(5)))
    cut = data.draw(st.integers(0, 5))
    shuffled = batch.take(pa.array(order))
    parts = [SOURCE.unpack(part, read) for part in (shuffled.slice(0, cut), shuffled.slice(cut))]
    for part in parts:
        part.validate(full=True)
    assert sorted([e for part in parts for e in without(part)], key=repr) == without(SOURCE.unpack(batch, read))
    assert sum(notes_of(part).untimed + len(part) for part in parts) == 5


def cast(values: list[int | None], type_: pa.DataType) -> pa.Array:
    small = pa.array(values, pa.int32())
    return small.cast(type_) if type_ != pa.timestamp("ms") else small.cast(pa.int64()).cast(type_)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | st.binary(max_size=8), max_size=6), st.sampled_from(["x", "t"]))
def test_no_text_is_too_strange_and_no_row_is_lost(values, time):
    texts = pa.array(values, pa.binary()).view(pa.string())
    batch = pa.RecordBatch.from_arrays([texts, pa.array(["2026-01-01"] * len(values), pa.string())], names=["x", "t"])
    events = SOURCE.unpack(batch, options(time=time, id="x", score="x", decision="x", version="x", join=("x",)))
    events.validate(full=True)
    assert len(events) + notes_of(events).untimed == len(values)


@pytest.mark.skipif(not DATA.exists(), reason="the shared data is not here")
def test_a_real_table_of_applications_is_read():
    batch = next(pq.ParquetFile(DATA / "bank_marketing/bank_additional_full.parquet").iter_batches(1000))
    at = batch.append_column("at", pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * len(batch)))
    events = SOURCE.unpack(at, options(time="at"))
    assert len(events) == len(batch)
    assert "emp.var.rate" in {each.name for each in events["inputs"].type}
