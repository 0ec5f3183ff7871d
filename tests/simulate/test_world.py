from functools import lru_cache

import numpy as np
import pytest
from tests.simulate.decoded import decoded, rank_auc

from watchkeeper.simulate.applicants import CATEGORIES, NUMERIC
from watchkeeper.simulate.story import Story
from watchkeeper.simulate.world import world

SEEDS = (0, 1, 2, 3)
BASELINE = 28


@lru_cache(maxsize=8)
def told(seed, clean=False):
    return world(Story(seed, clean), 60_000)


@lru_cache(maxsize=8)
def seen(seed, clean=False):
    """The same through JSON bodies and label rows."""
    return decoded(world(Story(seed, clean), 25_000))


def shift_in_sd(rows, column, where, after):
    """How far the mean of the rows after a day lies from that of the baseline, in baseline sd of all rows."""
    values, before = rows[column].astype(float), rows["day"] < BASELINE
    gap = np.nanmean(values[where & after]) - np.nanmean(values[where & before])
    return gap / np.nanstd(values[before])


def quality(rows, where):
    where = where & rows["alone"].astype(bool) & ~np.isnan(rows["label"])
    return rank_auc(rows["score"][where], rows["label"][where])


@pytest.mark.parametrize("seed", SEEDS)
def test_about_one_in_five_defaults_and_the_scores_are_calibrated(seed):
    one = told(seed)
    assert 0.18 < one.defaulted.mean() < 0.22
    first = one.traffic.day[one.request] < BASELINE
    edges = np.quantile(one.score[first], [0.2, 0.4, 0.6, 0.8])
    fifth = np.searchsorted(edges, one.score[first])
    for part in range(5):
        rows = fifth == part
        assert one.defaulted[first][rows].mean() == pytest.approx(one.score[first][rows].mean(), abs=0.02)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_version_ranks_well(seed):
    one = told(seed)
    first = one.traffic.day[one.request] < BASELINE
    assert 0.78 < rank_auc(one.score[first], one.defaulted[first]) < 0.82


@pytest.mark.parametrize("seed", SEEDS)
def test_the_unit_change_costs_the_first_version_less_than_a_hundredth_of_auc(seed):
    one, unit = told(seed), told(seed).story.unit_change
    rows = (one.traffic.day[one.request] >= unit.day) & ~one.traffic.second[one.request]
    right = one.sent.replacing(unit.column, one.sent.numeric[unit.column] / unit.factor).log_odds()
    cost = rank_auc(right[rows], one.defaulted[rows]) - rank_auc(one.score[rows], one.defaulted[rows])
    assert abs(cost) < 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_the_second_version_ranks_worse_by_the_stated_size_with_the_same_scores(seed):
    rows, story = seen(seed), Story(seed)
    second, before = rows["version"] == story.rollout.second, rows["day"] < BASELINE
    assert rows["day"][second].min() == story.rollout.day
    loss = quality(rows, before) - quality(rows, second)
    assert loss == pytest.approx(story.rollout.auc_loss, abs=0.015)
    assert abs(shift_in_sd(rows, "score", rows["day"] >= 0, second)) < 0.06
    assert 0.065 < story.rollout.auc_loss < 0.08


@pytest.mark.parametrize("seed", SEEDS)
def test_the_unit_change_multiplies_one_feature_from_its_day_to_the_end(seed):
    rows, unit = seen(seed), Story(seed).unit_change
    values, after = rows[unit.column].astype(float), rows["day"] >= unit.day
    ratio = np.nanmedian(values[after]) / np.nanmedian(values[~after])
    assert ratio == pytest.approx(unit.factor, rel=0.06)
    for day in range(unit.day, Story(seed).days):
        daily = np.nanmedian(values[rows["day"] == day]) / np.nanmedian(values[~after])
        assert daily == pytest.approx(unit.factor, rel=0.35)


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_move_little_with_the_unit(seed):
    rows, unit = seen(seed), Story(seed).unit_change
    assert abs(shift_in_sd(rows, "score", rows["day"] >= 0, rows["day"] >= unit.day)) < 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_one_region_shifts_by_the_stated_size_and_the_others_do_not(seed):
    rows, shift = seen(seed), Story(seed).population_shift
    after, there = rows["day"] >= shift.day, rows["region"] == shift.region
    moved = shift_in_sd(rows, shift.column, there, after)
    assert moved == pytest.approx(shift.sd, abs=0.12)
    assert 0.5 < abs(moved) < 1.05
    assert abs(shift_in_sd(rows, shift.column, ~there, after)) < 0.06


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_else_changes(seed):
    rows, story = seen(seed), Story(seed)
    planted = {story.unit_change.column, story.population_shift.column}
    assert_no_change(rows, [f.name for f in NUMERIC if f.name not in planted])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clean_world_has_no_change_beyond_noise(seed):
    rows, story = seen(seed, clean=True), Story(seed, clean=True)
    assert_no_change(rows, [*(f.name for f in NUMERIC), "score"])
    second = rows["version"] == story.rollout.second
    assert second.sum() > 5_000
    assert abs(quality(rows, rows["day"] < BASELINE) - quality(rows, second)) < 0.025, "two and a half se"


def assert_no_change(rows, columns):
    everywhere, after = rows["day"] >= 0, rows["day"] >= BASELINE
    for column in columns:
        assert abs(shift_in_sd(rows, column, everywhere, after)) < 0.05, column
    for feature in CATEGORIES:
        for value in feature.values:
            same = rows[feature.name] == value
            assert abs(same[after].mean() - same[~after].mean()) < 0.02, value


def test_equal_arguments_give_equal_worlds_and_another_seed_another():
    first, again, other = (world(Story(seed), 3_000) for seed in (7, 7, 8))
    assert np.array_equal(first.score, again.score)
    assert np.array_equal(first.defaulted, again.defaulted)
    assert all(np.array_equal(first.sent.numeric[f.name], again.sent.numeric[f.name], equal_nan=True) for f in NUMERIC)
    assert first.score.size != other.score.size or not np.array_equal(first.score, other.score)


def test_until_the_first_change_a_clean_world_is_the_same_world():
    story, clean = told(1), told(1, clean=True)
    early = story.traffic.day[story.request] < BASELINE
    assert np.array_equal(story.score[early], clean.score[early])
    assert np.array_equal(story.defaulted[early], clean.defaulted[early])
