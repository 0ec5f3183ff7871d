"""From events to the rows that are counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper import schemas
from watchkeeper.rows import Identities, Labels, RowMaker, event_times, times_of_keys
from watchkeeper.windows import micros

NOW = datetime(2026, 9, 8, tzinfo=UTC)


def events(rows: list[dict[str, object]]) -> pa.RecordBatch:
    """Events of which only what matters is given."""
    schema = schemas.events(pa.struct([("x", pa.float64())]), pa.struct([]))
    whole = {"event_time": NOW - timedelta(hours=1), "parse_status": "ok", "weight": 1.0, "row_index": 0}
    filled = [{"event_id": "", "model_version": "", "row_hash": "h", "inputs": {"x": 1.0}} | whole | r for r in rows]
    full = [{field.name: row.get(field.name) for field in schema} for row in filled]
    return pa.RecordBatch.from_pylist(full, schema=pa.schema([field.with_nullable(True) for field in schema]))


def statuses(batches: list[pa.RecordBatch]) -> list[str]:
    maker = RowMaker(["x"], Identities.of(batches), None, NOW)
    return [status for batch in batches for status in maker.rows(batch, {})["parse_status"].to_pylist()]


COPIES = [
    {"event_id": "a", "parse_status": "too_large", "latency_ms": 900.0, "row_hash": "1"},
    {"event_id": "a", "latency_ms": 10.0, "row_hash": "9"},
    {"event_id": "a", "latency_ms": 20.0, "row_hash": "2"},
    {"event_id": "a", "latency_ms": 20.0, "row_hash": "3"},
    {"event_id": "b", "row_hash": "5"},
]


@given(st.permutations(range(len(COPIES))), st.integers(0, len(COPIES)))
@settings(max_examples=25, derandomize=True, database=None)
def test_bodies_then_duration_then_hash_decide_which_copy_counts_in_any_order(order, cut):
    rows = [COPIES[at] for at in order]
    said = statuses([events(part) for part in (rows[:cut], rows[cut:])])
    counted = {(row["event_id"], row["row_hash"]) for row, one in zip(rows, said, strict=True) if one != "duplicate"}
    assert counted == {("a", "3"), ("b", "5")}


def test_of_copies_that_are_equal_one_counts():
    same = {"event_id": "a", "row_hash": "1"}
    assert sorted(statuses([events([same]), events([same, same])])) == ["duplicate", "duplicate", "ok"]


def test_equal_rows_without_event_ids_all_count():
    assert statuses([events([{}, {}])]) == ["ok", "ok"]


@pytest.mark.parametrize(("ahead", "status"), [(0, "ok"), (300, "ok"), (301, "future")])
def test_more_than_five_minutes_ahead_is_the_future(ahead, status):
    assert statuses([events([{"event_time": NOW + timedelta(seconds=ahead)}])]) == [status]


def test_a_segment_without_a_value_has_one_of_its_own():
    maker = RowMaker(["x"], Identities(), None, NOW)
    rows = maker.rows(events([{}, {}]), {"region": pa.array(["north", None])})
    assert rows["segment:region"].to_pylist() == ["north", "__null__"]
    assert rows["x"].to_pylist() == [1.0, 1.0]


SAID = [("k", 1, "1", "b"), ("k", 3, "0", "a"), ("k", 3, "1", "c"), ("j", 2, "1", "d")]


def annotations(said: list[tuple[str, int, str, str]]) -> pa.Table:
    return pa.table(
        {
            "join_key": pa.array([key for key, *_ in said], pa.string()),
            "observed_at": pa.array([NOW + timedelta(hours=at) for _, at, *_ in said], schemas.TIME),
            "value_text": pa.array([value for *_, value, _ in said], pa.string()),
            "annotation_id": pa.array([name for *_, name in said], pa.string()),
        }
    )


@given(st.permutations(SAID))
@settings(max_examples=20, derandomize=True, database=None)
def test_the_latest_label_wins_then_the_greater_id_in_any_order(said):
    labels = Labels.latest(annotations(said))
    found = labels.of(events([{"join_key": key} for key in ("k", "j", "none")]), frozenset())
    assert found.to_pylist() == ["1", "1", None]


def test_a_label_that_meets_several_events_is_given_to_none():
    batch = events([{"event_id": "a", "join_key": "k"}, {"event_id": "b", "join_key": "k"}, {"join_key": "j"}])
    identities = Identities.of([batch])
    assert identities.ambiguous_keys == {"k"}
    assert Labels.latest(annotations(SAID)).of(batch, identities.ambiguous_keys).to_pylist() == [None, None, "1"]


def test_copies_of_one_event_do_not_make_its_key_ambiguous():
    same = {"event_id": "a", "join_key": "k"}
    assert Identities.of([events([same, same])]).ambiguous_keys == frozenset()


def test_a_missing_label_is_filled_in_once_its_time_is_over():
    labels = Labels.latest(annotations([]), filled="0", filled_before=NOW - timedelta(days=2))
    old, young = NOW - timedelta(days=3), NOW - timedelta(days=1)
    batch = events([{"join_key": "x", "event_time": old}, {"join_key": "y", "event_time": young}])
    assert labels.of(batch, frozenset()).to_pylist() == ["0", None]


def test_times_of_keys_are_those_up_to_the_clock():
    batch = events([{"join_key": "k"}, {"join_key": "k", "event_time": NOW + timedelta(hours=1)}, {"join_key": "j"}])
    found = times_of_keys([batch], pa.array(["k"]), NOW)
    np.testing.assert_array_equal(found, [micros(NOW - timedelta(hours=1))])
    assert event_times([]).tolist() == []
