import numpy as np
import pytest

from watchkeeper.simulate.applicants import BY_NAME, CATEGORIES, FEATURES, NUMERIC, REGION, draw

DAYS, A_DAY = 40, 3_000
DAY = np.repeat(np.arange(DAYS), A_DAY)


@pytest.fixture(scope="module")
def applicants():
    return draw(np.random.default_rng(1), DAY)


def test_there_are_about_a_dozen_features_of_both_kinds():
    assert len(FEATURES) == len(set(FEATURES)) == 12
    assert (len(NUMERIC), len(CATEGORIES)) == (8, 4)


def test_values_lie_in_the_range_of_their_feature_or_are_missing_as_often_as_it_says(applicants):
    for feature in NUMERIC:
        values = applicants.numeric[feature.name]
        missing = np.isnan(values)
        assert abs(missing.mean() - feature.null_share) < 0.003
        assert values[~missing].min() >= feature.low
        assert values[~missing].max() <= feature.high


def test_categories_come_in_their_shares(applicants):
    for feature in CATEGORIES:
        values = applicants.categories[feature.name]
        shares = np.array([(values == value).mean() for value in feature.values])
        assert np.abs(shares - np.array(feature.shares) * (1 - feature.null_share)).max() < 0.01
        assert abs((values == None).mean() - feature.null_share) < 0.003  # noqa: E711


def test_regions_have_unequal_shares(applicants):
    assert len(set(REGION.shares)) == len(REGION.shares) == 5


def test_credit_utilisation_has_an_atom_at_zero_and_late_payments_are_small_whole_numbers(applicants):
    used, late = applicants.numeric["credit_utilisation"], applicants.numeric["num_late_payments"]
    assert 0.10 < (used == 0).mean() < 0.15
    assert set(np.unique(late)) == {0, 1, 2, 3, 4, 5, 6}


def test_incomes_are_log_normal(applicants):
    logs = np.log(applicants.numeric["annual_income"])
    skew = ((logs - logs.mean()) ** 3).mean() / logs.std() ** 3
    assert abs(skew) < 0.05
    assert logs.std() == pytest.approx(0.5, abs=0.02)


def test_day_means_move_by_a_few_hundredths_of_an_sd_beyond_chance(applicants):
    spreads = []
    for feature in NUMERIC:
        values = applicants.numeric[feature.name].reshape(DAYS, A_DAY)
        between = np.nanmean(values, axis=1).var(ddof=1) / np.nanvar(values) - 1 / A_DAY
        spreads.append(between)
    assert 0.02 < np.sqrt(np.mean(spreads)) < 0.06


def test_what_the_model_sees_is_clipped_and_never_missing():
    income = BY_NAME["annual_income"]
    seen = income.seen_by_model(np.array([1.0, 42_000.0, 1e12, np.nan]))
    assert seen.tolist() == [-income.clip, 0.0, income.clip, 0.0]


def test_another_unit_of_a_weak_feature_hardly_moves_the_log_odds(applicants):
    before = applicants.log_odds()
    for feature in NUMERIC:
        for factor in feature.factors:
            changed = applicants.replacing(feature.name, applicants.numeric[feature.name] * factor).log_odds()
            assert 0 < abs(changed.mean() - before.mean()) < 0.06 * before.std()


def test_equal_generators_draw_equal_applicants():
    again, other = (draw(np.random.default_rng(seed), DAY[:5_000]) for seed in (1, 2))
    once = draw(np.random.default_rng(1), DAY[:5_000])
    assert all(np.array_equal(once.numeric[f.name], again.numeric[f.name], equal_nan=True) for f in NUMERIC)
    assert not np.array_equal(once.numeric["annual_income"], other.numeric["annual_income"])
