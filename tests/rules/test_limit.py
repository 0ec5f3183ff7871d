"""Limits set by owners."""

from dataclasses import replace
from datetime import date

import pyarrow.compute as pc
import pytest
from tests.rules.point_tables import METRICS, START, said, series, verdicts

from watchkeeper.rules.limit import Limit
from watchkeeper.rules.outcome import KofN
from watchkeeper.terms import Segment, Severity

SLOW = Limit("share_above", "latency_ms", {"value": 800}, above=0.05, severity=Severity.CRITICAL)
LATENCY = {"column": "latency_ms", "baseline": ""}


def latency(*values: float | None, **given):
    return series("share_above@1(value=800)", list(values), **LATENCY, **given)


def test_two_of_three_windows_above_are_a_breach_and_one_is_a_warning():
    assert said(latency(0.06, 0.04, 0.06, 0.04, 0.04), limits=[SLOW]) == [
        ("warning", "above_limit"),
        ("ok", "within_limits"),
        ("breach", "above_limit"),
        ("ok", "within_limits"),
        ("ok", "within_limits"),
    ]


def test_a_breach_names_the_windows_it_rests_on_even_when_the_newest_is_within():
    found = verdicts(latency(0.06, 0.07, 0.04), limits=[SLOW])
    assert found["outcome"].to_pylist() == ["warning", "breach", "breach"]
    assert [len(windows) for windows in found["evidence"].to_pylist()] == [1, 2, 2]
    assert found["evidence"].to_pylist()[2][0] == START


def test_a_verdict_carries_the_limit_the_value_and_the_severity_of_the_owner():
    row = verdicts(latency(0.06), limits=[SLOW]).to_pylist()[0]
    assert (row["rule"], row["value"], row["limit"], row["severity"]) == (SLOW.identity, 0.06, 0.05, "critical")
    assert row["effect"] == pytest.approx(1.2) and row["guarantee"] == "G0" and row["seq"] == 7


def test_a_value_at_the_limit_is_within():
    assert said(latency(0.05), limits=[SLOW]) == [("ok", "within_limits")]


def test_a_limit_below():
    floor = Limit("accuracy", below=0.8, needs=KofN(1, 1))
    table = series("accuracy@1", [0.79, 0.81], column="", baseline="")
    assert said(table, limits=[floor]) == [("breach", "below_limit"), ("ok", "within_limits")]


def test_a_limit_that_has_expired_judges_no_later_window():
    ends = Limit("share_above", "latency_ms", {"value": 800}, above=0.05, expires=date(2026, 1, 6))
    assert said(latency(0.06, 0.06), limits=[ends]) == [("warning", "above_limit"), ("not_judged", "rule_expired")]


def test_windows_without_a_usable_number_are_not_judged():
    table = latency(None, 0.9, 0.9, open=[False, False, True], maturity=[None, "developing", None])
    assert said(table, limits=[SLOW]) == [
        ("not_judged", "no_value"),
        ("not_judged", "labels_immature"),
        ("not_judged", "window_open"),
    ]


def test_options_of_the_limit_and_of_the_point_must_agree():
    assert said(series("share_above@1(value=500)", [0.9], **LATENCY), limits=[SLOW]) == []
    plain = Limit("share_above", "latency_ms", {"value": 0.0}, above=0.05)
    assert said(series("share_above@1", [0.9], **LATENCY), limits=[plain]) == [("warning", "above_limit")]


def test_a_limit_of_a_segment_judges_that_segment_alone():
    north = Limit("share_above", "latency_ms", {"value": 800}, Segment("region", "north"), above=0.05)
    tables = [latency(0.9), latency(0.9, segment_key="region", segment_value="north"), latency(0.9, model_version="3")]
    found = verdicts(*tables, limits=[north])
    assert found["segment_value"].to_pylist() == ["north"]


def test_a_series_kept_for_several_baselines_is_judged_by_a_limit_once():
    tables = [series("accuracy@1", [0.5], baseline=b) for b in ("previous", "fixed")]
    rule = Limit("accuracy", below=0.8)
    found = verdicts(*tables, limits=[rule])
    assert found.filter(pc.field("rule") == rule.identity)["baseline"].to_pylist() == ["fixed"]


def test_its_identity_says_what_is_limited_and_not_who_wants_it():
    same = Limit("share_above", "latency_ms", {"value": 800.0}, above=0.05, owner="platform", reason="SLO-12")
    assert same.identity == SLOW.identity
    assert Limit("share_above", "latency_ms", {"value": 800}, above=0.06).identity != SLOW.identity
    assert Limit("share_above", "latency_ms", {"value": 800}, below=0.05).identity != SLOW.identity


def test_a_limit_without_a_bound_is_refused():
    with pytest.raises(ValueError, match="needs either above or below"):
        verdicts(latency(0.1), limits=[Limit("share_above", "latency_ms", {"value": 800})])


def test_a_metric_that_always_reads_one_column_needs_none_in_its_limit():
    counted = replace(METRICS["row_count"], column="parse_status")
    table = series("row_count@1", [10.0], column="parse_status", baseline="")
    rule = Limit("row_count", below=100)
    found = verdicts(table, limits=[rule], metrics={"row_count": counted})
    assert found.filter(pc.field("rule") == rule.identity)["why"].to_pylist() == ["below_limit"]
