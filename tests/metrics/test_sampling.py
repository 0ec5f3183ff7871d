"""Metrics of a thinned log: right on average, and as uncertain as they say, however the rows were chosen."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from benchmarks import sampling

DAYS = 200
QUALITY = ("accuracy", "precision", "recall", "roc_auc", "log_loss")


@cache
def held(design: str) -> dict[tuple[str, str], sampling.Held]:
    rng = np.random.default_rng(7)
    return {(one.metric, one.column): one for one in sampling.judged(*sampling.simulated(design, DAYS, rng))}


@pytest.mark.parametrize("design", ["by time", "by answer"])
@pytest.mark.slow
def test_thinned_logs_give_the_metrics_of_all_requests_without_bias(design: str) -> None:
    off = {key: one.bias_in_se for key, one in held(design).items() if one.bias_in_se is not None}
    assert {name for name, _ in off} >= {*QUALITY, "mean", "quantile", "error_share", "row_count"}
    assert not {key: bias for key, bias in off.items() if abs(bias) > 3.5 / np.sqrt(DAYS)}


@pytest.mark.parametrize("design", ["by time", "by answer"])
@pytest.mark.slow
def test_their_intervals_hold_the_truth_in_about_nineteen_of_twenty_days(design: str) -> None:
    of_bins = {"quantile", "quantile(p=0.95)", "share_above(value=3)"}  # widened to whole bins on purpose
    off = {key: one for key, one in held(design).items() if not one.fits and key[0] not in of_bins}
    assert not off
    assert all(one.high >= 0.93 for one in held(design).values())


@pytest.mark.parametrize("design", ["by time", "by answer"])
@pytest.mark.slow
def test_distances_of_an_unchanged_column_have_the_noise_floor_for_their_mean(design: str) -> None:
    for key, one in held(design).items():
        if key[0] in sampling.DISTANCES:
            assert one.ratio == pytest.approx(1, abs=0.15), key


def thinned_errors(weighted: bool) -> tuple[float, float, float, float]:
    """Mean error share and its mean standard error over some days, the spread of the shares, and the truth."""
    rng = np.random.default_rng(3)
    log = sampling.full_log(0, 40, rng)
    counted = sampling.measure(sampling.grids(log))
    every = np.ones(len(log["day"]), bool)
    baseline = sampling.kernel.with_marginals(
        sampling.kernel.count(sampling.rows_of(log, every, every * 1.0), counted)
    ).total()
    fraction = sampling.fractions(log, "by answer")
    kept = rng.random(len(fraction)) < fraction
    weight = 1 / fraction if weighted else every * 1.0
    points = sampling.points(log, kept, weight, counted, baseline)
    own = points.filter(sampling.pa.compute.equal(points["metric"], "error_share@1"))
    value, se = (own[name].to_numpy() for name in ("value", "se"))
    return float(value.mean()), float(se.mean()), float(value.std(ddof=1)), float(log["failed"].mean())


def test_a_log_that_keeps_every_failure_shows_the_true_share_of_failures_with_its_true_error() -> None:
    value, se, spread, truth = thinned_errors(weighted=True)
    assert value == pytest.approx(truth, abs=4 * spread / np.sqrt(40))
    assert se == pytest.approx(spread, rel=0.35)
    unweighted, *_ = thinned_errors(weighted=False)
    assert unweighted > 1.5 * truth, "without the weights the same rows tell another story"
