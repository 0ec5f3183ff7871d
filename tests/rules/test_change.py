"""The change rule, family by family."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pytest
from tests.rules.point_tables import DAILY, METRICS, START, WEEK, WEEKLY, outcomes_of, said, series, verdicts

from watchkeeper.rules.change import RULE
from watchkeeper.rules.families import arcsine
from watchkeeper.terms import Window
from watchkeeper.windows import Calendar, Duration

NULLS = {"baseline_value": 40 / 20000, "column": "age"}
QUIET = [0.0021 if i % 2 else 0.0019 for i in range(28)]
BASELINE = Window(START, START + timedelta(days=28))


def nulls(last: list[float], n: float = 2000.0) -> object:
    """28 quiet days, then some more."""
    return series("null_share@1", [*QUIET, *last], n=[2_000_000.0] * 28 + [n] * len(last), **NULLS)


def fewest_beyond(n: int) -> int:
    """The smallest number of nulls in a day of n rows that is beyond."""
    counts = [k / n for k in range(50)]
    table = verdicts(nulls(counts, float(n)), baseline_span=BASELINE)
    beyond = [e > 1 for e in table["effect"].to_pylist()[28:]]
    return beyond.index(True)


@pytest.mark.parametrize(("n", "rows"), [(2000, 23), (300, 8), (50, 4)])
def test_nulls_of_a_day_are_beyond_from_the_count_of_the_worked_example(n, rows):
    assert fewest_beyond(n) == rows


def test_the_angle_of_the_worked_example():
    assert arcsine(np.array([40 / 20000]), np.array([20000.0]))[0] == pytest.approx(0.0899, abs=5e-5)
    shift = arcsine(np.array([40 / 2000]), np.array([2000.0])) - arcsine(np.array([40 / 20000]), np.array([20000.0]))
    assert shift[0] == pytest.approx(0.195, abs=5e-4)


def test_the_limit_is_drawn_on_the_scale_of_the_value():
    table = verdicts(nulls([0.02]), baseline_span=BASELINE)
    limit = table["limit"].to_pylist()[-1]
    assert 22 / 2000 < limit < 23 / 2000


def test_an_area_is_beyond_where_the_worked_example_says():
    week = {"column": "score", "baseline_value": 0.80, "baseline_se": 0.0085, "n": 700.0, "baseline_n": 1000.0}
    quiet = [0.8] * 28
    weeks = series("roc_auc@1", [*quiet, 0.7495, 0.7475], se=0.0102, size=WEEK, **week)
    table = verdicts(weeks, calendar=WEEKLY, baseline_span=Window(START, START + 28 * WEEK))
    assert table["limit"].to_pylist()[-1] == pytest.approx(0.749, abs=5e-4)
    assert table["outcome"].to_pylist()[-2:] == ["ok", "warning"]


def test_days_that_vary_widen_the_limit_as_in_the_worked_example():
    tau, n = 0.023, 20000
    x0 = arcsine(np.array([0.05]), np.array([20000.0]))[0]
    scale = tau * np.sqrt(27 / 28) * np.sqrt(1 + 1 / (n * tau**2))
    angles = x0 + scale * np.array([1.0, -1.0] * 14)
    values = np.sin(angles / 2) ** 2
    table = verdicts(
        series("category_share@1(category=1)", [*values, 0.0805], n=float(n), column="label", baseline_value=0.05)
    )
    effect, limit = table["effect"].to_pylist()[-1], table["limit"].to_pylist()[-1]
    assert (arcsine(np.array([0.0805]), np.array([n]))[0] - x0) / effect == pytest.approx(0.1345, abs=1e-3)
    assert limit == pytest.approx(0.083, abs=5e-4)


def test_series_in_which_nothing_moves_never_breach():
    same = [
        series("null_share@1", [0.01] * 60, baseline_value=0.01, column="age"),
        series("mean@1", [10.0] * 60, baseline_value=10.0, baseline_se=0.05, column="age"),
        series("quantile@1(p=0.95)", [9.0] * 60, baseline_value=9.0, compared=0.05, column="age"),
        series("psi@1", [0.0] * 60, noise_floor=9 * (1 / 2000 + 1 / 20000), column="score"),
        series("row_count@1", [2000.0] * 60, baseline=""),
        series("freshness_seconds@1", [60.0] * 60, baseline=""),
    ]
    assert not {"warning", "breach"} & set(outcomes_of(*same))
    assert outcomes_of(*same).count("ok") > 270
    quality = [
        series("roc_auc@1", [0.8] * 60, baseline_value=0.8, se=0.01, baseline_se=0.01, column="score", size=WEEK),
        series("log_loss@1", [0.3] * 60, baseline_value=0.3, se=0.01, baseline_se=0.01, column="log_loss", size=WEEK),
    ]
    assert set(outcomes_of(*quality, calendar=WEEKLY)) == {"ok"}


def test_a_unit_times_a_thousand_breaches_at_the_second_window():
    income = {"column": "income", "baseline_value": 40.0, "baseline_se": 10 / np.sqrt(20000)}
    table = series("mean@1", [40.0] * 28 + [40_000.0] * 3, **income)
    assert outcomes_of(table, baseline_span=BASELINE)[28:] == ["warning", "breach", "breach"]


def test_one_sided_families_stay_silent_in_the_good_direction():
    high = {"baseline_value": 0.2, "column": ""}
    assert set(outcomes_of(series("error_share@1", [0.2] * 28 + [0.0] * 3, **high))) == {"ok"}
    low = {"baseline_value": 0.7, "column": "decision", "size": WEEK}
    assert set(outcomes_of(series("accuracy@1", [0.7] * 28 + [0.99] * 3, **low), calendar=WEEKLY)) == {"ok"}
    worse = series("accuracy@1", [0.7] * 28 + [0.4] * 2, **low)
    assert outcomes_of(worse, calendar=WEEKLY)[28:] == ["warning", "breach"]


def test_days_of_quality_are_judged_only_when_joined_to_weeks():
    days = series("accuracy@1", [0.7] * 28 + [0.4] * 7, baseline_value=0.7, column="decision")
    assert set(outcomes_of(days)) == {"not_judged"}


def test_only_high_latency_is_bad_and_it_is_critical():
    days = [0.05] * 28
    slow = series("quantile@1(p=0.95)", [9.0] * 30, compared=[*days, 0.3, 0.3], column="latency_ms")
    fast = series("quantile@1(p=0.95)", [9.0] * 30, compared=[*days, 0.0, 0.0], column="latency_ms")
    older = series("quantile@1(p=0.95)", [9.0] * 30, compared=[*days, 0.0, 0.0], column="age")
    found = verdicts(slow)
    assert (found["outcome"].to_pylist()[-1], found["severity"].to_pylist()[-1]) == ("breach", "critical")
    assert set(outcomes_of(fast)) == {"ok"}
    found = verdicts(older)
    assert (found["outcome"].to_pylist()[-1], found["severity"].to_pylist()[-1]) == ("breach", "warning")


def test_a_quantile_is_compared_with_its_own_share():
    median = series("quantile@1", [9.0] * 30, compared=0.5, column="age")
    assert set(outcomes_of(median)) == {"ok"}
    assert outcomes_of(series("quantile@1", [9.0] * 2, compared=0.05, column="age")) == ["warning", "breach"]


def test_a_category_that_is_one_of_many_has_a_wider_limit():
    alone = {"column": "grade", "baseline_value": 0.3}
    narrow = verdicts(series("category_share@1(category=a)", [0.3] * 30, **alone))["limit"].to_pylist()[-1]
    wide = verdicts(series("category_share@1(category=a,of=20)", [0.3] * 30, level=1 - 0.05 / 20, **alone))
    assert wide["limit"].to_pylist()[-1] > narrow + 0.005


def test_too_few_rows_on_either_side_are_not_judged():
    wild = {"column": "age", "baseline_value": 0.0}
    assert said(series("null_share@1", [1.0], n=29.0, **wild)) == [("not_judged", "no_value")]
    assert said(series("null_share@1", [1.0], n=30.0, baseline_n=29.0, **wild)) == [("not_judged", "no_value")]
    assert said(series("null_share@1", [1.0], n=30.0, **wild)) == [("warning", "beyond_noise")]


def test_a_window_without_a_number_is_not_judged():
    gap = {"baseline_value": 0.0, "column": "age"}
    assert said(series("null_share@1", [None, 0.0], **gap)) == [("not_judged", "no_value"), ("ok", "within_limits")]


def test_an_open_window_is_not_judged():
    table = series("null_share@1", [1.0, 1.0], open=[False, True], **NULLS)
    assert said(table) == [("warning", "beyond_noise"), ("not_judged", "window_open")]
    closed = series("null_share@1", [1.0, 1.0], **NULLS)
    assert said(closed, now=START + timedelta(days=1, hours=3))[1] == ("not_judged", "window_open")


def test_quality_is_not_judged_before_its_labels_have_matured():
    told = {"maturity": ["matured", "developing"], "baseline_value": 0.9, "column": "decision", "size": WEEK}
    assert said(series("accuracy@1", [0.1, 0.1], **told), calendar=WEEKLY) == [
        ("warning", "beyond_noise"),
        ("not_judged", "labels_immature"),
    ]


def test_the_windows_of_the_baseline_are_not_judged_against_it():
    table = nulls([0.5])
    found = said(table, baseline_span=BASELINE)
    assert set(found[:28]) == {("not_judged", "too_few_windows")}
    assert found[28] == ("warning", "beyond_noise")


def test_a_baseline_that_is_still_being_learnt_is_said():
    table = series("null_share@1", [None], status=["no_baseline"], column="age")
    assert said(table) == [("not_judged", "too_few_windows")]


def outcomes_against(*baselines):
    tables = [
        series("mean@1", [9.0] * 4, baseline_value=1.0, baseline_se=0.01, column="age", baseline=name)
        for name in baselines
    ]
    found = verdicts(pa.concat_tables(tables))
    return {
        name: set(found.filter(pa.compute.equal(found["baseline"], name))["outcome"].to_pylist()) for name in baselines
    }


def test_beside_a_fixed_baseline_a_rolling_one_warns_and_without_it_breaches():
    both = outcomes_against("fixed", "rolling:28d", "previous")
    assert both == {"fixed": {"warning", "breach"}, "rolling:28d": {"warning"}, "previous": {"warning"}}
    alone = outcomes_against("rolling:28d", "previous")
    assert alone == {"rolling:28d": {"warning", "breach"}, "previous": {"warning"}}


def test_against_the_previous_window_nothing_breaches():
    table = series("mean@1", [9.0] * 4, baseline_value=1.0, baseline_se=0.01, column="age", baseline="previous")
    assert outcomes_of(table) == ["warning"] * 4


def test_a_spread_that_is_assumed_is_said():
    found = verdicts(series("mean@1", [1.0] * 20, baseline_value=1.0, baseline_se=0.01, column="age"))
    assert found["guarantee"].to_pylist() == ["G0"] * 14 + ["G2"] * 6


def test_psi_is_judged_for_scores_and_the_jensen_shannon_distance_for_other_columns():
    floor = 9 * (1 / 2000 + 1 / 20000)
    tables = [
        series(f"{name}@1", [0.5, 0.5], noise_floor=floor, column=column)
        for name in ("psi", "js_distance", "ks")
        for column in ("score", "age")
    ]
    found = verdicts(*tables)
    judged = set(zip(found["metric"].to_pylist(), found["column"].to_pylist(), strict=True))
    assert judged == {("psi@1", "score"), ("js_distance@1", "age")}


def test_metrics_without_a_family_or_a_declaration_are_not_judged():
    assert outcomes_of(series("median_gap@1", [1.0]), series("made_up@1", [1.0])) == []


def test_windows_under_a_day_are_judged_on_freshness_alone():
    hourly = Calendar(Duration(1, "hour"))
    hour = {"size": timedelta(hours=1)}
    tables = [
        series("null_share@1", [1.0] * 3, **hour, **NULLS),
        series("row_count@1", [2000.0] * 3, baseline="", **hour),
        series("freshness_seconds@1", [1.0] * 3, baseline="", **hour),
    ]
    assert set(verdicts(*tables, calendar=hourly)["metric"].to_pylist()) == {"freshness_seconds@1"}


def test_every_family_of_the_table_is_known():
    families = {metric.family for metric in METRICS.values()}
    judged = {
        metric.family
        for metric in METRICS.values()
        if outcomes_of(
            series(f"{metric.name}@1", [1.0], column="score" if metric.name == "psi" else "age", baseline="fixed")
        )
    }
    assert judged == families - {""}


def test_the_spread_of_a_version_is_that_of_all_versions():
    wild = [0.3, 0.1] * 14
    whole = series("null_share@1", [*wild, 0.2], baseline_value=0.2, column="age")
    version = series("null_share@1", [0.2] * 28 + [0.45], baseline_value=0.2, column="age", model_version="7")
    alone = verdicts(version)["outcome"].to_pylist()[-1]
    beside = verdicts(whole, version).filter([False] * 29 + [True] * 29)
    assert set(beside["model_version"].to_pylist()) == {"7"}
    assert (alone, beside["outcome"].to_pylist()[-1]) == ("warning", "ok")


def test_daylight_saving_does_not_make_a_merged_window():
    berlin = Calendar(Duration(1, "day"), "Europe/Berlin")
    short = series("null_share@1", [0.0], size=timedelta(hours=23), **NULLS)
    assert outcomes_of(short, calendar=berlin) == ["ok"]
    assert DAILY.size.about == timedelta(days=1)


def test_its_verdicts_carry_its_name_and_version():
    assert set(verdicts(nulls([0.5]))["rule"].to_pylist()) == {"change@1"}
    assert RULE.summary == "Judge every window of a block by the row of the table of its family."
