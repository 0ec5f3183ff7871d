"""Whether metrics of a thinned log are right: their mean, and how often their intervals hold the truth.

A simulated log changes in the course of each day. Of each day only a part is logged, every row with its own known
probability; the weight of a row is one over it. The rows that are left go the way of all rows: kernel, then metrics.
Three ways of thinning:

* ``all logged``: nothing is left out;
* ``by time``: the fraction changes three times a day, and from day to day, while the traffic changes too;
* ``by answer``: failed requests and high scores are always logged, of the others a fraction of the day.

The truth of a share, mean, quantile or quality is that of the process the requests come from, since that is what
windows are compared by; the truth of a row count is the day's own number of rows. How often the interval holds the
value of the day's full log is given beside it.

Run: python -m benchmarks.sampling [days]
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from watchkeeper.metrics.data.category_share import METRIC as CATEGORY_SHARE
from watchkeeper.metrics.data.mean import METRIC as MEAN
from watchkeeper.metrics.data.null_share import METRIC as NULL_SHARE
from watchkeeper.metrics.data.parse_status_share import METRIC as PARSE_STATUS_SHARE
from watchkeeper.metrics.data.quantile import METRIC as QUANTILE
from watchkeeper.metrics.data.row_count import METRIC as ROW_COUNT
from watchkeeper.metrics.data.share_above import METRIC as SHARE_ABOVE
from watchkeeper.metrics.data.unseen_share import METRIC as UNSEEN_SHARE
from watchkeeper.metrics.drift.js_distance import METRIC as JS_DISTANCE
from watchkeeper.metrics.drift.psi import METRIC as PSI
from watchkeeper.metrics.evaluate import Request, evaluate
from watchkeeper.metrics.quality.accuracy import METRIC as ACCURACY
from watchkeeper.metrics.quality.log_loss import METRIC as LOG_LOSS
from watchkeeper.metrics.quality.precision import METRIC as PRECISION
from watchkeeper.metrics.quality.recall import METRIC as RECALL
from watchkeeper.metrics.quality.roc_auc import METRIC as ROC_AUC
from watchkeeper.metrics.service.error_share import METRIC as ERROR_SHARE
from watchkeeper.statistics import kernel
from watchkeeper.statistics.grid import Grid, fit_categories, fit_numeric
from watchkeeper.statistics.measure import Measure, MeasuredColumn, Population
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.windows import Calendar, Duration, micros

Floats = NDArray[np.float64]
Log = Mapping[str, NDArray[Any]]

DAYS, AT_ONCE, ROWS, BASELINE_ROWS = 4_000, 250, 2_500, 400_000
LEVEL = 0.95
FIRST = datetime(2026, 1, 5, tzinfo=UTC)
DAY = 86_400_000_000
CALENDAR = Calendar(Duration(1, "day"))
DESIGNS = ("all logged", "by time", "by answer")
LEVELS = np.array([[1.0, 0.5, 0.25], [0.6, 0.3, 0.8], [0.2, 0.2, 0.2], [1.0, 0.3, 0.6]])
"""Fractions of the three parts of a day, by kind of day."""
AMOUNT_LIMIT, THRESHOLD = 3.0, 0.45
DISTANCES = ("psi", "js_distance")


def full_log(first: int, days: int, rng: np.random.Generator) -> Log:
    """Every request of some days: the evening has larger amounts, more nulls, more failures, another mix."""
    count = rng.poisson(ROWS, days)
    day, at = np.repeat(np.arange(first, first + days), count), rng.random(count.sum())
    late, n = at > 0.6, len(at)
    label = (rng.random(n) < np.where(late, 0.30, 0.22)).astype(np.int64)
    logit = rng.normal(-1.4 + 1.5 * label, 1.0)
    word = rng.choice(3, n) + 0
    word = np.where(rng.random(n) < np.where(late, 0.25, 0.05), 2, word)
    return {
        "day": day,
        "at": at,
        "amount": np.exp(rng.normal(np.where(late, 0.5, 0.0), 0.6)),
        "null": rng.random(n) < np.where(late, 0.06, 0.02),
        "failed": rng.random(n) < np.where(late, 0.08, 0.03),
        "word": np.where(rng.random(n) < 0.02, 3, word),
        "latency": rng.gamma(2.0, np.where(late, 80.0, 50.0)),
        "label": label,
        "score": 1 / (1 + np.exp(-logit)),
    }


def fractions(log: Log, design: str) -> Floats:
    """Probability of each row to be logged."""
    if design == "all logged":
        return np.ones(len(log["day"]))
    levels = LEVELS[log["day"] % len(LEVELS)]
    if design == "by time":
        part = (3 * ((log["at"] + log["day"] * 0.1) % 1)).astype(np.int64)
        return levels[np.arange(len(part)), part]
    return np.where(log["failed"] | (log["score"] > 0.6), 1.0, levels[:, 1])


def rows_of(log: Log, kept: NDArray[np.bool_], weight: Floats) -> pa.RecordBatch:
    """The kept rows as the kernel counts them."""
    part = {name: values[kept] for name, values in log.items()}
    at = micros(FIRST) + part["day"] * DAY + (part["at"] * DAY).astype(np.int64)
    n, failed = len(at), part["failed"]
    return pa.RecordBatch.from_pydict(
        {
            "event_time": pa.array(at, pa.timestamp("us", tz="UTC")),
            "model_version": pa.array(np.full(n, "1")),
            "weight": pa.array(weight[kept]),
            "row_index": pa.array(np.zeros(n, np.int32)),
            "status_code": pa.array(np.where(failed, 500, 200).astype(np.int32)),
            "parse_status": pa.array(np.where(failed, "error_payload", "ok")),
            "latency_ms": pa.array(part["latency"]),
            "score": pa.array(part["score"]),
            "decision": pa.array(np.where(part["score"] > THRESHOLD, "1", "0")),
            "label": pa.array(part["label"].astype(str)),
            "amount": pa.array(part["amount"], mask=part["null"]),
            "word": pa.array(np.array(["a", "b", "d", "new"])[part["word"]]),
        }
    )


def grids(log: Log) -> dict[str, Grid]:
    good = ~log["failed"]
    return {
        "amount": fit_numeric("amount", log["amount"][good][:50_000]),
        "latency_ms": fit_numeric("latency_ms", log["latency"][good][:50_000]),
        "score": fit_numeric("score", log["score"][good][:50_000]),
        "word": fit_categories("word", {"a": 3, "b": 3, "d": 4}),
    }


def measure(fitted: Mapping[str, Grid]) -> Measure:
    number, word = ("moments@1", "histogram@1"), ("categories@1",)
    return Measure(
        CALENDAR,
        (
            MeasuredColumn("parse_status", word, Population.ALL),
            MeasuredColumn("status_code", word, Population.REQUESTS),
            MeasuredColumn("latency_ms", number, Population.SERVED, fitted["latency_ms"]),
            MeasuredColumn("amount", number, grid=fitted["amount"]),
            MeasuredColumn("word", word, grid=fitted["word"]),
            MeasuredColumn("score", (*number, "score_bins@1"), grid=fitted["score"]),
            MeasuredColumn("decision", (*word, "confusion@1")),
            MeasuredColumn("label", word),
        ),
        classes=("0", "1"),
        log_loss=True,
    )


REQUESTS = [
    Request(ROW_COUNT, column="parse_status"),
    Request(PARSE_STATUS_SHARE, column="parse_status"),
    Request(ERROR_SHARE, column="status_code"),
    Request(NULL_SHARE, column="amount"),
    Request(UNSEEN_SHARE, column="word"),
    Request(CATEGORY_SHARE, {"category": "a"}, "word"),
    Request(CATEGORY_SHARE, {"category": "1"}, "decision"),
    Request(CATEGORY_SHARE, {"category": "1"}, "label"),
    Request(SHARE_ABOVE, {"value": AMOUNT_LIMIT}, "amount"),
    Request(MEAN, column="amount"),
    Request(MEAN, column="latency_ms"),
    Request(QUANTILE, {"p": 0.5}, "amount"),
    Request(QUANTILE, {"p": 0.95}, "latency_ms"),
    Request(ACCURACY, column="decision"),
    Request(PRECISION, column="decision"),
    Request(RECALL, column="decision"),
    Request(ROC_AUC, column="score"),
    Request(LOG_LOSS, column="log_loss"),
    Request(PSI, column="amount", baselines=("fixed",)),
    Request(PSI, column="score", baselines=("fixed",)),
    Request(JS_DISTANCE, column="word", baselines=("fixed",)),
]


def truths(log: Log) -> dict[tuple[str, str], float]:
    """The metrics of all rows by definition, from the rows themselves; by identity and column."""
    good = ~log["failed"]
    score, label, amount = log["score"][good], log["label"][good], log["amount"][good & ~log["null"]]
    decided = score > THRESHOLD
    p = np.where(label == 1, score, 1 - score)
    found = {
        ("row_count", "parse_status"): len(good),
        ("parse_status_share", "parse_status"): log["failed"].mean(),
        ("error_share", "status_code"): log["failed"].mean(),
        ("null_share", "amount"): log["null"][good].mean(),
        ("unseen_share", "word"): (log["word"][good] == 3).mean(),
        ("category_share(category=a)", "word"): (log["word"][good] == 0).mean(),
        ("category_share(category=1)", "decision"): decided.mean(),
        ("category_share(category=1)", "label"): label.mean(),
        ("share_above(value=3)", "amount"): (amount > AMOUNT_LIMIT).mean(),
        ("mean", "amount"): amount.mean(),
        ("mean", "latency_ms"): log["latency"][good].mean(),
        ("quantile", "amount"): np.quantile(amount, 0.5),
        ("quantile(p=0.95)", "latency_ms"): np.quantile(log["latency"][good], 0.95),
        ("accuracy", "decision"): (decided == label).mean(),
        ("precision", "decision"): label[decided].mean(),
        ("recall", "decision"): decided[label == 1].mean(),
        ("roc_auc", "score"): area(score, label),
        ("log_loss", "log_loss"): -np.log(p).mean(),
    }
    return {key: float(value) for key, value in found.items()}


def area(score: Floats, label: NDArray[np.int64]) -> float:
    rank = stats.rankdata(score)
    positives = int(label.sum())
    won = rank[label == 1].sum() - positives * (positives + 1) / 2
    return float(won / (positives * (len(label) - positives)))


@dataclass(frozen=True)
class Held:
    """One metric over all days: the mean of its values against the truth, and how often its interval holds it.

    ``of_the_log`` is how often it holds the value of the day's full log. For distances, which have no truth but 0,
    ``covered`` is how often the value lies below the 95 % point of its law and ``ratio`` is mean over noise floor.
    """

    metric: str
    column: str
    days: int
    covered: float
    low: float
    high: float
    of_the_log: float | None
    bias_in_se: float | None
    ratio: float | None
    exact: bool = False

    @property
    def fits(self) -> bool:
        """Whether the coverage, within its own error, may be 93 to 97 %, or the number was exact every day."""
        return self.exact or (self.low <= 0.97 and self.high >= 0.93)


def binomial_interval(hits: int, of: int) -> tuple[float, float]:
    """Clopper-Pearson limits at 95 %."""
    found = stats.binomtest(hits, of).proportion_ci(LEVEL)
    return float(found.low), float(found.high)


def points(log: Log, kept: NDArray[np.bool_], weight: Floats, counted: Measure, baseline: Shelf) -> pa.Table:
    """The points of each day of a log, from the rows that are kept of it."""
    shelf = kernel.with_marginals(kernel.count(rows_of(log, kept, weight), counted))
    return evaluate(
        REQUESTS,
        shelf,
        baseline,
        monitor="sampled",
        monitor_version="1",
        calendar=CALENDAR,
        windows=[micros(FIRST + timedelta(days=int(day))) for day in np.unique(log["day"])],
        now=datetime(2100, 1, 1, tzinfo=UTC),
        grace=Duration(1, "hour"),
        seq=1,
    ).filter(pa.compute.equal(pa.compute.field("model_version"), "*"))


Found = dict[tuple[str, str], dict[str, Floats]]


def simulated(design: str, days: int, rng: np.random.Generator) -> tuple[Found, dict[tuple[str, str], float]]:
    """The points of so many thinned days by metric and column, with ``full``, the full log's; and the truths."""
    parts: list[tuple[Found, Found]] = []
    whole: list[Log] = []
    base = full_log(0, BASELINE_ROWS // ROWS, rng)
    counted = measure(grids(base))
    kept = np.ones(len(base["day"]), bool)
    baseline = kernel.with_marginals(kernel.count(rows_of(base, kept, kept * 1.0), counted)).total()
    for first in range(0, days, AT_ONCE):
        log = full_log(first, min(AT_ONCE, days - first), rng)
        fraction = fractions(log, design)
        chosen, every = rng.random(len(fraction)) < fraction, np.ones(len(fraction), bool)
        parts.append(
            (
                _by_metric(points(log, chosen, 1 / fraction, counted, baseline)),
                _by_metric(points(log, every, every * 1.0, counted, baseline)),
            )
        )
        whole.append(log)
    joined = {name: np.concatenate([log[name] for log in whole]) for name in whole[0]}
    return _joined(parts), truths(joined)


_NUMBERS = ("value", "low", "high", "se", "n_eff", "baseline_n", "noise_floor")


def _by_metric(table: pa.Table) -> Found:
    found: Found = {}
    for request in REQUESTS:
        name = request.identity.replace("@1", ""), request.column
        own = table.filter(
            (pa.compute.field("metric") == request.identity) & (pa.compute.field("column") == request.column)
        ).sort_by("window_start")
        found[name] = {key: own[key].to_numpy(zero_copy_only=False).astype(float) for key in _NUMBERS}
    return found


def _joined(parts: list[tuple[Found, Found]]) -> Found:
    return {
        key: {name: np.concatenate([part[key][name] for part, _ in parts]) for name in _NUMBERS}
        | {"full": np.concatenate([full[key]["value"] for _, full in parts])}
        for key in parts[0][0]
    }


def judged(found: Found, truth: Mapping[tuple[str, str], float]) -> Iterator[Held]:
    for (metric, column), own in found.items():
        known = np.isfinite(own["value"])
        own = {name: values[known] for name, values in own.items()}
        if metric in DISTANCES:
            yield _distance(metric, column, own)
        else:
            yield _estimate(metric, column, own, own["full"] if metric == "row_count" else truth[metric, column])


def _estimate(metric: str, column: str, own: Mapping[str, Floats], truth: Floats | float) -> Held:
    inside = (own["low"] <= truth) & (truth <= own["high"])
    of_the_log = (own["low"] <= own["full"]) & (own["full"] <= own["high"])
    off = own["value"] - truth
    spread, se = float(off.std()), np.sqrt(np.mean(own["se"] ** 2))
    return Held(
        metric,
        column,
        len(off),
        float(inside.mean()),
        *binomial_interval(int(inside.sum()), len(off)),
        of_the_log=float(of_the_log.mean()),
        bias_in_se=float(off.mean() / spread) if spread else 0.0,
        ratio=float(se / spread) if spread and np.isfinite(se) else None,
        exact=not off.any(),
    )


def _distance(metric: str, column: str, own: Mapping[str, Floats]) -> Held:
    scale = 1.0 if metric == "psi" else 8 * np.log(2)
    index, floor = (values if metric == "psi" else scale * values**2 for values in (own["value"], own["noise_floor"]))
    s = 1 / own["n_eff"] + 1 / own["baseline_n"]
    inside = index <= s * stats.chi2.ppf(LEVEL, np.rint(floor / s))
    low, high = binomial_interval(int(inside.sum()), len(index))
    ratio = float(index.mean() / floor.mean())
    return Held(metric, column, len(index), float(inside.mean()), low, high, None, None, ratio)


def main(days: int = DAYS) -> int:
    began = time.process_time()
    rng = np.random.default_rng(20261124)
    rows = []
    for design in DESIGNS:
        print(f"\n{design}\n")
        print(
            "| metric | covered | 95 % interval of that | full log's value covered | bias, in se | se or floor / true |"
        )
        print("|---|---|---|---|---|---|")
        for one in judged(*simulated(design, days, rng)):
            print(_line(one), flush=True)
            rows.append({"design": design, **vars(one), "fits": one.fits})
    seconds = round(time.process_time() - began, 1)
    print(json.dumps({"days": days, "coverage": rows, "cores": os.cpu_count(), "cpu_seconds": seconds}))
    return 0


def _line(one: Held) -> str:
    log = "–" if one.of_the_log is None else f"{one.of_the_log:.1%}"
    bias = "–" if one.bias_in_se is None else f"{one.bias_in_se:+.2f}"
    mark = "" if one.fits else " (!)"
    ratio = "–" if one.ratio is None else f"{one.ratio:.2f}"
    cells = [f"{one.metric} of {one.column}{mark}", f"{one.covered:.1%}", f"{one.low:.1%}–{one.high:.1%}", log, bias]
    return f"| {' | '.join([*cells, ratio])} |"


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
