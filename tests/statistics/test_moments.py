from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.golden import Case, cases, check
from tests.statistics.laws import split_at_random, together

from watchkeeper.statistics.moments import Moments


def moments(values: list[Any], weights: list[float] | None = None) -> Moments:
    weight = None if weights is None else np.array(weights, np.float64)
    array = pa.array(values, pa.float64())
    return Moments.of(array, np.zeros(len(values), np.int64), weight, 1)


def in_parts(values: list[Any], weights: list[float] | None = None, seed: int = 0) -> Moments:
    rows = list(zip(values, weights or [1.0] * len(values), strict=True))
    parts = split_at_random(rows, seed)
    return together([moments([v for v, _ in part], [w for _, w in part] if weights else None) for part in parts])


def summary(m: Moments) -> dict[str, Any]:
    names = ("n", "n_null", "n_nan", "n_pos_inf", "n_neg_inf", "n_zero", "n_negative", "min", "max", "mean")
    out = {name: getattr(m, name)[0] for name in names}
    variance = m.variance[0]
    out |= {"count": m.rows[0], "var": variance, "std": np.sqrt(variance)}
    return out | {"skewness": m.skewness[0], "kurtosis_excess": m.excess_kurtosis[0]}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("case", cases("profile", "moments"))
def test_moments_in_any_parts_are_those_published(case: Case, seed: int) -> None:
    check(case, summary(in_parts(case.inputs["values"], seed=seed)))


@pytest.mark.parametrize("case", cases("profile", "moments_merge"))
def test_merged_moments_are_those_published(case: Case) -> None:
    check(case, summary(together([moments(part) for part in case.inputs["parts"]])))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("case", cases("profile", "weighted_mean"))
def test_weighted_mean_and_its_error_are_those_published(case: Case, seed: int) -> None:
    m = in_parts(case.inputs["values"], case.inputs["weights"], seed)
    got = {"sum_w": m.w[0], "mean": m.mean[0], "var_population": m.m2[0] / m.w[0]}
    check(case, got | {"se_hajek": m.se_mean[0], "n_eff_kish": m.n_eff[0]})


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("case", cases("profile", "horvitz_thompson"))
def test_totals_of_a_sampled_log_are_those_published(case: Case, seed: int) -> None:
    m = in_parts(case.inputs["values"], [1 / p for p in case.inputs["inclusion_prob"]], seed)
    squares = m.v2 + 2 * m.mean * m.v1 + m.mean**2 * m.w2 - (m.m2 + m.w * m.mean**2)
    got = {
        "n_sampled": m.n[0],
        "N_hat": m.w[0],
        "total_hat": m.w[0] * m.mean[0],
        "mean_hajek": m.mean[0],
        "se_total_poisson": np.sqrt(max(squares[0], 0.0)) if m.w[0] != m.n[0] else 0.0,
        "se_mean_finite_population": np.sqrt(max(m.v2[0] - m.m2[0], 0.0)) / m.w[0],
        "n_eff_kish": m.n_eff[0],
    }
    check(case, got)


def test_without_weights_the_variance_and_error_are_the_plain_ones() -> None:
    values = [1.0, 4.0, 2.0, 9.0]
    m = moments(values)
    assert m.variance[0] == pytest.approx(np.var(values, ddof=1))
    assert m.se_mean[0] == pytest.approx(np.std(values, ddof=1) / 2)


def test_a_constant_column_has_no_variance_at_all() -> None:
    m = in_parts([0.1] * 7, seed=3)
    assert (m.mean[0], m.m2[0], m.v2[0]) == (0.1, 0.0, 0.0)


def test_one_value_has_a_mean_but_no_variance() -> None:
    m = moments([4.0])
    assert m.mean[0] == 4.0
    assert np.isnan(m.variance[0])
    assert np.isnan(m.se_mean[0])


def test_the_mean_of_huge_values_does_not_overflow() -> None:
    assert moments([1.5e308, 1.7e308]).mean[0] == pytest.approx(1.6e308)


@pytest.mark.parametrize(
    "array",
    [
        pa.array([1, None, 3], pa.int64()),
        pa.array([1.0, None, 3.0], pa.float32()),
        pa.array(["1.00", None, "3.00"]).cast(pa.decimal128(9, 2)),
        pa.array([1.0, None, 3.0]).dictionary_encode(),
        pa.array([9.0, 1.0, None, 3.0])[1:],
        pa.array([1, None, 3], pa.timestamp("us", "UTC")),
    ],
    ids=lambda array: str(array.type),
)
def test_any_arrow_number_is_counted(array: Any) -> None:
    m = Moments.of(array, np.zeros(len(array), np.int64), None, 1)
    assert (m.n[0], m.n_null[0], m.mean[0]) == (2, 1, 2.0)


def test_booleans_are_zeros_and_ones() -> None:
    m = Moments.of(pa.array([True, False, True, True]), np.zeros(4, np.int64), None, 1)
    assert (m.mean[0], m.n_zero[0]) == (0.75, 1)
