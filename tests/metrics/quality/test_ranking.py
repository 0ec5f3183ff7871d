"""Ranking measures from counts of both classes over score bins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.golden import Case, cases, check

from watchkeeper.metrics.quality.ranking import auc, auc_interval, auc_reach, delong

classes = st.lists(st.integers(0, 5), min_size=2, max_size=40)


def normal(counts: Any) -> Any:
    counts = np.asarray(counts, float).reshape(1, -1)
    return counts / counts.sum() if counts.sum() else np.full(counts.shape, np.nan)


def by_score(case: Case) -> tuple[Any, Any, int, int]:
    """Shares of both classes over the distinct scores, and the rows of each."""
    scores, labels = np.array(case.inputs["scores"]), np.array(case.inputs["labels"])
    weights = np.array(case.inputs.get("weights") or np.ones(scores.size))
    found, rank = np.unique(scores, return_inverse=True)
    of = [normal(np.bincount(rank[labels == y], weights[labels == y], found.size)) for y in (1, 0)]
    return of[0], of[1], int((labels == 1).sum()), int((labels == 0).sum())


@pytest.mark.parametrize("case", cases("quality", "auc_ap_ks"))
def test_the_area_over_single_scores_is_the_published_one(case: Case) -> None:
    positives, negatives, *_ = by_score(case)
    got = auc(positives, negatives)[0]
    expected = case.expected["roc_auc"]
    assert np.isnan(got) if expected is None else got == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("case", cases("quality", "delong"))
def test_delongs_interval_is_the_published_one(case: Case) -> None:
    positives, negatives, *rows = by_score(case)
    p, n = (np.array([float(count)]) for count in rows)
    area, se = auc(positives, negatives), delong(positives, negatives, p, n)
    low, high = auc_interval(area, se, p, n, case.params["confidence"])
    check(case, {"auc": area[0], "se": se[0], "low": low[0], "high": high[0], "status": "ok"})


@pytest.mark.parametrize("case", cases("quality", "roc_from_score_hist"))
def test_the_area_over_bins_is_the_published_one(case: Case) -> None:
    counts = [case.inputs[f"{name}_counts_low_to_high_score"] for name in ("pos", "neg")]
    positives, negatives = map(normal, counts)
    p, n = (np.array([float(sum(count))]) for count in counts)
    area, reach = auc(positives, negatives)[0], auc_reach(positives, negatives)[0]
    got = {
        "auc": area,
        "auc_lower": area - reach,
        "auc_upper": area + reach,
        "se_delong": delong(positives, negatives, p, n)[0],
    }
    for name, value in got.items():
        assert value == pytest.approx(case.expected[name], abs=case.absolute, rel=case.relative)


@given(classes, classes)
def test_an_area_lies_in_its_interval_and_the_interval_in_0_and_1(pos: list[int], neg: list[int]) -> None:
    positives, negatives = (normal(np.bincount(side, minlength=6)) for side in (pos, neg))
    p, n = np.array([float(len(pos))]), np.array([float(len(neg))])
    area = auc(positives, negatives)
    low, high = auc_interval(area, delong(positives, negatives, p, n), p, n)
    assert 0 <= low[0] <= area[0] + 1e-12 and area[0] - 1e-12 <= high[0] <= 1


@given(classes, classes)
def test_turning_the_score_round_turns_the_area_round(pos: list[int], neg: list[int]) -> None:
    positives, negatives = (normal(np.bincount(side, minlength=6)) for side in (pos, neg))
    assert auc(positives, negatives)[0] == pytest.approx(1 - auc(negatives, positives)[0])


def test_perfect_separation_does_not_claim_certainty() -> None:
    positives, negatives, rows = np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]), np.array([10.0])
    low, high = auc_interval(auc(positives, negatives), delong(positives, negatives, rows, rows), rows, rows)
    assert low[0] == pytest.approx(0.025 ** (1 / 10)) and high[0] == 1
