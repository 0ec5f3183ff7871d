"""The scales on which families are compared."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from tests.rules.point_tables import DAILY, METRICS, series

from watchkeeper.rules.families import FAMILIES, arcsine, family_of, log_loss, roc_auc, share_of
from watchkeeper.rules.series import blocks


@given(st.integers(1, 10**6), st.floats(0, 1))
def test_a_share_comes_back_from_its_angle(n, share):
    n = np.array([float(n)])
    assert share_of(arcsine(np.array([share]), n), n)[0] == pytest.approx(share, abs=1e-6)


@given(st.floats(-10, 10))
def test_a_share_stays_within_its_bounds(angle):
    assert 0 <= share_of(np.array([angle]), np.array([50.0]))[0] <= 1


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_the_variance_of_an_angle_is_about_one_over_n(share):
    k = np.random.default_rng(0).binomial(400, share, 100_000)
    assert np.var(arcsine(k / 400, np.full(k.shape, 400.0))) * 400 == pytest.approx(1, rel=0.05)


def test_the_assumed_spread_of_an_area_is_a_tenth_of_a_standard_deviation_of_separation():
    block = blocks(series("roc_auc@1", [0.8], baseline_value=0.8, se=0.01, baseline_se=0.01), DAILY)["roc_auc", 1]
    separation = np.sqrt(2) * special.ndtri(0.8)
    moved = special.ndtr((separation + 0.1) / np.sqrt(2)) - 0.8
    assert roc_auc(block).assumed[0, 0] == pytest.approx(moved, rel=0.05)


def test_the_assumed_spread_of_a_loss_is_a_tenth_of_the_standard_deviation_of_a_row():
    given_ = {"baseline_value": 0.4, "baseline_se": 0.6 / np.sqrt(20000), "se": 0.01}
    block = blocks(series("log_loss@1", [0.4], **given_), DAILY)["log_loss", 1]
    assert log_loss(block).assumed[0, 0] == pytest.approx(0.1 * 0.6 / 0.4)


def test_every_row_of_the_table_is_reached():
    reached = {
        family_of(metric.family, metric.name, column)
        for metric in METRICS.values()
        for column in ("score", "latency_ms", "age")
    }
    assert reached >= set(FAMILIES) | {"distance", "row_count", "freshness"}
