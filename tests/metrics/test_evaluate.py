"""From counted rows to points."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from tests.metrics.stacks import moments, shelf
from tests.metrics.world import (
    BASELINE,
    BOTH,
    CALENDAR,
    FIXED,
    counted,
    day,
    one,
    picked,
    points,
    requests,
    rows,
    start,
)

from watchkeeper import schemas
from watchkeeper.metrics.data.mean import METRIC as MEAN
from watchkeeper.metrics.data.row_count import METRIC as ROW_COUNT
from watchkeeper.metrics.drift.js_distance import METRIC as JS_DISTANCE
from watchkeeper.metrics.drift.psi import METRIC as PSI
from watchkeeper.metrics.drift.psi import psi
from watchkeeper.metrics.evaluate import CHUNK, Request
from watchkeeper.statistics.cells import NO_WINDOW, Cell
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.windows import Duration

KEY = ["metric", "column", "model_version", "segment_key", "segment_value", "window_start", "window_end", "baseline"]
TEN_DAYS = counted(rows(0, 10, 300, seed=5))
TABLE = points(TEN_DAYS, range(10))


def test_points_have_the_schema_of_their_table() -> None:
    assert TABLE.schema == schemas.POINTS
    TABLE.validate(full=True)
    assert all(TABLE[field.name].null_count == 0 for field in schemas.POINTS if not field.nullable)


def test_there_is_one_point_a_request_and_cell() -> None:
    versions_times_segments = 3 * 3
    assert TABLE.num_rows == 10 * versions_times_segments * len(requests())
    assert TABLE.group_by(KEY).aggregate([]).num_rows == TABLE.num_rows


def test_a_point_is_the_metric_of_its_cells_statistics() -> None:
    north = {"segment_key": "region", "segment_value": "north"}
    point = one(TABLE, metric="psi@1", window_start=day(4), **north)
    expected = psi(cell_of(TEN_DAYS, start(4), "north"), cell_of(BASELINE, NO_WINDOW, "north"))
    for name in ("value", "se", "low", "high", "noise_floor", "n", "n_eff", "baseline_n"):
        assert (
            point[name] is None if np.isnan(getattr(expected, name)[0]) else point[name] == getattr(expected, name)[0]
        )
    assert point["status"] == expected.status[0]


def cell_of(shelf: Shelf, window: int, region: str) -> Histogram:
    cells, statistic = shelf.stacks["x", Histogram.kind]
    wanted = (cells.window_start == window) & (cells.version == "*") & (cells.segment_value == region)
    found: Histogram = statistic.take(np.flatnonzero(wanted))
    return found


def test_values_are_those_of_the_rows() -> None:
    batch = rows(0, 1, 300, seed=6)
    made = points(counted(batch), [0])
    read = np.array(batch["parse_status"].to_pylist()) == "ok"
    x = np.array(batch["x"].to_pylist(), float)[read]
    right = np.array(batch["decision"].to_pylist()) == np.array(batch["label"].to_pylist())
    assert one(made, metric="row_count@1")["value"] == 300
    assert one(made, metric="mean@1")["value"] == pytest.approx(np.nanmean(x))
    assert one(made, metric="null_share@1")["value"] == pytest.approx(np.isnan(x).mean())
    assert one(made, metric="accuracy@1")["value"] == pytest.approx(right[read].mean())
    assert one(made, metric="freshness_seconds@1")["value"] == pytest.approx(86_400 / 300)


def test_the_fixed_baseline_is_of_all_versions_and_the_same_segment() -> None:
    for version in ("1", "2", "*"):
        north = one(
            TABLE,
            metric="mean@1",
            window_start=day(1),
            model_version=version,
            segment_key="region",
            segment_value="north",
        )
        assert north["baseline_n"] == pytest.approx(28 * 200 / 3 * 0.9 * 0.98, rel=0.05)
    means = {row["baseline_value"] for row in picked(TABLE, metric="mean@1")}
    assert len(means) == 1


def test_a_metric_with_a_baseline_of_its_own_tells_the_baselines_value_rows_and_error() -> None:
    point = one(TABLE, metric="mean@1", window_start=day(3))
    sd = point["baseline_se"] * np.sqrt(point["baseline_n"])
    assert sd == pytest.approx(1, rel=0.05) and abs(point["baseline_value"]) < 0.05
    auc = one(TABLE, metric="roc_auc@1", window_start=day(3))
    assert 0.7 < auc["baseline_value"] < 0.9 and auc["baseline_se"] < auc["se"]


def test_volumes_and_ages_are_compared_with_no_baseline() -> None:
    for metric in ("row_count@1", "freshness_seconds@1"):
        found = picked(TABLE, metric=metric)
        assert {(row["baseline"], row["baseline_value"], row["baseline_n"]) for row in found} == {("", None, None)}


def test_a_quantile_tells_the_share_above_the_baselines_quantile() -> None:
    shifted = points(counted(rows(0, 1, 2_000, seed=8, shift=1.0)), [0])
    still, moved = (one(table, metric="quantile@1(p=0.9)", window_start=day(0)) for table in (TABLE, shifted))
    assert still["compared"] == pytest.approx(0.1, abs=0.06)
    assert moved["compared"] == pytest.approx(0.39, abs=0.04)  # P(Z > 1.2816 - 1)


def test_the_previous_window_is_a_baseline_of_the_same_version_and_segment() -> None:
    made = points(TEN_DAYS, range(10), requests(BOTH))
    here = one(made, metric="mean@1", window_start=day(5), baseline="previous", model_version="2")
    before = one(made, metric="mean@1", window_start=day(4), baseline="fixed", model_version="2")
    assert here["baseline_value"] == before["value"] and here["baseline_n"] == before["n_eff"]
    assert here["baseline_se"] == before["se"]
    assert (
        here["value"] == one(made, metric="mean@1", window_start=day(5), baseline="fixed", model_version="2")["value"]
    )


def test_the_first_window_has_no_previous_one() -> None:
    made = points(TEN_DAYS, [0], requests(("previous",)))
    drift, mean = one(made, metric="psi@1"), one(made, metric="mean@1")
    assert (drift["status"], drift["value"]) == ("no_baseline", None) and "before" in drift["reason"]
    assert drift["n"] > 200
    assert mean["status"] == "ok" and mean["baseline_value"] is None and mean["baseline_n"] is None


def test_the_previous_window_need_not_be_asked_for() -> None:
    made = points(TEN_DAYS, [5], requests(("previous",)))
    assert one(made, metric="psi@1")["status"] == "ok"
    assert made.num_rows == 9 * len(requests())


def test_a_rolling_baseline_is_the_windows_of_the_days_before_of_all_versions() -> None:
    made = points(TEN_DAYS, [7], [Request(MEAN, {}, "x", ("rolling:3d",))])
    singles = [one(TABLE, metric="mean@1", window_start=day(number)) for number in (4, 5, 6)]
    n = sum(row["n"] for row in singles)
    for version in ("1", "*"):
        point = one(made, model_version=version)
        assert point["baseline_n"] == n
        assert point["baseline_value"] == pytest.approx(sum(row["value"] * row["n"] for row in singles) / n)


def test_an_unknown_baseline_is_refused() -> None:
    with pytest.raises(ValueError, match="'best'"):
        points(TEN_DAYS, [1], [Request(MEAN, {}, "x", ("best",))])


def test_while_the_baseline_is_learnt_distances_have_no_value_and_others_stand_alone() -> None:
    made = points(TEN_DAYS, [2], baseline=None)
    drift, mean = one(made, metric="psi@1"), one(made, metric="mean@1")
    assert (drift["status"], drift["baseline"]) == ("no_baseline", "fixed") and drift["reason"]
    assert mean["status"] == "ok" and mean["value"] is not None and mean["baseline_value"] is None
    assert one(made, metric="quantile@1(p=0.9)")["compared"] is None


def test_what_needs_a_grid_waits_for_the_baseline() -> None:
    made = points(counted(rows(0, 2, 100, seed=9), gridded=False), [1], baseline=None)
    for metric in ("psi@1", "quantile@1(p=0.9)", "null_share@1", "roc_auc@1"):
        assert one(made, metric=metric)["status"] == "no_baseline"
    assert one(made, metric="mean@1")["status"] == "ok"


def test_a_segment_that_the_baseline_never_had_has_no_baseline() -> None:
    partly = Shelf(
        {
            key: (cells.take(cells.segment_key == ""), statistic.take(np.flatnonzero(cells.segment_key == "")))
            for key, (cells, statistic) in BASELINE.stacks.items()
        }
    )
    made = points(TEN_DAYS, [2], baseline=partly)
    point = one(made, metric="js_distance@1", segment_key="region", segment_value="south")
    assert (point["status"], point["baseline_n"]) == ("no_baseline", None) and point["n"] > 0
    assert one(made, metric="js_distance@1")["status"] == "ok"


def test_a_window_without_rows_counts_none_and_has_no_data_otherwise() -> None:
    made = points(TEN_DAYS, [9, 12])
    empty = [row for row in made.to_pylist() if row["window_start"] == day(12)]
    assert len(empty) == len(requests())
    assert {(row["model_version"], row["segment_key"], row["segment_value"]) for row in empty} == {("*", "", "")}
    by_metric = {row["metric"]: row for row in empty}
    assert by_metric.pop("row_count@1")["value"] == 0
    assert {row["status"] for row in by_metric.values()} == {"no_data"}
    assert {row["reason"] for row in by_metric.values()} == {"no rows"}


def test_a_monitor_without_any_statistics_counts_0_rows_in_each_window() -> None:
    made = points(Shelf({}), [0, 1], baseline=None)
    assert [row["value"] for row in picked(made, metric="row_count@1")] == [0, 0]
    assert {row["status"] for row in made.to_pylist() if row["metric"] != "row_count@1"} == {"no_data"}


def test_no_windows_give_no_points() -> None:
    assert points(TEN_DAYS, []).num_rows == 0
    assert points(TEN_DAYS, [], requests(blocks=(1, 7))).schema == schemas.POINTS


def test_a_request_met_twice_counts_once() -> None:
    asked = [Request(MEAN, {}, "x", FIXED), Request(MEAN, {}, "x", BOTH, (1, 2))]
    made = points(TEN_DAYS, [4], asked)
    assert made.group_by(KEY).aggregate([]).num_rows == made.num_rows == 9 * 4


@pytest.mark.parametrize(("after_end", "is_open"), [(timedelta(minutes=59), True), (timedelta(hours=1), False)])
def test_a_window_is_open_until_the_grace_has_passed(after_end: timedelta, is_open: bool) -> None:
    made = points(TEN_DAYS, [3], now=day(4) + after_end)
    assert set(made["open"].to_pylist()) == {is_open}


def test_quality_and_labels_are_developing_until_they_have_matured() -> None:
    for now, maturity in ((day(33), "developing"), (day(34), "matured")):
        made = points(TEN_DAYS, [3], now=now, matures_after=Duration(30, "day"))
        for metric in ("accuracy@1", "roc_auc@1", "log_loss@1", "category_share@1(category=1)"):
            assert one(made, metric=metric)["maturity"] == maturity
        assert one(made, metric="mean@1")["maturity"] is None


def test_the_windows_named_are_partial() -> None:
    made = points(TEN_DAYS, [0, 1], partial={start(0)})
    assert {row["window_start"]: row["partial"] for row in made.to_pylist()} == {day(0): True, day(1): False}


def test_joined_windows_are_aligned_and_hold_the_rows_of_all_of_theirs() -> None:
    made = points(TEN_DAYS, [8], [Request(MEAN, {}, "x", FIXED, (1, 7))])
    week = one(made, window_end=day(14))
    assert week["window_start"] == day(7)
    singles = [one(TABLE, metric="mean@1", window_start=day(number)) for number in (7, 8, 9)]
    assert week["n"] == sum(row["n"] for row in singles)
    assert one(made, window_end=day(9))["n"] == singles[1]["n"]


def test_joined_windows_are_open_until_the_last_is_final_and_partial_if_one_is() -> None:
    asked = [Request(MEAN, {}, "x", FIXED, (7,))]
    halfway = points(TEN_DAYS, [0], asked, now=day(3), partial={start(0)})
    done = points(TEN_DAYS, [0], asked, now=day(8), partial={start(8)})
    assert set(halfway["open"].to_pylist()) == {True} and set(halfway["partial"].to_pylist()) == {True}
    assert set(done["open"].to_pylist()) == {False} and set(done["partial"].to_pylist()) == {False}


def test_joined_windows_are_compared_with_the_joined_windows_before() -> None:
    made = points(TEN_DAYS, [7], [Request(MEAN, {}, "x", ("previous",), (7,))])
    first = points(TEN_DAYS, [0], [Request(MEAN, {}, "x", FIXED, (7,))])
    assert one(made)["baseline_value"] == one(first)["value"]


def test_a_joined_point_is_made_once_however_many_of_its_windows_are_asked() -> None:
    made = points(TEN_DAYS, range(7), [Request(MEAN, {}, "x", FIXED, (7,))])
    assert made.num_rows == 9


def test_a_cell_that_lacks_one_columns_statistic_has_no_data_there() -> None:
    key = ("x", "moments@1")
    cells, statistic = TEN_DAYS.stacks[key]
    without = {
        **TEN_DAYS.stacks,
        key: (cells.take(cells.version != "2"), statistic.take(np.flatnonzero(cells.version != "2"))),
    }
    made = points(Shelf(without), [4])
    assert one(made, metric="mean@1", model_version="2")["status"] == "no_data"
    assert one(made, metric="mean@1", model_version="1")["status"] == "ok"
    assert one(made, metric="psi@1", model_version="2")["n"] > 0


def test_every_status_but_ok_has_a_reason() -> None:
    made = points(TEN_DAYS, [9, 12], requests(BOTH))
    for row in made.to_pylist():
        assert bool(row["reason"]) == (row["status"] != "ok"), row


def test_a_point_names_its_options_method_level_and_batch() -> None:
    point = one(TABLE, metric="quantile@1(p=0.9)", window_start=day(0))
    assert (point["method"], point["level"], point["guarantee"]) == ("order statistics of bins", 0.95, "G2")
    assert (point["seq"], point["monitor"], point["monitor_version"]) == (7, "m", "v")


def test_windows_asked_together_give_the_points_of_windows_asked_alone() -> None:
    asked = [Request(JS_DISTANCE, {}, "c", FIXED), Request(PSI, {}, "x", ("previous",))]
    alone = [points(TEN_DAYS, [number], asked) for number in range(10)]
    order = [(name, "ascending") for name in KEY]
    assert (
        points(TEN_DAYS, range(10), asked)
        .sort_by(order)
        .equals(pa.concat_tables(alone).combine_chunks().sort_by(order))
    )


def test_more_cells_than_are_computed_at_once_keep_their_places() -> None:
    count = CHUNK + 500
    cells = [Cell(start(0), f"v{i:05}") for i in range(count)]
    made = points(shelf({"x": (cells, moments(*([float(i)] for i in range(count))))}), [0], [Request(MEAN, {}, "x")])
    assert made["value"].to_numpy().tolist() == [float(version[1:]) for version in made["model_version"].to_pylist()]
    assert made.num_rows == count


def test_row_counts_of_all_versions_add_up() -> None:
    made = points(TEN_DAYS, [6], [Request(ROW_COUNT, column="parse_status")])
    parts = [one(made, model_version=version)["value"] for version in ("1", "2")]
    assert sum(parts) == one(made)["value"] == 300
    assert CALENDAR.window_of(day(6)).end == one(made)["window_end"]
