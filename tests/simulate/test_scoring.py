import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulate.decoded import rank_auc

from watchkeeper.simulate.scoring import Second, auc, probability

N = 40_000


@pytest.fixture(scope="module")
def second():
    rng = np.random.default_rng(3)
    region = np.array(["north", "south"], object)[(np.arange(N) % 3 == 0).astype(int)]
    log_odds = rng.standard_normal(N) + (region == "south")
    return Second(log_odds, rng.standard_normal(N), region, np.arange(N) < N // 2)


@given(st.permutations(range(9)), st.integers(1, 8))
def test_auc_is_the_share_of_pairs_in_order(order, positives):
    score, positive = np.array(order, float), np.arange(9) < positives
    assert auc(score, positive) == pytest.approx(rank_auc(score, positive))


def test_a_blurred_version_keeps_the_distribution_of_the_scores_in_every_region(second):
    blurred = second.blurred(1.2)
    for region in ("north", "south"):
        here = second.region == region
        quantiles = np.linspace(0.05, 0.95, 19)
        gap = np.quantile(blurred[here], quantiles) - np.quantile(second.log_odds[here], quantiles)
        assert np.abs(gap).max() < 0.06


def test_a_weaker_version_loses_the_auc_it_is_told_to_lose(second):
    defaulted = np.random.default_rng(4).random(N) < probability(1.3 * second.log_odds)
    served = ~second.baseline
    before = auc(second.log_odds[second.baseline], defaulted[second.baseline])
    for loss in (0.03, 0.07):
        after = auc(second.weaker(served, defaulted, loss)[served], defaulted[served])
        assert before - after == pytest.approx(loss, abs=1e-3)


def test_a_version_that_loses_nothing_answers_the_same(second):
    same = second.weaker(~second.baseline, second.baseline, 0.0)
    assert same is second.log_odds
