import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.rules.limit import Limit
from watchkeeper.rules.outcome import KofN
from watchkeeper.spec.load import load
from watchkeeper.spec.monitor import BaselineSpec, FeaturesSpec, MetricSpec, NotifySpec, SourceSpec, Threshold
from watchkeeper.spec.spelt import yaml_text
from watchkeeper.terms import Segment, Severity, Window
from watchkeeper.windows import Duration

from .conftest import NOW

EXAMPLE = (Path(__file__).parent / "example.yaml").read_text("utf-8")


def test_two_lines_are_a_whole_monitor(loaded):
    monitor = loaded("source: main.serving.credit_score_payload\ncolumns: {score: predictions}\n")
    assert monitor.name == monitor.model == "credit_score"
    assert monitor.task == "binary"
    assert monitor.source == SourceSpec("main.serving.credit_score_payload", "auto", None, Duration(90, "day"))
    assert (monitor.window, monitor.grace, monitor.timezone) == (Duration(1, "day"), Duration(1, "hour"), "UTC")
    assert monitor.baseline == BaselineSpec(None, Duration(28, "day"), None, False, ("fixed", "previous"))
    assert monitor.metrics == (MetricSpec("default"),)
    assert monitor.alarms.needs == KofN(2, 3)
    assert monitor.columns.features.all
    assert (monitor.caps.segment_values, monitor.caps.cells_per_window) == (100, 20_000)
    assert monitor.labels is None


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("source: X", "none"),
        ("source: {table: X, format: langfuse}", "genai"),
        ("source: X\ncolumns: {decision: answer}", "binary"),
        ("source: X\ncolumns: {score: p}\ntask: regression", "regression"),
    ],
)
def test_the_task_follows_from_what_is_named_unless_it_is_given(loaded, text, task):
    assert loaded(text).task == task


def test_the_full_file_gives_every_value_as_written(loaded):
    monitor = loaded(EXAMPLE)
    assert monitor.owner == "credit-models@bank.example"
    assert monitor.segments == ("region", "amount > 10000")
    assert monitor.baseline == BaselineSpec("main.training.credit_score_v12", None, None, False, ("fixed", "previous"))
    assert monitor.labels.join == ("client_request_id",)
    assert monitor.labels.matures_after == Duration(90, "day")
    assert monitor.notify == (NotifySpec("credit-slack", "warning"),)
    assert monitor.alarms.limits == (
        Limit(
            "share_above",
            "latency_ms",
            {"value": 800},
            above=0.05,
            needs=KofN(2, 3),
            severity=Severity.CRITICAL,
            owner="platform@bank.example",
            reason="SLO-12",
            expires=date(2027, 6, 30),
        ),
    )


def test_lines_of_every_path_are_kept(loaded):
    monitor = loaded(EXAMPLE)
    lines = EXAMPLE.split("\n")
    assert lines[monitor.lines["source.table"] - 1].startswith("  table: main.serving")
    assert lines[monitor.lines["alarms.limits[0].above"] - 1].startswith("      above: 0.05")


def test_short_forms_stand_for_long_ones(loaded):
    monitor = loaded(
        "source: X\ncolumns: {score: p, decision: {threshold: 0.5}, features: {except: [zip]}}\n"
        "baseline: {from: 2026-01-01, to: 2026-02-01T06:00:00+01:00, compare: [rolling 4 weeks]}\n"
        "metrics: [psi, {quantile: {columns: income, p: 0.9}}]\n"
        "alarms: {limits: [{metric: accuracy, below: 0.8, owner: a, reason: b, segment: {region: north}}]}\n"
    )
    assert monitor.columns.decision == Threshold(0.5)
    assert monitor.columns.features == FeaturesSpec(None, ("zip",))
    assert monitor.baseline.span == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, 5, tzinfo=UTC))
    assert monitor.baseline.first is None
    assert monitor.baseline.rolling == Duration(4, "week")
    assert monitor.metrics == (MetricSpec("psi"), MetricSpec("quantile", ("income",), {"p": 0.9}))
    assert monitor.alarms.limits[0].segment == Segment("region", "north")


@pytest.mark.parametrize(
    ("timezone", "start", "end"),
    [
        ("UTC", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 1, 1, 5, tzinfo=UTC), datetime(2026, 2, 1, 5, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2025, 12, 31, 11, tzinfo=UTC), datetime(2026, 1, 31, 11, tzinfo=UTC)),
    ],
)
def test_the_days_of_a_baseline_are_those_of_the_monitors_time_zone(loaded, timezone, start, end):
    monitor = loaded(f"source: X\ntimezone: {timezone}\nbaseline: {{from: 2026-01-01, to: 2026-02-01}}\n")
    assert monitor.baseline_span == Window(start, end)


def test_a_baseline_from_noon_begins_with_the_next_whole_window(loaded):
    monitor = loaded("source: X\nbaseline: {from: 2026-01-01T12:00:00Z, to: 2026-02-01T12:00:00Z}\n")
    assert monitor.baseline_span == Window(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("window: 1 week\nbaseline: {from: 2026-01-06, to: 2026-01-18}", "baseline.to"),
        ("baseline: {from: 9999-12-30T01:00:00Z, to: 9999-12-31T23:00:00Z}", "baseline.to"),
        ("window: 1 month\nbaseline: {compare: [fixed, rolling 28 days]}", "baseline.compare"),
    ],
)
def test_a_baseline_without_a_whole_window_is_a_fault(text, path):
    monitor, faults = load(f"source: X\n{text}\n", "m.yaml", NOW)
    assert monitor is None
    assert [(fault.code, fault.path) for fault in faults if fault.code.startswith("E")] == [("E102", path)]


def test_the_name_is_the_files_stem_unless_it_is_given(loaded):
    assert loaded("source: X", "some/where/churn.yaml").name == "churn"
    assert loaded("source: X\nname: other", "churn.yaml").name == "other"


def test_a_stem_that_cannot_be_a_name_is_a_fault():
    _, faults = load("source: X", "monitors/credit score.yaml", NOW)
    assert [fault.code for fault in faults] == ["E103"]


@pytest.mark.parametrize("needs", ["0 of 3", "4 of 3", "2 of 101", "2 in 3", "two of three", "-1 of 3"])
def test_k_of_n_needs_one_to_k_to_n_to_a_hundred(needs):
    _, faults = load(f"source: X\nalarms: {{needs: {needs}}}", "m.yaml", NOW)
    assert [(fault.code, fault.path) for fault in faults] == [("E102", "alarms.needs")]


@pytest.mark.parametrize("needs", ["1 of 1", "2 of 3", "100 of 100"])
def test_k_of_n_is_read(loaded, needs):
    k, n = map(int, needs.split(" of "))
    assert loaded(f"source: X\nalarms: {{needs: {needs}}}").alarms.needs == KofN(k, n)


@pytest.mark.parametrize("window", ["5 minutes", "30 minutes", "1 hour", "1 day", "1 week", "1 month"])
def test_every_usual_window_is_read(loaded, window):
    assert str(loaded(f"source: X\nwindow: {window}").window) == window


@pytest.mark.parametrize("window", ["7 minutes", "5 hours", "36 hours", "0 days", "1.5 days", "99999999999 days"])
def test_a_window_that_does_not_divide_a_day_is_a_fault(window):
    _, faults = load(f"source: X\nwindow: {window}", "m.yaml", NOW)
    assert [(fault.code, fault.path) for fault in faults] == [("E102", "window")]


def test_names_are_not_checked_where_none_are_known(loaded):
    monitor, faults = load("source: X\nmetrics: [made_up]\nnotify: [{to: somewhere}]", "m.yaml", NOW)
    assert monitor is not None
    assert faults == []


def test_a_channel_that_is_not_set_up_is_named():
    _, faults = load("source: X\nnotify: [{to: slak}]", "m.yaml", NOW, channels=["slack"])
    assert [str(fault) for fault in faults] == ["m.yaml:2 notify[0].to [E201] no channel 'slak'. Did you mean 'slack'?"]


def test_a_limit_holds_until_the_day_it_expires():
    text = "source: X\nalarms: {limits: [{metric: m, above: 1, owner: a, reason: b, expires: 2026-11-25}]}"
    codes = [
        [fault.code for fault in load(text, "m.yaml", datetime(2026, 11, day, 23, 59, tzinfo=UTC))[1]]
        for day in (24, 25)
    ]
    assert codes == [[], ["W506"]]


def test_a_baseline_that_ends_before_the_first_run_looks_back_is_no_warning():
    text = "source: {table: X, since: 30 days}\nbaseline: {from: 2026-01-01, to: 2026-10-25}\n"
    assert load(text, "m.yaml", NOW)[1] == []


def test_a_yaml_1_1_word_is_fine_where_text_is_wanted(loaded):
    assert loaded("source: X\nlabels: {table: T, join: id, value: y, matures_after: 1 day}").labels.value == "y"
    assert loaded("source: X\ncolumns: {positive: yes}").columns.positive == "yes"


KEYS = sorted(set(re.findall(r"^\s*(?:- )?([a-z_]+):", EXAMPLE, re.MULTILINE)))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["1 day", "2 of 3", "2026-01-01", "psi", "default", "rolling 7 days", "99999 months", "9999-12-31"]
    ),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), TREES))
def test_a_file_of_known_keys_and_any_values_is_read_or_refused_with_faults(metrics, tree):
    monitor, faults = load(yaml_text(tree), "m.yaml", NOW, metrics=metrics)
    assert (monitor is None) == any(not fault.is_warning for fault in faults)
    assert all(fault.message and fault.line and fault.file == "m.yaml" for fault in faults)


@settings(deadline=None)
@given(st.data())
def test_a_file_with_one_character_changed_is_read_or_refused(data):
    at = data.draw(st.integers(0, len(EXAMPLE) - 1))
    character = data.draw(st.sampled_from(":-#[]{}&*!|>'\"%\n\t 0x\x00~é"))
    monitor, faults = load(EXAMPLE[:at] + character + EXAMPLE[at + 1 :], "m.yaml", NOW)
    assert (monitor is None) == any(not fault.is_warning for fault in faults)
