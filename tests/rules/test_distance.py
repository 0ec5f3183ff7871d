"""Limits of distances."""

import numpy as np
import pytest
from tests.rules.point_tables import outcomes_of, said, series, verdicts

from watchkeeper.rules.distance import critical_psi, distance_limit
from watchkeeper.rules.spread import ALPHA


@pytest.mark.parametrize(("rows", "limit"), [(50, 0.807), (100, 0.504), (200, 0.341), (1000, 0.185), (20000, 0.127)])
def test_the_published_limits_for_ten_bins(rows, limit):
    s = np.array([1 / rows + 1 / 10000])
    assert critical_psi(s, np.array([10.0]))[0] == pytest.approx(limit, abs=1e-3)


def test_the_limit_is_exceeded_as_rarely_as_promised():
    rng = np.random.default_rng(0)
    s, bins = 1 / 500 + 1 / 20000, 10
    drawn = s * rng.noncentral_chisquare(bins - 1, 0.1 / s, 200_000)
    exceeded = (drawn > critical_psi(np.array([s]), np.array([float(bins)]))[0]).mean()
    assert exceeded == pytest.approx(ALPHA, abs=3e-4)


def test_the_distances_stand_in_their_known_relation():
    s, bins = np.array([0.001]), np.array([10.0])
    assert distance_limit("js_distance", s, bins) ** 2 * 8 * np.log(2) == pytest.approx(critical_psi(s, bins))
    assert distance_limit("ks", s, bins)[0] == pytest.approx(0.128 + 1.95 * np.sqrt(0.001))


def test_bins_are_read_off_the_noise_floor():
    s = 1 / 300 + 1 / 20000
    tables = [
        series("psi@1", [0.0], n=300.0, noise_floor=4 * s, column="score"),
        series("js_distance@1", [0.0], n=300.0, noise_floor=np.sqrt(4 * s / (8 * np.log(2))), column="age"),
    ]
    jensen, index = verdicts(*tables)["limit"].to_pylist()
    assert index == pytest.approx(critical_psi(np.array([s]), np.array([5.0]))[0])
    assert jensen == pytest.approx(np.sqrt(index / (8 * np.log(2))))


def test_a_distance_of_fewer_than_ten_rows_a_bin_is_not_judged():
    s = 1 / 150 + 1 / 20000
    assert outcomes_of(series("psi@1", [9.0], n=150.0, noise_floor=14 * s, column="score")) == ["warning"]
    assert said(series("psi@1", [9.0], n=150.0, noise_floor=15 * s, column="score")) == [("not_judged", "no_value")]


def test_an_unknown_number_of_rows_has_no_limit():
    assert np.isnan(critical_psi(np.array([np.nan, 0.1]), np.array([10.0, np.nan]))).all()
