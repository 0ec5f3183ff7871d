from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.sources.identity import content_hashes, event_ids, join_keys, keyed_hash, row_hashes


def ids_of(source: str, requests: list[str], rows: list[int]) -> list[str]:
    return event_ids(source, pa.array(requests, pa.string()), pa.array(rows, pa.int64())).to_pylist()


def test_an_event_id_is_made_of_source_request_and_row():
    assert ids_of("credit", ["r1"], [0]) == [hashlib.sha256(b"credit\0r1\0000").hexdigest()[:32]]
    ids = ids_of("credit", ["r1", "r1", "r2"], [0, 1, 0]) + ids_of("fraud", ["r1"], [0])
    assert len(set(ids)) == 4


@given(st.text(max_size=6), st.lists(st.tuples(st.text(min_size=1, max_size=6), st.integers(0, 2**31)), max_size=6))
def test_event_ids_are_those_of_the_contract_whatever_they_are_made_of(source, rows):
    plain = [(request.encode("utf-8", "ignore").decode() or "-", row) for request, row in rows]
    texts = [f"{source}\0{request}\0{row}".encode("utf-8", "backslashreplace") for request, row in plain]
    found = ids_of(source, [request for request, _ in plain], [row for _, row in plain])
    assert found == [hashlib.sha256(text).hexdigest()[:32] for text in texts]


def test_without_a_request_id_there_is_no_event_id():
    assert ids_of("credit", ["", "r"], [0, 0])[0] == ""


def test_a_requester_is_a_keyed_hash():
    assert (
        keyed_hash(b"key", "u@example.com") == keyed_hash(b"key", "u@example.com") != keyed_hash(b"k", "u@example.com")
    )
    assert len(keyed_hash(b"key", "u@example.com")) == 16
    assert keyed_hash(b"key", None) is keyed_hash(b"key", "") is None


facts = st.tuples(
    st.none() | st.text("0:;~-", max_size=4), st.none() | st.integers(-9, 9), st.none() | st.text("0:;~-", max_size=4)
)


@given(facts, facts)
def test_rows_that_differ_hash_apart(left, right):
    columns = zip((pa.string(), pa.int64(), pa.string()), zip(left, right, strict=True), strict=True)
    one, other = row_hashes([pa.array(column, type_) for type_, column in columns]).to_pylist()
    assert (one == other) == (left == right)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["41"]),
        pa.array(["41"], pa.large_string()),
        pa.array(["41"]).dictionary_encode(),
        pa.array([41], pa.int8()),
        pa.array([41], pa.uint64()),
        pa.array([41.0]),
        pa.array([Decimal("41.00")]),
    ],
    ids=lambda column: str(column.type),
)
def test_a_join_value_meets_itself_whatever_its_type(column):
    assert join_keys([column]).to_pylist() == ['["41"]']


def test_a_join_key_needs_every_value():
    keys = join_keys([pa.array(["a", None, "b"]), pa.array([0.5, 1.0, float("nan")])])
    assert keys.to_pylist() == ['["a","0.5"]', None, None]


def test_times_and_truths_join_as_text():
    noon = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    at = pa.array([noon.replace(tzinfo=None)], pa.timestamp("ns"))
    zoned = pa.array([noon], pa.timestamp("ms", "Europe/Zurich"))
    assert join_keys([at]) == join_keys([zoned])
    assert join_keys([pa.array([True])]).to_pylist() == ['["true"]']


@given(st.lists(st.text(max_size=5), min_size=1, max_size=4))
def test_a_join_key_is_json_and_reads_back(values):
    encoded = [value.encode("utf-8", "backslashreplace").decode() for value in values]
    (key,) = join_keys([pa.array([value]) for value in encoded]).to_pylist()
    assert json.loads(key) == encoded


ROWS = [
    pa.array([1, 2, None]),
    pa.array(["a", "b", None]),
    pa.array([0.5, float("nan"), None]),
    pa.array([True, None, None]),
]


def test_contents_hash_apart_and_alike_in_any_types():
    hashes = content_hashes(ROWS, 3)
    assert len(set(hashes)) == 3
    other = [ROWS[0].cast(pa.float64()), ROWS[1].dictionary_encode(), ROWS[2], ROWS[3]]
    assert content_hashes(other, 3) == hashes


@given(st.permutations(range(3)))
def test_contents_hash_alike_in_any_order_of_rows(order):
    hashes = content_hashes(ROWS, 3)
    assert content_hashes([column.take(pa.array(order)) for column in ROWS], 3) == [hashes[i] for i in order]


def test_swapped_values_and_null_hash_apart_from_what_they_are_not():
    left, right = pa.array([1.0, 2.0, None, float("nan")]), pa.array([2.0, 1.0, float("nan"), None])
    hashes = content_hashes([left, right], 4)
    assert len(set(hashes)) == 4
