import numpy as np
import pyarrow as pa
import pytest

from watchkeeper.simulate.labels import labels


@pytest.fixture(scope="module")
def told(small_world):
    return labels(small_world)


@pytest.fixture(scope="module")
def by_id(told):
    """All rows of each id in order of arrival."""
    grouped = {}
    for row in told.rows.to_pylist():
        grouped.setdefault(row["client_request_id"], []).append(row)
    return grouped


def request_index(client_id):
    return int(client_id.removeprefix("app-")) - 1


def test_columns_and_types(told):
    types = {field.name: str(field.type) for field in told.rows.schema}
    assert types == {"client_request_id": "string", "defaulted": "int64", "updated_at": "timestamp[us, tz=UTC]"}


def test_every_label_is_known_three_to_fourteen_days_after_its_request(told, small_world):
    index = np.array([request_index(one) for one in told.rows["client_request_id"].to_pylist()])
    updated = told.rows["updated_at"].cast(pa.int64()).to_numpy()
    days = (updated - small_world.traffic.time[index]) / 86_400e6
    assert 2.99 < days.min() < 3.1
    assert 12.9 < days.max() < 14
    assert (told.at >= updated).all()


def test_nearly_all_single_requests_that_succeeded_have_a_label_and_no_others(by_id, small_world):
    calls = small_world.traffic
    wanted = (calls.rows == 1) & (calls.status == 200)
    labelled = np.zeros(calls.size, bool)
    labelled[[request_index(one) for one in by_id]] = True
    assert not (labelled & ~wanted).any()
    assert labelled.sum() / wanted.sum() == pytest.approx(0.97, abs=0.01)


def test_the_last_row_of_an_id_is_the_truth(by_id, small_world):
    calls = small_world.traffic
    for client_id, rows in by_id.items():
        last = max(rows, key=lambda row: row["updated_at"])
        assert last["defaulted"] == small_world.defaulted[calls.first_row[request_index(client_id)]]


def test_a_few_labels_are_corrected_later_to_another_value(by_id):
    twice = [sorted(rows, key=lambda row: row["updated_at"]) for rows in by_id.values() if len(rows) > 1]
    assert len(twice) / len(by_id) == pytest.approx(0.005, abs=0.002)
    assert all(len(rows) == 2 and rows[0]["defaulted"] != rows[1]["defaulted"] for rows in twice)
    assert all(rows[0]["updated_at"] < rows[1]["updated_at"] for rows in twice)


def test_equal_worlds_give_equal_labels(told, small_world):
    assert labels(small_world).rows.equals(told.rows)
