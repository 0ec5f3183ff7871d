import pytest

from watchkeeper.errors import Faulty
from watchkeeper.simulate.applicants import REGION
from watchkeeper.simulate.story import Story

SEEDS = range(60)


def test_a_story_starts_on_a_monday_at_midnight():
    for seed in SEEDS:
        start = Story(seed).start
        assert (start.weekday(), start.hour, start.utcoffset().seconds) == (0, 0, 0)


def test_a_clean_story_has_the_same_dates_and_nothing_planted():
    for seed in SEEDS:
        story, clean = Story(seed), Story(seed, clean=True)
        assert clean.planted == ()
        assert (clean.start, clean.sampled_days, clean.rollout.second) == (
            story.start,
            story.sampled_days,
            story.rollout.second,
        )
        assert clean.rollout.auc_loss == 0


def test_three_changes_are_planted_and_they_concern_different_things():
    for seed in SEEDS:
        by_kind = {one.kind: one for one in Story(seed).planted}
        unit, shift, version = (by_kind[kind] for kind in ("unit_change", "population_shift", "weaker_version"))
        assert unit.column != shift.column
        assert (unit.segment, unit.version) == (None, None)
        assert (shift.segment is not None, shift.version) == (True, None)
        assert (version.column, version.segment) == (None, None)


def test_changes_of_the_data_begin_between_day_30_and_day_45_three_days_apart():
    for seed in SEEDS:
        story = Story(seed)
        days = (story.unit_change.day, story.population_shift.day)
        assert all(30 <= day <= 45 for day in days)
        assert abs(days[0] - days[1]) >= 3


def test_only_regions_with_enough_people_shift_and_by_less_than_one_sd():
    shares = dict(zip(REGION.values, REGION.shares, strict=True))
    for seed in SEEDS:
        shift = Story(seed).population_shift
        assert shares[shift.region] >= 0.15
        assert 0.5 <= abs(shift.sd) <= 1.0


def test_the_second_version_has_two_full_weeks_whose_labels_mature_in_time():
    for weeks in (8, 9, 11):
        for seed in SEEDS:
            story = Story(seed, weeks=weeks)
            assert story.rollout.day >= 28
            assert story.at(story.rollout.day).weekday() == 0
            assert story.rollout.day + 14 + 14 <= story.days


def test_seeds_move_time_column_size_and_region():
    stories = [Story(seed) for seed in SEEDS]
    assert len({story.start for story in stories}) > 10
    assert len({story.unit_change.column for story in stories}) == 4
    assert len({story.unit_change.factor for story in stories}) >= 5
    assert len({story.unit_change.day for story in stories}) > 8
    assert len({story.population_shift.region for story in stories}) == 4
    assert len({story.population_shift.column for story in stories}) >= 4
    assert len({story.rollout.auc_loss for story in stories}) > 20
    assert {story.population_shift.sd > 0 for story in stories} == {True, False}


def test_planted_changes_are_told_in_order_of_time_as_json_can_hold_them():
    story = Story(seed=3)
    told = [one.to_json() for one in story.planted]
    assert [one["from"] for one in told] == sorted(one["from"] for one in told)
    assert all({"what", "column", "segment", "version", "from"} <= one.keys() for one in told)
    assert told[0]["version"] == story.rollout.second


def test_one_purpose_draws_the_same_whatever_others_draw():
    story = Story(seed=9)
    first = story.rng("labels").random(3).tolist()
    story.rng("traffic").random(100)
    assert story.rng("labels").random(3).tolist() == first
    assert story.rng("traffic").random(3).tolist() != first


def test_all_that_is_wrong_with_a_story_is_said_at_once():
    with pytest.raises(Faulty) as caught:
        Story(seed=-1, weeks=5)
    assert [fault.path for fault in caught.value.faults] == ["weeks", "seed"]
