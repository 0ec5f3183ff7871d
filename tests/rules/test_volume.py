"""Traffic against its own past."""

from datetime import timedelta

import numpy as np
import pytest
from tests.rules.point_tables import DAILY, START, outcomes_of, said, series

from watchkeeper.rules.series import blocks
from watchkeeper.rules.volume import row_count, strata
from watchkeeper.windows import Calendar, Duration, micros


def rows(values, **given):
    return series("row_count@1", [float(v) for v in values], n=[float(v) for v in values], baseline="", **given)


def week(weekday: float, weekend: float) -> list[float]:
    return [weekday] * 5 + [weekend] * 2


def test_nothing_is_said_before_three_days_of_the_same_weekday():
    found = said(rows([2000] * 22))
    assert set(found[:21]) == {("not_judged", "too_few_windows")} and found[21] == ("ok", "within_limits")


def test_quiet_weekends_are_no_alarm_and_a_quiet_monday_is():
    days = [*week(2000, 200) * 6, 200.0, 200.0]
    found = outcomes_of(rows(days))
    assert set(found[:-2]) == {"not_judged", "ok"} and found[-2:] == ["warning", "breach"]


def test_halved_traffic_breaches_at_the_second_day():
    steady = [2000 + 20 * ((i * 7) % 5 - 2) for i in range(56)]
    assert outcomes_of(rows([*steady, 1000, 1000]))[-2:] == ["warning", "breach"]


def test_a_stopped_feed_is_a_count_of_zero():
    empty = rows([2000] * 42 + [0, 0])
    assert outcomes_of(empty)[-2:] == ["warning", "breach"]
    masked = rows([2000] * 42 + [0], status=["ok"] * 42 + ["no_data"])
    assert outcomes_of(masked)[-1] == "warning"


def test_few_expected_rows_are_not_judged():
    assert said(rows([29] * 21 + [0]))[-1] == ("not_judged", "no_value")
    assert said(rows([31] * 21 + [0]))[-1] == ("warning", "beyond_noise")


def test_a_window_seen_in_part_is_neither_judged_nor_remembered():
    days = [2000] * 36
    cut = [i == 0 for i in range(36)]
    found = said(rows([1, *days[1:]], partial=cut))
    assert found[0] == ("not_judged", "window_open") and found[21] == ("not_judged", "too_few_windows")


def test_expected_rows_and_noise_are_those_of_the_formula():
    days = [*range(1000, 1042)]
    block = blocks(rows(days), DAILY)["row_count", 1]
    found = row_count(block, DAILY)
    sundays = np.median([days[i] for i in range(6, 34, 7)])
    assert found.x0[0, 34] == pytest.approx(np.log(sundays + 0.5))
    assert found.sd[0, 34] ** 2 == pytest.approx(1.2 / sundays + 0.1**2)
    assert not found.learnt[0, 34], "13 differences are too few"
    assert found.learnt[0, 35], "14 differences are enough"


def test_the_spread_is_learnt_from_the_last_differences():
    rng = np.random.default_rng(3)
    days = np.round(2000 * np.exp(rng.normal(0, 0.2, 400)))
    block = blocks(rows(days), DAILY)["row_count", 1]
    found = row_count(block, DAILY)
    assert np.sqrt(np.median(found.sd[0, 60:] ** 2)) == pytest.approx(0.2 * np.sqrt(1 + np.pi / 16), rel=0.15)


def test_traffic_of_one_version_is_not_judged():
    assert outcomes_of(rows([2000] * 40 + [0], model_version="7")) == []


def test_freshness_is_three_times_the_largest_of_fourteen_windows_of_the_stratum():
    ages = [7200.0] * 99
    table = series("freshness_seconds@1", [*ages, 21_000.0, 22_000.0], baseline="")
    found = said(table)
    assert set(found[:98]) == {("not_judged", "too_few_windows")}
    assert found[-2:] == [("ok", "within_limits"), ("warning", "beyond_noise")]


def test_an_age_within_a_twentieth_of_the_window_is_always_fresh():
    table = series("freshness_seconds@1", [1.0] * 98 + [4319.0, 4321.0], baseline="")
    assert outcomes_of(table)[-2:] == ["ok", "warning"]


def test_windows_resemble_those_of_their_weekday_or_hour_of_the_week():
    day, hour = timedelta(days=1), timedelta(hours=1)
    days = np.array([micros(START + i * day) for i in range(14)])
    assert (strata(days, DAILY)[:7] == strata(days, DAILY)[7:]).all() and len(set(strata(days, DAILY))) == 7
    hours = np.array([micros(START + i * hour) for i in range(336)])
    assert len(set(strata(hours, Calendar(Duration(1, "hour"))))) == 168
    assert len(set(strata(days, Calendar(Duration(1, "week"))))) == 1
