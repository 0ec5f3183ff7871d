import numpy as np
import pytest

from watchkeeper.simulate.story import Story
from watchkeeper.simulate.traffic import traffic
from watchkeeper.windows import micros

STORY = Story(seed=4)


@pytest.fixture(scope="module")
def calls():
    return traffic(STORY, 100_000)


def test_as_many_requests_are_logged_as_asked_for(calls):
    assert abs(calls.logged.sum() - 100_000) < 1_500


def test_requests_come_in_order_within_the_story(calls):
    assert (np.diff(calls.time) >= 0).all()
    assert micros(STORY.start) <= calls.time[0] < calls.time[-1] < micros(STORY.end)
    assert ((calls.time - micros(STORY.start)) // 86_400_000_000 == calls.day).all()
    assert (calls.time % 1_000 == 0).all()


def test_a_day_at_the_weekend_has_about_60_percent_of_the_traffic(calls):
    per_day = np.bincount(calls.day, minlength=STORY.days).reshape(-1, 7)
    ratio = per_day[:, 5:].mean() / per_day[:, :5].mean()
    assert ratio == pytest.approx(0.6, abs=0.03)


def test_on_sampled_days_half_of_the_requests_are_logged_and_say_so(calls):
    sampled = np.isin(calls.day, STORY.sampled_days)
    assert set(calls.sampling_fraction[sampled]) == {0.5}
    assert set(calls.sampling_fraction[~sampled]) == {1.0}
    assert calls.logged[sampled].mean() == pytest.approx(0.5, abs=0.03)
    assert calls.logged[~sampled].all()


def test_three_to_five_percent_of_the_requests_hold_two_to_eight_rows(calls):
    batch = calls.rows > 1
    assert 0.03 < batch.mean() < 0.05
    assert set(calls.rows[batch]) == set(range(2, 9))
    assert calls.first_row[-1] + calls.rows[-1] == calls.rows.sum()


def test_the_second_version_answers_about_half_of_the_requests_from_its_day_on(calls):
    after = calls.day >= STORY.rollout.day
    assert not calls.second[~after].any()
    assert calls.second[after].mean() == pytest.approx(STORY.rollout.share, abs=0.01)


def test_about_one_percent_fails_with_statuses_of_both_kinds(calls):
    failed = calls.status != 200
    assert failed.mean() == pytest.approx(0.01, abs=0.002)
    assert set(calls.status[failed]) == {400, 429, 500, 503, 504}


def test_every_request_has_its_own_id(calls):
    assert len(set(calls.client_request_ids)) == calls.size
