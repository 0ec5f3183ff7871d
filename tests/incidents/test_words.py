from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.incidents.build import NORTH, finding

from watchkeeper.incidents.changes import Rival, unit_factor
from watchkeeper.incidents.words import TITLE_LENGTH, Scene, ranked, recovery, sentence, title
from watchkeeper.terms import Severity, Window

GOLDEN = Path(__file__).parent / "golden" / "sentences.txt"
UNIT = finding("annual_income", first=1, value=61_300_000, baseline_value=61_200, effect=900)
COLUMN, SCORE = "column:annual_income", finding("score", first=2, value=0.31, baseline_value=0.2)
FELL = finding(
    "score", "roc_auc@1", version="B", first=1, value=0.7104, baseline_value=0.78, severity=Severity.CRITICAL
)
MANY = [finding(f"x{i}", effect=2 + i, value=9.0, baseline_value=4.5) for i in range(14)]

SAID = {
    "a column that changed unit everywhere": (
        COLUMN,
        [UNIT, finding("annual_income", "null_share@1", first=1, value=0.4)],
        Scene(watched=24, changed=3, outputs=("score",), everywhere=("region", "version")),
    ),
    "the same with nothing known around it": (COLUMN, [UNIT], None),
    "a column that is missing": (
        "column:age",
        [finding("age", "null_share@1", value=0.09, baseline_value=0.002)],
        None,
    ),
    "a column with unseen values": (
        "column:purpose",
        [finding("purpose", "unseen_share@1", value=0.31, baseline_value=0.0)],
        Scene(watched=24, changed=1, everywhere=("country", "amount > 10000")),
    ),
    "a column whose mix changed": (
        "column:purpose",
        [finding("purpose", "category_share@1(category=car)", value=0.35, baseline_value=0.3)],
        None,
    ),
    "a column whose distribution moved": (
        "column:age",
        [finding("age", "js_distance@1", value=0.3121, limit=0.1, baseline_value=None)],
        None,
    ),
    "a column that does not fit": (
        "column:age",
        [finding("age", "misfit_share@1", value=0.5, baseline_value=None)],
        None,
    ),
    "an upper quantile": (
        "column:debt",
        [finding("debt", "quantile@1(p=0.95)", value=1200.0, baseline_value=1900.0)],
        None,
    ),
    "a segment": (
        "segment:region=North",
        [finding("age", segment=NORTH, value=48.2, baseline_value=40.2, effect=9), finding("debt", segment=NORTH)],
        Scene(sd={"age": 10.0}),
    ),
    "a segment where quality fell": (
        "segment:region=North",
        [finding("decision", "precision@1", segment=NORTH, value=0.612, baseline_value=0.78)],
        None,
    ),
    "a version against another": ("version:B", [FELL], Scene(rival={"roc_auc": Rival("A", 0.7802)})),
    "a version against its baseline": ("version:B", [FELL], None),
    "a column in one version": ("version:B", [finding("age", version="B", value=-2.0, baseline_value=40.0)], None),
    "traffic that halved": ("source", [finding("", "row_count@1", value=4_900, baseline_value=10_000)], None),
    "traffic that doubled": ("source", [finding("", "row_count@1", value=20_300, baseline_value=10_000)], None),
    "traffic that fell": ("source", [finding("", "row_count@1", value=2_000, baseline_value=10_000)], None),
    "traffic that fell below a limit": (
        "source",
        [finding("", "row_count@1", value=2_000, baseline_value=None, limit=5_000)],
        None,
    ),
    "traffic that stopped": ("source", [finding("", "row_count@1", value=0, baseline_value=10_000)], None),
    "late data": (
        "source",
        [finding("event_time", "freshness_seconds@1", value=18_000, baseline_value=None, limit=3_600)],
        None,
    ),
    "rows that cannot be read": (
        "source",
        [finding("parse_status", "parse_status_share@1", value=0.093, baseline_value=0.001)],
        None,
    ),
    "rows of one parse status": (
        "source",
        [finding("parse_status", "parse_status_share@1(status=not_json)", value=0.093, baseline_value=0.001)],
        None,
    ),
    "requests that fail": ("source", [finding("status_code", "error_share@1", value=0.1, baseline_value=0.05)], None),
    "many columns at once": ("source", MANY, Scene(watched=24, sd={"x13": 1.5})),
    "a source metric stands before stronger columns": (
        "source",
        [*MANY, finding("", "row_count@1", value=4_900, baseline_value=10_000)],
        Scene(watched=24),
    ),
    "the score with a suspect": ("model", [SCORE], Scene(suspects=(("annual_income", 0.64), ("age", 0.36)))),
    "slow answers": (
        "model",
        [finding("latency_ms", "share_above@1(value=800)", value=0.08, baseline_value=None, limit=0.05)],
        None,
    ),
    "a metric without words of its own": (
        "model",
        [finding("decision", "flip_rate@1", value=0.2, baseline_value=None, limit=0.1)],
        None,
    ),
    "a breach without a number": ("column:age", [finding("age", value=None)], None),
    "a name longer than a pager": (f"column:{'income_' * 20}", [finding("income_" * 20)], None),
}


def test_sentences_are_those_in_the_golden_file():
    told = [
        f"# {name}\n{title(cause, found, scene)}\n{sentence(cause, found, scene)}\n"
        for name, (cause, found, scene) in SAID.items()
    ]
    assert "\n".join(told) == GOLDEN.read_text(encoding="utf-8")


def test_a_recovery_says_until_when():
    assert recovery("age moved up by 0.8 sd since 2 Feb", finding(last=4).last) == (
        "age moved up by 0.8 sd since 2 Feb; within its limits again after 6 Feb."
    )


def test_short_windows_say_the_hour():
    start = datetime(2026, 2, 3, 4, tzinfo=UTC)
    hour = Window(start, start + timedelta(hours=1))
    hourly = finding("", "row_count@1", value=0)
    moved = type(hourly)(hourly.rule, hourly.point, hour, hour, 0.0, 10.0, None)
    assert title("source", [moved]) == "Traffic stopped since 3 Feb 04:00 UTC"


@pytest.mark.parametrize("multiple", [1000, 100, 10, 60, 12, 1 / 12, 0.001])
def test_a_jump_near_a_usual_multiple_is_a_change_of_unit(multiple):
    assert unit_factor(multiple * 50 * 1.05, 50) == pytest.approx(multiple)
    assert unit_factor(multiple * 50 / 1.05, 50) == pytest.approx(multiple)


@pytest.mark.parametrize(
    ("value", "before"), [(50, 50), (100, 50), (-5000, 50), (0, 50), (50, 0), (None, 50), (150, 50)]
)
def test_other_jumps_are_not(value, before):
    assert unit_factor(value, before) is None


def test_findings_are_ranked_by_effect_then_breadth():
    strong, broad, narrow = finding(effect=9, segment=NORTH), finding(effect=2), finding(effect=2, segment=NORTH)
    assert ranked([narrow, broad, strong]) == [strong, broad, narrow]


@given(
    st.sampled_from(["source", "model", "column:age", "segment:region=North", "version:B"]),
    st.lists(
        st.builds(
            finding,
            st.sampled_from(["age", "score", "", "latency_ms"]) | st.text(min_size=1, max_size=200),
            st.sampled_from(
                ["mean@1", "quantile@1(p=0.5)", "row_count@1", "roc_auc@1", "psi@1", "null_share@1", "odd@2"]
            ),
            value=st.none() | st.floats(-1e9, 1e9),
            baseline_value=st.none() | st.floats(-1e9, 1e9),
            limit=st.none() | st.floats(-1e9, 1e9),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_whatever_is_found_there_is_a_title_that_fits_and_a_sentence(cause, found):
    assert 0 < len(title(cause, found)) <= TITLE_LENGTH
    assert sentence(cause, found).endswith(".")
