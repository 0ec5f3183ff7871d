"""Accuracy, precision, recall, area under the ROC curve and log loss."""

from __future__ import annotations

import numpy as np
import pytest
from tests.golden import Case, cases
from tests.metrics.stacks import confusion, moments, score_bins

from watchkeeper.metrics.quality.accuracy import accuracy
from watchkeeper.metrics.quality.log_loss import log_loss
from watchkeeper.metrics.quality.precision import precision
from watchkeeper.metrics.quality.recall import recall
from watchkeeper.metrics.quality.roc_auc import roc_auc
from watchkeeper.statistics.grid import Grid
from watchkeeper.terms import Status

RNG = np.random.default_rng(31)
BINS = Grid("score", "numeric", edges=tuple(round(edge, 2) for edge in np.arange(0.1, 1.0, 0.1)))


@pytest.mark.parametrize("case", cases("quality", "binary_confusion"))
@pytest.mark.parametrize("metric", [accuracy, precision, recall])
def test_shares_of_the_confusion_are_the_published_ones(case: Case, metric: object) -> None:
    assert callable(metric)
    got = metric(confusion(tuple(case.inputs[name] for name in ("tp", "fp", "fn", "tn"))))
    expected = case.expected[metric.__name__]
    if expected is None:
        assert np.isnan(got.value[0]) and got.status[0] == Status.UNDEFINED
    else:
        assert got.value[0] == pytest.approx(expected, abs=1e-12) and got.status[0] == Status.OK


def test_the_rows_that_count_are_those_of_the_denominator() -> None:
    stack = confusion((40, 10, 15, 135))
    assert (accuracy(stack).n_eff[0], precision(stack).n_eff[0], recall(stack).n_eff[0]) == (200, 50, 55)
    assert {metric(stack).n[0] for metric in (accuracy, precision, recall)} == {200}


def test_the_positive_class_may_be_another() -> None:
    stack = confusion((40, 10, 15, 135))
    assert recall(stack, positive="0").value[0] == pytest.approx(135 / 145)
    assert precision(stack, positive="0").value[0] == pytest.approx(135 / 150)


def test_a_class_that_nobody_knows_gives_no_share() -> None:
    assert recall(confusion((1, 1, 1, 1)), positive="7").status[0] == Status.UNDEFINED


@pytest.mark.parametrize("case", cases("quality", "roc_from_score_hist"))
def test_the_area_is_the_published_one(case: Case) -> None:
    counts = [case.inputs[f"{name}_counts_low_to_high_score"] for name in ("neg", "pos")]
    scores = np.concatenate([np.repeat(np.arange(len(side)) / 10 + 0.05, side) for side in counts])
    labels = np.repeat([0, 1], [sum(side) for side in counts])
    got = roc_auc(score_bins((scores, labels), grid=BINS))
    assert got.value[0] == pytest.approx(case.expected["auc"])
    assert got.se[0] == pytest.approx(case.expected["se_delong"])
    assert got.n_eff[0] == min(map(sum, counts))


@pytest.mark.parametrize(
    ("positives", "negatives", "status"),
    [
        (0, 0, Status.NO_DATA),
        (0, 50, Status.UNDEFINED),
        (50, 0, Status.UNDEFINED),
        (9, 50, Status.INSUFFICIENT),
        (50, 9, Status.INSUFFICIENT),
        (10, 10, Status.OK),
    ],
)
def test_an_area_needs_ten_rows_of_each_class(positives: int, negatives: int, status: Status) -> None:
    labels = np.repeat([1, 0], [positives, negatives])
    got = roc_auc(score_bins((RNG.uniform(size=labels.size), labels)))
    assert got.status[0] == status and np.isfinite(got.value[0]) == (status == Status.OK)


def test_the_interval_holds_the_true_area_in_nineteen_of_twenty_windows() -> None:
    # two normal scores 1 apart have the area Phi(1 / sqrt 2) = 0.7602
    labels = np.repeat([1, 0], [100, 200])
    scores = [1 / (1 + np.exp(2 - RNG.normal(labels))) for _ in range(300)]
    got = roc_auc(score_bins(*((score, labels) for score in scores)))
    assert 0.91 <= np.mean((got.low <= 0.7602) & (got.high >= 0.7602)) <= 0.99


def test_weights_count_in_the_area_and_in_its_error() -> None:
    labels = np.repeat([1, 0], [200, 200])
    scores = np.clip(RNG.normal(0.4 + 0.1 * labels, 0.1), 0, 1)
    plain = roc_auc(score_bins((scores, labels)))
    tenfold = roc_auc(score_bins((scores, labels), weight=np.full(400, 10.0)))
    uneven = roc_auc(score_bins((scores, labels), weight=RNG.choice([1.0, 20.0], 400)))
    assert (tenfold.value[0], tenfold.se[0]) == pytest.approx((plain.value[0], plain.se[0]))
    assert uneven.n_eff[0] < 200 and uneven.se[0] > plain.se[0]


@pytest.mark.parametrize("case", cases("quality", "proba_losses"))
def test_the_mean_loss_and_its_error_are_the_published_ones(case: Case) -> None:
    p = np.clip(case.inputs["probs"], np.finfo(float).eps, 1 - np.finfo(float).eps)
    losses = -np.log(np.where(np.array(case.inputs["labels"]) == 1, p, 1 - p))
    got = log_loss(moments(losses))
    assert got.value[0] == pytest.approx(case.expected["log_loss"])
    assert got.se[0] == pytest.approx(case.expected["log_loss_se"])
    assert got.low[0] >= 0
