"""The rolling baseline is what the rows of the windows before say, read off what is stored of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.metrics.stacks import histogram
from tests.metrics.world import GRIDS, counted, day, one, points, rows, start

from watchkeeper.metrics.data.mean import METRIC as MEAN
from watchkeeper.metrics.drift.psi import METRIC as PSI
from watchkeeper.metrics.drift.psi import psi
from watchkeeper.metrics.evaluate import Request

FIRST_DAY, DAYS = 0, 40
ROWS = pa.concat_batches([rows(FIRST_DAY, 20, 150, seed=1), rows(20, 20, 150, seed=2, shift=0.4)])
SHELF = counted(ROWS)
ROLLING = Request(PSI, {}, "x", ("rolling:28d",))


def of_days(first: int, end: int, **equal: str) -> Any:
    at = pc.cast(ROWS["event_time"], pa.int64())
    mask = pc.and_(pc.greater_equal(at, start(first)), pc.less(at, start(end)))
    mask = pc.and_(mask, pc.equal(ROWS["parse_status"], "ok"))
    for name, value in equal.items():
        mask = pc.and_(mask, pc.equal(ROWS[name.replace("_", ":", 1) if name.startswith("segment") else name], value))
    return ROWS.filter(mask)["x"].drop_null().to_numpy()


def psi_of_rows(now: Any, then: Any) -> float:
    """Ten bins at the deciles of the earlier rows, half a row added to each bin."""
    edges = np.quantile(then, np.arange(0.1, 0.95, 0.1), method="inverted_cdf")
    p, q = (np.bincount(np.searchsorted(edges, side), minlength=10) for side in (then, now))
    p, q = (p + 0.5) / (p.sum() + 5), (q + 0.5) / (q.sum() + 5)
    return float(((q - p) * np.log(q / p)).sum())


@pytest.mark.parametrize("number", [28, 35, 39])
def test_rolling_psi_is_that_of_the_rows_of_the_28_days_before(number: int) -> None:
    point = one(points(SHELF, [number], [ROLLING]), metric="psi@1")
    now, then = of_days(number, number + 1), of_days(number - 28, number)
    assert (point["n"], point["baseline_n"]) == (len(now), len(then))
    grid = GRIDS["x"]
    assert point["value"] == pytest.approx(psi(histogram(now, grid=grid), histogram(then, grid=grid)).value[0])
    assert point["value"] == pytest.approx(psi_of_rows(now, then), abs=0.05), "the bins differ by part of a fine bin"


def test_a_segment_rolls_by_itself_and_a_version_against_all_versions() -> None:
    made = points(SHELF, [35], [ROLLING])
    north = one(made, metric="psi@1", segment_key="region", segment_value="north")
    assert north["baseline_n"] == len(of_days(7, 35, segment_region="north"))
    version = one(made, metric="psi@1", model_version="2")
    assert version["n"] == len(of_days(35, 36, model_version="2"))
    assert version["baseline_n"] == len(of_days(7, 35))


def test_half_of_the_windows_must_have_rows() -> None:
    made = points(SHELF, [13, 14], [ROLLING, Request(MEAN, {}, "x", ("rolling:28d",))])
    early, later = (one(made, metric="psi@1", window_start=day(number)) for number in (13, 14))
    assert (early["status"], early["value"]) == ("no_baseline", None)
    assert early["reason"] == "fewer than half of the windows before have rows"
    assert later["status"] == "ok" and later["baseline_n"] == len(of_days(0, 14))
    mean = one(made, metric="mean@1", window_start=day(13))
    assert mean["value"] is not None and mean["baseline_value"] is None and mean["baseline_n"] is None


def test_days_without_rows_count_as_missing() -> None:
    thin = pa.concat_batches([rows(number, 1, 150, seed=number) for number in range(0, 26, 2)] + [rows(30, 1, 150, 9)])
    assert one(points(counted(thin), [30], [ROLLING]), metric="psi@1")["status"] == "no_baseline"


def test_windows_that_are_still_open_are_left_out() -> None:
    """An hour after midnight with an hour of grace yesterday is final; half an hour before that it is not."""
    made = [one(points(SHELF, [36], [ROLLING], now=now), metric="psi@1") for now in (day(36.5), day(36 + 0.5 / 24))]
    assert made[0]["baseline_n"] == len(of_days(8, 36))
    assert made[1]["baseline_n"] == len(of_days(8, 35))


def test_joined_windows_look_back_from_their_own_start() -> None:
    weekly = Request(PSI, {}, "x", ("rolling:28d",), (7,))
    point = one(points(SHELF, [37], [weekly]), metric="psi@1")
    assert point["window_start"] == day(35) and point["baseline_n"] == len(of_days(7, 35))
