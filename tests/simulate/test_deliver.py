import json
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from watchkeeper.simulate.deliver import Delivery
from watchkeeper.simulate.labels import labels
from watchkeeper.simulate.requests import inference_table
from watchkeeper.simulate.story import Story
from watchkeeper.simulate.world import world
from watchkeeper.windows import micros


@pytest.fixture(scope="module")
def told():
    return world(Story(seed=6), 2_000)


def stored(path, **options):
    return pa.table(DeltaTable(path, **options).scan())


def ids(table):
    return sorted(table["databricks_request_id"].cast(pa.string()).to_pylist())


def test_a_run_sees_what_has_arrived_by_then_and_nothing_else(told, tmp_path):
    delivery, arrivals = Delivery(told, tmp_path), inference_table(told)
    moment = told.story.at(10) + timedelta(hours=9)
    delivery.write_until(moment)
    assert ids(stored(delivery.requests)) == ids(arrivals.rows.slice(0, np.searchsorted(arrivals.at, micros(moment))))


def test_in_steps_or_at_once_the_same_rows_are_written(told, tmp_path):
    steps, once = Delivery(told, tmp_path / "steps"), Delivery(told, tmp_path / "once")
    written = [steps.write_until(moment) for moment in steps.moments()]
    assert sum(written) == once.write_until(told.story.told_at)
    assert ids(stored(steps.requests)) == ids(stored(once.requests))
    assert stored(steps.labels).num_rows == stored(once.labels).num_rows > 1_000


def test_rows_are_committed_day_by_day(told, tmp_path):
    delivery = Delivery(told, tmp_path)
    delivery.write_until(told.story.at(5))
    assert DeltaTable(delivery.requests).version() == 4
    first_day = stored(delivery.requests, version=0)
    assert set(first_day["request_date"].to_pylist()) == {told.story.start.date()}


def test_late_rows_come_in_a_commit_after_their_day(told, tmp_path):
    delivery = Delivery(told, tmp_path)
    delivery.write_until(told.story.at(12))
    changes = pa.table(DeltaTable(delivery.requests).load_cdf(starting_version=0)).to_pylist()
    days_late = [row["_commit_version"] - (row["request_time"] - told.story.start).days for row in changes]
    assert set(days_late) >= {0, 2}, "commit n holds what arrived on day n, two days after its request at times"
    assert min(days_late) == 0


def test_what_is_written_is_not_written_again(told, tmp_path):
    delivery = Delivery(told, tmp_path)
    assert delivery.write_until(told.story.at(3)) > 0
    assert delivery.write_until(told.story.at(3)) == 0
    assert delivery.write_until(told.story.at(1)) == 0
    more = delivery.write_until(told.story.at(4))
    assert DeltaTable(delivery.requests).version() == 3
    assert more > 0


def test_the_change_feed_is_on_and_readers_need_no_feature(told, tmp_path):
    delivery = Delivery(told, tmp_path)
    delivery.write_until(told.story.at(8))
    for path in (delivery.requests, delivery.labels):
        table = DeltaTable(path)
        assert table.metadata().configuration == {"delta.enableChangeDataFeed": "true"}
        assert table.protocol().min_reader_version == 1


def test_delta_types_are_those_of_the_platform(told, tmp_path):
    delivery = Delivery(told, tmp_path)
    delivery.write_until(told.story.at(1))
    fields = json.loads(DeltaTable(delivery.requests).schema().to_json())["fields"]
    types = [(f["name"], f["type"] if isinstance(f["type"], str) else f["type"]["elementType"]) for f in fields]
    assert types == [
        ("databricks_request_id", "string"),
        ("request_date", "date"),
        ("client_request_id", "string"),
        ("request_time", "timestamp"),
        ("status_code", "integer"),
        ("sampling_fraction", "double"),
        ("execution_duration_ms", "long"),
        ("request", "string"),
        ("response", "string"),
        ("logging_error_codes", "string"),
        ("served_entity_id", "string"),
        ("requester", "string"),
    ]
    assert fields[9]["type"]["type"] == "array"
    assert all(field["nullable"] for field in fields)


def test_the_labels_table_is_there_before_the_first_label(told, tmp_path):
    delivery = Delivery(told, tmp_path)
    delivery.write_until(told.story.at(1))
    assert stored(delivery.labels).num_rows == 0
    assert DeltaTable(delivery.labels).schema().to_json().count("name") == labels(told).rows.num_columns


def test_weekly_moments_end_when_the_story_is_told(told, tmp_path):
    moments = Delivery(told, tmp_path).moments()
    assert len(moments) == told.story.weeks
    assert moments[-1] == told.story.told_at
    assert {later - earlier for earlier, later in pairwise(moments)} == {timedelta(days=7)}
