from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.incidents.build import ALL, EAST, NORTH, SOUTH, finding

from watchkeeper.incidents.cause import Context, Place, cause
from watchkeeper.terms import Segment

FEATURES = ("age", "annual_income", "debt", "region", "tenure")


def around(*quiet: tuple[str, str, tuple[str, str]]) -> Context:
    return Context(FEATURES, frozenset(Place(column, version, Segment(*segment)) for column, version, segment in quiet))


def causes(*findings, context=None):
    return sorted(cause(findings, context or around()))


def test_one_feature_column_is_that_column():
    assert causes(finding("age")) == ["column:age"]


def test_a_column_broken_in_all_segments_versions_and_metrics_is_one_column():
    places = [(ALL, "*"), (NORTH, "*"), (SOUTH, "*"), (ALL, "A"), (ALL, "B"), (NORTH, "A")]
    found = [finding("age", m, segment=s, version=v) for m in ("mean@1", "null_share@1", "psi@1") for s, v in places]
    assert causes(*found) == ["column:age"]


def test_two_broken_columns_are_two_causes():
    assert causes(finding("age"), finding("debt")) == ["column:age", "column:debt"]


def test_a_column_broken_in_one_segment_is_that_segment_also_when_all_rows_show_it():
    context = around(("age", "*", SOUTH), ("age", "*", EAST))
    assert causes(finding("age", segment=NORTH), context=context) == ["segment:region=North"]
    assert causes(finding("age", segment=NORTH), finding("age"), context=context) == ["segment:region=North"]


def test_several_columns_of_one_segment_value_are_one_segment():
    columns = FEATURES[:4]  # more than half of them: still not the whole source
    context = around(*((column, "*", SOUTH) for column in columns))
    assert causes(*(finding(c, segment=NORTH) for c in columns), context=context) == ["segment:region=North"]


def test_without_another_judged_value_nothing_says_it_is_the_segment():
    assert causes(finding("age", segment=NORTH), finding("age")) == ["column:age"]


def test_a_column_broken_in_two_values_of_a_key_is_the_column():
    context = around(("age", "*", EAST))
    assert causes(finding("age", segment=NORTH), finding("age", segment=SOUTH), context=context) == ["column:age"]


def test_a_quiet_place_of_another_column_says_nothing():
    assert causes(finding("age", segment=NORTH), context=around(("debt", "*", SOUTH))) == ["column:age"]


def test_of_two_keys_that_explain_the_stronger_effect_names_the_segment():
    context = around(("age", "*", SOUTH), ("age", "*", ("channel", "web")))
    found = finding("age", segment=NORTH, effect=2), finding("age", segment=("channel", "shop"), effect=5)
    assert causes(*found, context=context) == ["segment:channel=shop"]


def test_in_one_version_only_while_another_was_judged_is_that_version():
    context = around(("score", "A", ALL))
    assert causes(finding("score", "roc_auc@1", version="B"), context=context) == ["version:B"]


def test_in_one_version_without_another_judged_is_not_the_version():
    assert causes(finding("score", "roc_auc@1", version="B")) == ["model"]


def test_a_version_broken_in_all_its_segments_is_the_version():
    found = [finding("age", version="B", segment=s) for s in (ALL, NORTH, SOUTH)]
    context = around(*(("age", "A", s) for s in (ALL, NORTH, SOUTH)))
    assert causes(*found, context=context) == ["version:B"]


def test_where_segment_and_version_both_explain_the_segment_wins():
    context = around(("age", "*", SOUTH), ("age", "A", ALL))
    found = finding("age", segment=NORTH), finding("age", version="B")
    assert causes(*found, context=context) == ["segment:region=North"]


def test_source_wide_metrics_are_the_source():
    found = [
        finding("", "row_count@1"),
        finding("event_time", "freshness_seconds@1"),
        finding("parse_status", "parse_status_share@1(status=not_json)"),
        finding("status_code", "error_share@1"),
    ]
    assert causes(*found) == ["source"]


def test_a_region_that_stopped_sending_is_that_region():
    context = around(("", "*", SOUTH))
    assert causes(finding("", "row_count@1", segment=NORTH), finding("", "row_count@1"), context=context) == [
        "segment:region=North"
    ]


def test_more_than_half_of_the_columns_at_once_are_the_source():
    assert causes(*(finding(column) for column in FEATURES[:3])) == ["source"]


def test_columns_that_broke_weeks_apart_did_not_break_at_once():
    assert causes(*(finding(column, first=7 * i, last=30) for i, column in enumerate(FEATURES[:3]))) == [
        "column:age",
        "column:annual_income",
        "column:debt",
    ]


def test_a_monitor_with_a_single_column_still_names_it():
    assert causes(finding("age"), context=Context(("age",))) == ["column:age"]


def test_outputs_quality_and_latency_with_nothing_narrower_are_the_model():
    found = finding("score"), finding("decision", "accuracy@1"), finding("latency_ms", "share_above@1(value=800)")
    assert causes(*found) == ["model"]


findings = st.builds(
    finding,
    st.sampled_from([*FEATURES, "score", ""]),
    st.sampled_from(["mean@1", "row_count@1", "roc_auc@1"]),
    segment=st.sampled_from([ALL, NORTH, SOUTH]),
    version=st.sampled_from(["*", "A", "B"]),
    first=st.integers(0, 9),
    last=st.just(10),
    effect=st.sampled_from([1.5, 2.0, 4.0]),
)
places = st.builds(
    lambda c, v, s: Place(c, v, Segment(*s)),
    st.sampled_from([*FEATURES, "score"]),
    st.sampled_from(["*", "A", "B"]),
    st.sampled_from([ALL, NORTH, SOUTH, EAST]),
)


@given(st.lists(findings, unique=True), st.frozensets(places), st.randoms())
def test_every_finding_has_one_cause_whatever_the_order(found, quiet, random):
    context = Context(FEATURES, quiet)
    shuffled = list(found)
    random.shuffle(shuffled)
    one = {name: set(group) for name, group in cause(found, context).items()}
    assert one == {name: set(group) for name, group in cause(shuffled, context).items()}
    assert sorted(map(repr, found)) == sorted(repr(f) for group in one.values() for f in group)
