"""Ranking measures from counts of both classes over score bins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.golden import Case, cases, check

from watchkeeper.metrics.quality.ranking import auc, auc_interval, auc_reach, delong
from watchkeeper.statistics.counts import Counts

classes = st.lists(st.integers(0, 5), min_size=2, max_size=40)


def normal(counts: Any) -> Any:
    counts = np.asarray(counts, float).reshape(1, -1)
    return counts / counts.sum() if counts.sum() else np.full(counts.shape, np.nan)


def counts(rows: Any) -> Counts:
    return Counts(np.asarray(rows, np.int64).reshape(1, -1))


def by_score(case: Case) -> tuple[Counts, Counts]:
    """Counts of both classes over the distinct scores."""
    scores, labels = np.array(case.inputs["scores"]), np.array(case.inputs["labels"])
    found, rank = np.unique(scores, return_inverse=True)
    weights = case.inputs.get("weights")
    weights = None if weights is None else np.array(weights, float)
    positives, negatives = (Counts.of(np.where(labels == y, 0, -1), rank, weights, 1, found.size) for y in (1, 0))
    return positives, negatives


@pytest.mark.parametrize("case", cases("quality", "auc_ap_ks"))
def test_the_area_over_single_scores_is_the_published_one(case: Case) -> None:
    positives, negatives = by_score(case)
    got = auc(positives.shares, negatives.shares)[0]
    expected = case.expected["roc_auc"]
    assert np.isnan(got) if expected is None else got == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("case", cases("quality", "delong"))
def test_delongs_interval_is_the_published_one(case: Case) -> None:
    positives, negatives = by_score(case)
    area, se = auc(positives.shares, negatives.shares), delong(positives, negatives)
    low, high = auc_interval(area, se, positives.n_eff, negatives.n_eff, case.params["confidence"])
    check(case, {"auc": area[0], "se": se[0], "low": low[0], "high": high[0], "status": "ok"})


@pytest.mark.parametrize("case", cases("quality", "roc_from_score_hist"))
def test_the_area_over_bins_is_the_published_one(case: Case) -> None:
    positives, negatives = (counts(case.inputs[f"{name}_counts_low_to_high_score"]) for name in ("pos", "neg"))
    both = positives.shares, negatives.shares
    area, reach = auc(*both)[0], auc_reach(*both)[0]
    got = {
        "auc": area,
        "auc_lower": area - reach,
        "auc_upper": area + reach,
        "se_delong": delong(positives, negatives)[0],
    }
    for name, value in got.items():
        assert value == pytest.approx(case.expected[name], abs=case.absolute, rel=case.relative)


@given(classes, classes)
def test_an_area_lies_in_its_interval_and_the_interval_in_0_and_1(pos: list[int], neg: list[int]) -> None:
    positives, negatives = (counts(np.bincount(side, minlength=6)) for side in (pos, neg))
    area = auc(positives.shares, negatives.shares)
    low, high = auc_interval(area, delong(positives, negatives), positives.n_eff, negatives.n_eff)
    assert 0 <= low[0] <= area[0] + 1e-12 and area[0] - 1e-12 <= high[0] <= 1


@given(classes, classes)
def test_turning_the_score_round_turns_the_area_round(pos: list[int], neg: list[int]) -> None:
    positives, negatives = (normal(np.bincount(side, minlength=6)) for side in (pos, neg))
    assert auc(positives, negatives)[0] == pytest.approx(1 - auc(negatives, positives)[0])


def test_perfect_separation_does_not_claim_certainty() -> None:
    positives, negatives, rows = counts([0, 10]), counts([10, 0]), np.array([10.0])
    area = auc(positives.shares, negatives.shares)
    low, high = auc_interval(area, delong(positives, negatives), rows, rows)
    assert low[0] == pytest.approx(0.025 ** (1 / 10)) and high[0] == 1


def test_equal_weights_change_no_error_and_a_row_of_twice_the_weight_counts_four_times_in_it() -> None:
    cell, slot = np.zeros(8, np.int64), np.array([0, 1, 1, 2, 2, 2, 3, 3])
    plain = Counts.of(cell, slot, None, 1, 4)
    threefold = Counts.of(cell, slot, np.full(8, 3.0), 1, 4)
    others = counts([3, 3, 2, 1])
    assert delong(threefold, others) == pytest.approx(delong(plain, others))
    weight = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0])
    heavy = Counts.of(cell, slot, weight, 1, 4)
    won = np.cumsum(others.shares[0]) - others.shares[0] / 2
    area = auc(heavy.shares, others.shares)[0]
    lost = 1 - np.cumsum(heavy.shares[0]) + heavy.shares[0] / 2
    of_heavy = 8 / 7 * (weight**2 * (won[slot] - area) ** 2).sum() / weight.sum() ** 2
    of_others = 9 / 8 * (others.n[0] * (lost - area) ** 2).sum() / 81
    assert delong(heavy, others)[0] == pytest.approx(np.sqrt(of_heavy + of_others))
