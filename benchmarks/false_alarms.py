"""How often the default rule opens an incident when nothing has changed, and how soon it finds what has.

Simulated points go through the product's own ``judge``. One model-year is a year of daily windows of a model with 24
columns: 12 numeric (mean, median, nulls, distance), 12 with 10 categories (largest and a middle share, nulls,
distance), a share of errors and the traffic. Where days vary, every rate, every tenth of a column and the traffic are
multiplied by log-normal factors, new every day; where means move, the mean of each numeric column does, in standard
deviations of its rows.

Run: python -m benchmarks.false_alarms
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from watchkeeper import schemas
from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.drift.divergence import jensen_shannon
from watchkeeper.rules.judge import judge
from watchkeeper.terms import Window
from watchkeeper.windows import Calendar, Duration

Array = NDArray[np.float64]

YEARS, YEAR, LEARNING, APART = 25, 365, 28, 10
ROWS, BASELINES = (300, 2000), ("20,000 rows", "first 28 days")
DAYS = {"alike": (0.0, 0.0), "rates vary by 10 %": (0.1, 0.0), "means move by 0.1 sd": (0.0, 0.1)}
AT_ONCE = 5
SHIFTS, SHIFTED_SERIES = (0.25, 0.5), 400
START, DAY = datetime(2026, 1, 5, tzinfo=UTC), timedelta(days=1)
MIDDLES = stats.norm.ppf((np.arange(10) + 0.5) / 10)
SHARES = np.array([0.3, 0.2, 0.12, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02])
NULLS, ERRORS, COLUMNS = 0.02, 0.01, 12


def _declared(name: str, family: str, **options: Any) -> Metric:
    def compute() -> Estimates:
        raise AssertionError("points are simulated, not computed")

    compute.__name__ = name
    return Metric(compute, reads=(), family=family, unit="", options=options)


METRICS = {
    metric.name: metric
    for metric in (
        _declared("null_share", "data_share"),
        _declared("error_share", "service_share"),
        _declared("category_share", "share", category="", of=None),
        _declared("quantile", "quantile", p=0.5),
        _declared("mean", "mean"),
        _declared("js_distance", "distance"),
        _declared("row_count", "row_count"),
    )
}


@dataclass(frozen=True)
class Setting:
    """``rows`` a day, how ``days`` differ, and what they are compared with."""

    rows: int
    days: str
    baseline: str

    @property
    def unrest(self) -> float:
        """Spread of the log-normal factors of a day."""
        return DAYS[self.days][0]

    @property
    def moving(self) -> float:
        """Standard deviation of a day's mean, in standard deviations of its rows."""
        return DAYS[self.days][1]

    @property
    def own_baseline(self) -> bool:
        return self.baseline == BASELINES[1]


@dataclass(frozen=True)
class Days:
    """Rows of each day and counts of a quantity, its last axis the slots: shapes (series, days[, slots])."""

    n: Array
    counts: Array


def false_alarms(setting: Setting, years: int, rng: np.random.Generator) -> tuple[int, int]:
    """Incidents and warnings in so many model-years in which nothing changes but the days as they always do."""
    incidents = warnings = 0
    for begin in range(0, years, AT_ONCE):
        points = pa.concat_tables(_model(setting, min(AT_ONCE, years - begin), rng)).combine_chunks()
        late = pa.compute.greater_equal(points["window_start"], pa.scalar(START + LEARNING * DAY, schemas.TIME))
        verdicts = _judged(points, setting).filter(pa.compute.field("window_start") >= START + LEARNING * DAY)
        assert verdicts.num_rows == late.to_numpy().sum(), "every point of the year has its verdict"
        incidents += sum(_incidents(verdicts))
        warnings += verdicts.filter(pa.compute.field("outcome") == "warning").num_rows
    return incidents, warnings


def _judged(points: pa.Table, setting: Setting) -> pa.Table:
    return judge(
        points,
        metrics=METRICS,
        calendar=Calendar(Duration(1, "day")),
        now=datetime(2100, 1, 1, tzinfo=UTC),
        monitor_version="v1",
        seq=1,
        baseline_span=Window(START, START + LEARNING * DAY) if setting.own_baseline else None,
    )


def _model(setting: Setting, years: int, rng: np.random.Generator) -> Iterator[pa.Table]:
    """All points of some model-years; a column of one year is called ``column/year``."""
    rows = np.round(setting.rows * _factors(setting, (years, LEARNING + YEAR), rng))
    n = np.repeat(rows, COLUMNS, axis=0)
    for kind, shares in (("number", np.full(10, 0.1)), ("word", SHARES)):
        names = [f"{kind}{i}/{year}" for year in range(years) for i in range(COLUMNS)]
        cells = _drawn(setting, n, shares, rng)
        base = _baseline(setting, cells, shares, rng)
        yield from _of_numbers(setting, cells, base, names, rng) if kind == "number" else _of_words(cells, base, names)
        yield _distance(cells, base, names)
        nulls = _rate(setting, n, NULLS, rng)
        yield _share("null_share@1", nulls, _baseline(setting, nulls, np.array([NULLS, 1 - NULLS]), rng), names)
    names = [f"source/{year}" for year in range(years)]
    errors = _rate(setting, rows, ERRORS, rng)
    yield _share("error_share@1", errors, _baseline(setting, errors, np.array([ERRORS, 1 - ERRORS]), rng), names)
    yield _points("row_count@1", names, rows, value=rows, baseline="")


def _factors(setting: Setting, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    return np.exp(rng.normal(0, setting.unrest, shape)) if setting.unrest else np.ones(shape)


def _drawn(setting: Setting, n: Array, shares: Array, rng: np.random.Generator) -> Days:
    moved = shares * _factors(setting, (*n.shape, len(shares)), rng)
    moved /= moved.sum(axis=-1, keepdims=True)
    return Days(n, rng.multinomial(n.astype(np.int64), moved).astype(np.float64))


def _rate(setting: Setting, n: Array, rate: float, rng: np.random.Generator) -> Days:
    k = rng.binomial(n.astype(np.int64), np.minimum(1, rate * _factors(setting, n.shape, rng))).astype(np.float64)
    return Days(n, np.stack([k, n - k], axis=-1))


def _baseline(setting: Setting, days: Days, shares: Array, rng: np.random.Generator) -> Array:
    """Counts of the baseline, shape (series, slots)."""
    if setting.own_baseline:
        return days.counts[:, :LEARNING].sum(axis=1)
    return rng.multinomial(20_000, shares, len(days.n)).astype(np.float64)


def _of_numbers(
    setting: Setting, cells: Days, base: Array, names: list[str], rng: np.random.Generator
) -> Iterator[pa.Table]:
    size = base.sum(axis=1)
    spread = np.sqrt(1 - np.var(MIDDLES))
    means = cells.counts @ MIDDLES / cells.n + rng.normal(0, 1, cells.n.shape) * spread / np.sqrt(cells.n)
    means += rng.normal(0, setting.moving, means.shape)
    usual = means[:, :LEARNING].mean(axis=1) if setting.own_baseline else base @ MIDDLES / size
    yield _points(
        "mean@1",
        names,
        cells.n,
        value=means,
        baseline_value=_wide(usual, cells),
        baseline_n=_wide(size, cells),
        baseline_se=_wide(1 / np.sqrt(size), cells),
    )
    above = _share_above_median(cells.counts, base)
    yield _points("quantile@1", names, cells.n, value=means, compared=above, baseline_n=_wide(size, cells))


def _share_above_median(counts: Array, base: Array) -> Array:
    """Share of rows above the baseline's median, rows within its tenth spread evenly."""
    reached = np.cumsum(base, axis=1) / base.sum(axis=1, keepdims=True)
    at = np.argmax(reached >= 0.5, axis=1)
    held = np.take_along_axis(base / base.sum(axis=1, keepdims=True), at[:, None], axis=1)[:, 0]
    over = (np.take_along_axis(reached, at[:, None], axis=1)[:, 0] - 0.5) / held
    weight = np.where(np.arange(10) > at[:, None], 1.0, np.where(np.arange(10) == at[:, None], over[:, None], 0.0))
    return np.einsum("sdb,sb->sd", counts, weight) / counts.sum(axis=-1)


def _of_words(cells: Days, base: Array, names: list[str]) -> Iterator[pa.Table]:
    for slot in (0, 3):
        days = Days(cells.n, np.stack([cells.counts[..., slot], cells.n - cells.counts[..., slot]], axis=-1))
        rest = np.stack([base[:, slot], base.sum(axis=1) - base[:, slot]], axis=-1)
        yield _share(f"category_share@1(category=c{slot},of=10)", days, rest, names, level=1 - 0.05 / 10)


def _share(metric: str, days: Days, base: Array, names: list[str], level: float = 0.95) -> pa.Table:
    size = base.sum(axis=1)
    return _points(
        metric,
        names,
        days.n,
        value=days.counts[..., 0] / days.n,
        baseline_value=_wide(base[:, 0] / size, days),
        baseline_n=_wide(size, days),
        level=np.full(days.n.shape, level),
    )


def _distance(cells: Days, base: Array, names: list[str]) -> pa.Table:
    size = base.sum(axis=1)
    p = np.broadcast_to((base / size[:, None])[:, None], cells.counts.shape)
    bits = jensen_shannon(p.reshape(-1, 10), (cells.counts / cells.n[..., None]).reshape(-1, 10)) / np.log(2)
    s = 1 / cells.n + 1 / size[:, None]
    return _points(
        "js_distance@1",
        names,
        cells.n,
        value=np.sqrt(np.maximum(bits, 0)).reshape(cells.n.shape),
        baseline_n=_wide(size, cells),
        noise_floor=np.sqrt(9 * s / (8 * np.log(2))),
    )


def _wide(values: Array, days: Days) -> Array:
    return np.broadcast_to(values[:, None], days.n.shape)


def _points(metric: str, names: list[str], n: Array, baseline: str = "fixed", **numbers: Array) -> pa.Table:
    """Points of some series of one metric, numbers of shape (series, days)."""
    series, days = n.shape
    starts = pa.array([START + i * DAY for i in range(days)], schemas.TIME)
    ends = pa.array([START + (i + 1) * DAY for i in range(days)], schemas.TIME)
    day = pa.array(np.tile(np.arange(days), series))
    given: dict[str, Any] = {
        "monitor": "simulated",
        "metric": metric,
        "column": pa.array(names).take(pa.array(np.repeat(np.arange(series), days))),
        "model_version": "*",
        "segment_key": "",
        "segment_value": "",
        "window_start": starts.take(day),
        "window_end": ends.take(day),
        "baseline": baseline,
        "monitor_version": "v1",
        "status": "ok",
        "reason": "",
        "n": pa.array(n.ravel().astype(np.int64)),
        "n_eff": n,
        "level": np.full(n.shape, 0.95),
        "method": "simulated",
        "guarantee": "G2",
        "open": False,
        "partial": False,
        "seq": 1,
        **numbers,
    }
    return pa.table([_column(given.get(f.name), f.type, series * days) for f in schemas.POINTS], schema=schemas.POINTS)


def _column(given: Any, type_: pa.DataType, rows: int) -> pa.Array:
    if given is None:
        return pa.nulls(rows, type_)
    if isinstance(given, np.ndarray):
        return pa.array(given.ravel(), type_, from_pandas=True)
    return given if isinstance(given, pa.Array) else pa.repeat(pa.scalar(given, type_), rows)


def _incidents(verdicts: pa.Table) -> Iterator[int]:
    """Incidents of each column of each year: runs of breaches at least ``APART`` days from each other."""
    breaches = verdicts.filter(pa.compute.equal(verdicts["outcome"], "breach"))
    days: dict[str, set[int]] = {}
    for column, start in zip(breaches["column"].to_pylist(), breaches["window_start"].to_pylist(), strict=True):
        days.setdefault(column, set()).add((start - START).days)
    for found in days.values():
        late = sorted(found)
        yield sum(1 for before, day in zip([-APART, *late], late, strict=False) if day - before >= APART)


@dataclass(frozen=True)
class Found:
    """Share of lasting shifts found within 5 and within 30 windows, and the median delay in windows."""

    in_5: float
    in_30: float
    delay: float | None


def detection(setting: Setting, shift: float, series: int, rng: np.random.Generator) -> Found:
    """How soon a mean that moves for good, by ``shift`` standard deviations after 28 days, is a breach."""
    days = LEARNING + 30
    n = np.full((series, days), float(setting.rows))
    moved = np.where(np.arange(days) >= LEARNING, shift, 0.0)
    day = np.hypot(setting.moving, setting.unrest * np.sqrt(np.sum(MIDDLES**2)) / len(MIDDLES))
    value = moved + rng.normal(0, day, n.shape) + rng.normal(0, 1, n.shape) / np.sqrt(n)
    size = np.full(n.shape, 20_000.0)
    base = np.broadcast_to(rng.normal(0, 1, (series, 1)) / np.sqrt(size), n.shape)
    names = [f"shifted/{i:05}" for i in range(series)]
    points = _points(
        "mean@1", names, n, value=value, baseline_value=base, baseline_n=size, baseline_se=1 / np.sqrt(size)
    )
    verdicts = _judged(points, setting)
    breach = np.asarray(verdicts["outcome"].to_pylist()).reshape(series, days)[:, LEARNING:] == "breach"
    delay = np.where(breach.any(axis=1), breach.argmax(axis=1) + 1.0, np.inf)
    middle = float(np.median(delay))
    return Found(float((delay <= 5).mean()), float((delay <= 30).mean()), middle if np.isfinite(middle) else None)


def poisson_interval(events: int, exposure: float, level: float = 0.95) -> tuple[float, float]:
    """Interval of a rate from a count (Garwood 1936)."""
    tail = (1 - level) / 2
    low = stats.chi2.ppf(tail, 2 * events) / 2 if events else 0.0
    return float(low / exposure), float(stats.chi2.isf(tail, 2 * events + 2) / 2 / exposure)


def settings() -> list[Setting]:
    return [Setting(rows, days, base) for rows in ROWS for days in DAYS for base in BASELINES]


def main(years: int = YEARS) -> int:
    began = time.perf_counter()
    rng = np.random.default_rng(20261124)
    rates = list(_rates(years, rng))
    found = list(_shifts(rng))
    seconds = round(time.perf_counter() - began, 1)
    print(json.dumps({"false_alarms": rates, "detection": found, "cores": os.cpu_count(), "seconds": seconds}))
    return 0


def _rates(years: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    print("| rows a day | days | baseline | incidents a model-year | 95 % interval | warnings a model-year |")
    print("|---|---|---|---|---|---|")
    for setting in settings():
        events, warnings = false_alarms(setting, years, rng)
        low, high = poisson_interval(events, years)
        row = [f"{setting.rows:,}", setting.days, setting.baseline]
        row += [f"{events / years:.2f}", f"{low:.2f}–{high:.2f}", f"{warnings / years:.0f}"]
        print(f"| {' | '.join(row)} |", flush=True)
        counted = {"years": years, "incidents": events, "rate": events / years, "low": low, "high": high}
        yield {**vars(setting), **counted, "warnings": warnings}


def _shifts(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    print("\n| rows a day | days | mean moves by | found in 5 days | in 30 days | median delay in days |")
    print("|---|---|---|---|---|---|")
    for setting in settings()[:: len(BASELINES)]:
        for shift in SHIFTS:
            one = detection(setting, shift, SHIFTED_SERIES, rng)
            late = "over 30" if one.delay is None else f"{one.delay:g}"
            row = [f"{setting.rows:,}", setting.days, f"{shift:g} sd", f"{one.in_5:.0%}", f"{one.in_30:.0%}", late]
            print(f"| {' | '.join(row)} |", flush=True)
            yield {"rows": setting.rows, "days": setting.days, "shift": shift, **vars(one)}


if __name__ == "__main__":
    sys.exit(main())
