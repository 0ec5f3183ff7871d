import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from watchkeeper.simulate.applicants import FEATURES
from watchkeeper.simulate.requests import inference_table

DDL = """
databricks_request_id string, request_date date32[day], client_request_id string,
request_time timestamp[us, tz=UTC], status_code int32, sampling_fraction double, execution_duration_ms int64,
request string, response string, logging_error_codes list<element: string>, served_entity_id string, requester string
"""


@pytest.fixture(scope="module")
def rows(log):
    return log.rows.to_pylist()


@pytest.fixture(scope="module")
def answered(rows):
    return [row for row in rows if row["status_code"] == 200 and not row["logging_error_codes"]]


def share(rows, holds):
    return sum(1 for row in rows if holds(row)) / len(rows)


def test_columns_and_types_are_those_of_the_platform_in_their_order(log):
    assert ", ".join(f"{f.name} {f.type}" for f in log.rows.schema) == " ".join(DDL.split())


def test_the_date_is_the_utc_date_of_receipt(log):
    dates = pc.cast(log.rows["request_time"], pa.date32())
    assert dates.equals(log.rows["request_date"])


def test_every_body_that_is_there_is_json(rows):
    for row in rows:
        for body in ("request", "response"):
            assert row[body] is None or isinstance(json.loads(row[body]), dict)


def test_requests_come_as_records_and_some_as_split(answered):
    split = share(answered, lambda row: "dataframe_split" in json.loads(row["request"]))
    assert split == pytest.approx(0.15, abs=0.02)
    for row in answered[:2_000]:
        body = json.loads(row["request"])
        names = body["dataframe_split"]["columns"] if "dataframe_split" in body else list(body["dataframe_records"][0])
        assert names == list(FEATURES)


def test_there_is_one_score_per_applicant_of_a_request(answered):
    sizes = set()
    for row in answered:
        body, scores = json.loads(row["request"]), json.loads(row["response"])["predictions"]
        applicants = body.get("dataframe_records") or body["dataframe_split"]["data"]
        assert len(applicants) == len(scores)
        assert all(0 < score < 1 for score in scores)
        sizes.add(len(scores))
    assert sizes == set(range(1, 9))


def test_the_callers_id_stands_in_the_column_or_in_the_body_and_never_differs(answered):
    places = set()
    for row in answered:
        inside = json.loads(row["request"]).get("client_request_id", "")
        assert inside or row["client_request_id"]
        assert not (inside and row["client_request_id"]) or inside == row["client_request_id"]
        places.add((bool(row["client_request_id"]), bool(inside)))
    assert len(places) == 3


def test_a_failed_request_has_an_error_body(rows):
    failed = [row for row in rows if row["status_code"] != 200]
    assert len(failed) / len(rows) == pytest.approx(0.01, abs=0.003)
    for row in failed:
        body = json.loads(row["response"])
        assert body.keys() == {"error_code", "message"}
        assert not row["logging_error_codes"]


def test_a_bad_request_lacks_an_input(rows):
    bad = [json.loads(row["request"]) for row in rows if row["status_code"] == 400]
    assert bad
    assert all("age" not in one for body in bad for one in body["dataframe_records"])


def test_a_body_over_the_size_limit_is_null_and_its_code_says_which(rows):
    large = [row for row in rows if row["logging_error_codes"]]
    assert len(large) / len(rows) == pytest.approx(0.003, abs=0.0015)
    missing = {"MAX_REQUEST_SIZE_EXCEEDED": "request", "MAX_RESPONSE_SIZE_EXCEEDED": "response"}
    for row in rows:
        gone = [missing[code] for code in row["logging_error_codes"]]
        assert [body for body in ("request", "response") if row[body] is None] == gone
    assert {code for row in large for code in row["logging_error_codes"]} == set(missing)


def test_one_percent_of_the_rows_is_delivered_twice_unchanged_and_some_on_a_later_day(log):
    ids = np.array(log.rows["databricks_request_id"].to_pylist())
    _, first, counts = np.unique(ids, return_index=True, return_counts=True)
    assert (counts - 1).sum() / counts.size == pytest.approx(0.01, abs=0.003)
    again = [np.flatnonzero(ids == ids[index]) for index in first[counts > 1]]
    assert all(log.rows.slice(a, 1).equals(log.rows.slice(b, 1)) for a, b in again)
    days = [(log.at[b] // 86_400_000_000) - (log.at[a] // 86_400_000_000) for a, b in again]
    assert 0.2 < np.mean(np.array(days) > 0) < 0.6


def test_rows_arrive_within_the_hour_and_three_percent_up_to_sixty_hours_late(log):
    _, first = np.unique(np.array(log.rows["databricks_request_id"].to_pylist()), return_index=True)
    hours = (log.at - log.rows["request_time"].cast(pa.int64()).to_numpy())[first] / 3.6e9
    assert hours.min() > 0
    assert hours.max() < 60
    assert (hours > 1).mean() == pytest.approx(0.03, abs=0.005)


def test_arrivals_are_in_order(log):
    assert (np.diff(log.at) >= 0).all()


def test_served_entities_are_hex_and_requesters_are_mail_addresses(log, small_world):
    entities = set(log.rows["served_entity_id"].to_pylist())
    assert entities == {small_world.story.rollout.first, small_world.story.rollout.second}
    assert all(len(entity) == 32 and int(entity, 16) for entity in entities)
    assert all("@" in requester for requester in log.rows["requester"].unique().to_pylist())


def test_durations_are_skewed_around_forty_milliseconds(log):
    ok = log.rows.filter(pc.equal(log.rows["status_code"], 200))["execution_duration_ms"].to_numpy()
    assert np.median(ok) == pytest.approx(42, abs=2)
    assert np.mean(ok) > np.median(ok)
    assert ok.min() > 0


def test_a_value_that_is_missing_is_sent_as_null(answered):
    records = [json.loads(row["request"]).get("dataframe_records", [{"employment_years": 0}])[0] for row in answered]
    assert share(records, lambda one: one["employment_years"] is None) == pytest.approx(0.03 * 0.85, abs=0.006)


def test_equal_worlds_give_equal_rows_in_equal_order(log, small_world):
    again = inference_table(small_world)
    assert again.rows.equals(log.rows)
    assert np.array_equal(again.at, log.at)
