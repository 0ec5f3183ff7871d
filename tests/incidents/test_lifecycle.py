from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.incidents.build import ALL, EAST, NORTH, SOUTH, Ledger, point, points, series, verdicts, window

from watchkeeper.incidents import actions
from watchkeeper.incidents.cause import Context
from watchkeeper.incidents.json import incident_json, time_json
from watchkeeper.incidents.project import open_problems
from watchkeeper.terms import IncidentState, Resolution, Severity


def after(*parts, day: int = 20, **given_):
    ledger = Ledger()
    ledger.run(verdicts(*parts), day=day, **given_)
    return ledger


def causes(ledger):
    return sorted(incident.cause for incident in ledger.incidents)


# --- opening


@pytest.mark.parametrize("outcomes", ["....", "..w.w.", "--.-", "wwww"])
def test_without_a_breach_nothing_opens(outcomes):
    assert after(series(outcomes)).entries == []


def test_no_verdicts_say_nothing():
    assert after().entries == []


def test_a_breach_opens_one_incident_for_the_series_that_share_its_cause():
    ledger = after(
        series("..wB", "age"),
        series("..wB", "age", "psi@1"),
        series("..wB", "age", segment=NORTH),
        series("..wB", "debt"),
    )
    assert ledger.kinds == ["opened", "opened"]
    assert causes(ledger) == ["column:age", "column:debt"]
    assert [len(incident.findings) for incident in ledger.incidents] == [3, 1]


def test_the_first_window_is_the_first_beyond_the_limit_and_the_body_names_the_one_that_completed_the_breach():
    ledger = after(series("..wB"))
    [incident] = ledger.incidents
    assert incident.first_window == window(2)
    assert incident.last_window == window(3)
    assert ledger.entries[0].body["completed_by"] == time_json(window(3).start)
    assert incident.opened_at == ledger.entries[0].at


def test_forty_series_of_one_broken_column_open_one_incident_whenever_each_of_them_notices():
    parts = [
        series("." * (2 + i % 4) + "wBBBB", metric=metric, segment=segment, version=version)
        for i, (metric, segment, version) in enumerate(
            (m, s, v) for m in ("mean@1", "psi@1", "null_share@1") for s in (ALL, NORTH, SOUTH, EAST) for v in "*AB"
        )
    ]
    assert causes(after(*parts)) == ["column:age"]


def test_a_column_that_shows_first_in_one_segment_stays_one_incident():
    quiet = series("...wBB", segment=SOUTH, effect=0.9)
    ledger = after(series("..wBBB", segment=NORTH), series("......", segment=EAST), quiet)
    assert causes(ledger) == ["segment:region=North"]
    assert len(ledger.incidents[0].findings) == 2


def test_a_column_that_breaks_everywhere_long_after_a_segment_did_is_another_incident():
    ledger = after(
        series("wBBBBBBBBBBBBB", segment=NORTH),
        series(".............", segment=SOUTH),
        series("...........wBB", "age"),
        series("............wB", segment=SOUTH, metric="mean@1", from_day=1),
    )
    assert "segment:region=North" in causes(ledger)


def test_a_value_half_way_to_its_limit_does_not_make_it_the_segment():
    half = [{**row, "effect": 0.8} for row in series("....", segment=SOUTH)]
    loud = [{**row, "effect": min(row["effect"], 1.2)} for row in series("..wB", segment=NORTH)]
    assert causes(after(loud, half)) == ["column:age"]


def test_a_region_is_judged_against_the_other_regions_in_the_same_windows_only():
    early = series("..", segment=SOUTH)  # judged, but in windows before
    assert causes(after(series(".....wB", segment=NORTH), early)) == ["column:age"]


# --- updating


def test_a_new_finding_updates_the_incident_once():
    ledger = after(series("..wBBB"), series("...wBB", metric="psi@1"))
    assert ledger.kinds == ["opened", "updated"]
    assert len(ledger.incidents[0].findings) == 2


def test_a_worse_severity_updates_the_incident_and_a_better_one_does_not():
    worse = [*series("..wB"), *series("B.B", from_day=4, severity="critical")[:1], *series("BBB", from_day=5)]
    ledger = after(worse)
    assert ledger.kinds == ["opened", "updated"]
    assert ledger.incidents[0].severity is Severity.CRITICAL


def test_a_breach_that_goes_on_says_nothing_new():
    assert after(series("..wBBBBBBBBB")).kinds == ["opened"]


# --- recovering


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ("wB..", IncidentState.OPEN),
        ("wB...", IncidentState.RESOLVED),
        ("wB..w..", IncidentState.OPEN),  # a warning starts the count again
        ("wB.-..", IncidentState.RESOLVED),  # a window that is not judged neither counts nor harms
        ("wB------", IncidentState.OPEN),  # silence alone is no recovery
    ],
)
def test_three_final_ok_windows_recover(outcomes, state):
    [incident] = after(series(outcomes)).incidents
    assert incident.state is state
    assert (incident.resolution is Resolution.RECOVERED) == (state is IncidentState.RESOLVED)


def test_all_findings_must_recover():
    ledger = after(series("wBBBBBBB"), series("wB......", metric="psi@1"))
    assert ledger.incidents[0].state is IncidentState.OPEN


def test_a_retired_version_does_not_hold_the_incident_open():
    ledger = after(series("wBBB...."), series("wBB-----", version="A"))
    assert ledger.incidents[0].resolution is Resolution.RECOVERED


def test_quality_that_waits_for_its_labels_holds_the_incident_open():
    ledger = after(series("wBBB....", "score"), series("wBBlllll", "score", "log_loss@1"))
    assert ledger.incidents[0].state is IncidentState.OPEN


def test_weekly_merges_recover_in_weeks():
    daily = series("." * 7 + "wBBBBBB" + "." * 28)
    weekly = series(".BB....", metric="mean@1", days=7)
    until = [Ledger() for _ in range(2)]
    until[0].run(verdicts(daily, weekly, until=28), day=28)
    until[1].run(verdicts(daily, weekly), day=50)
    assert [ledger.incidents[0].state for ledger in until] == [IncidentState.OPEN, IncidentState.RESOLVED]
    assert [len(ledger.incidents) for ledger in until] == [1, 1]
    assert len(until[1].incidents[0].findings) == 2


# --- coming back


def test_a_breach_within_seven_days_reopens_the_episode_and_a_later_one_opens_the_next():
    soon = after(series("wB...." + "wB"))
    assert soon.kinds == ["opened", "recovered", "reopened"]
    later = after(series("wB" + "." * 12 + "wB"))
    assert later.kinds == ["opened", "recovered", "opened"]
    assert [incident.episode for incident in later.incidents] == [1, 2]


def test_the_seven_days_count_from_the_recovery_not_from_the_last_breach():
    ledger = after(series("wB" + "w" * 9 + "..." + ".wB"))
    assert ledger.kinds == ["opened", "recovered", "reopened"]


def test_windows_restated_between_two_episodes_leave_one_unresolved():
    ledger = Ledger()
    ledger.run(verdicts(series("wB" + "." * 12 + "wB")), day=20)
    ledger.run(verdicts(series("wB" + "B" * 12, seq=2), series("wB", from_day=14)), day=21)
    assert [i.state for i in ledger.incidents] == [IncidentState.RESOLVED, IncidentState.OPEN]
    assert ledger.run(verdicts(series("wB" + "B" * 12, seq=2), series("wB", from_day=14)), day=22) == []


def test_an_earlier_spell_found_by_a_restatement_joins_without_losing_the_later_one():
    ledger = Ledger()
    ledger.run(verdicts(series("." * 9 + "wwB")), day=12)
    restated = verdicts(series("BBBBBBBB...B", seq=2))
    ledger.run(restated, day=13)
    assert ledger.kinds == ["opened", "updated"]
    assert ledger.incidents[0].first_window == window(0)
    assert ledger.run(restated, day=14) == []


def test_a_re_run_after_the_recovery_reopens_nothing():
    table = verdicts(series("..wBBB...."))
    ledger = Ledger()
    ledger.run(table, day=20)
    assert ledger.run(table, day=21) == []
    assert ledger.run(table, day=22, known=False) == []


def test_a_weekly_merge_that_tells_of_the_same_days_later_does_not_reopen():
    ledger = after(series(".w" + "BBB" + "." * 20), series("BB..", metric="psi@1", days=7, from_day=-7))
    assert "reopened" not in ledger.kinds
    assert len(ledger.incidents) == 1


def test_an_old_breach_that_becomes_known_late_belongs_to_the_recovered_incident():
    ledger = Ledger()
    ledger.run(verdicts(series("..wB......")), day=20)
    drafts = ledger.run(verdicts(series("..wB......"), series("..wB......", metric="psi@1")), day=21)
    assert [draft.kind for draft in drafts] == ["incident.updated"]
    [incident] = ledger.incidents
    assert incident.resolution is Resolution.RECOVERED
    assert len(incident.findings) == 2
    assert ledger.run(verdicts(series("..wB......"), series("..wB......", metric="psi@1")), day=22) == []


# --- people


def test_what_people_dismissed_stays_while_the_same_breach_goes_on():
    ledger = Ledger()
    ledger.run(verdicts(series("..wB")), day=4)
    ledger.act(actions.resolve(ledger.incidents[0], "dismissed", "a campaign"), day=5)
    ledger.run(verdicts(series("..wB" + "B" * 16)), day=20)
    assert ledger.kinds == ["opened", "resolved"]


def test_after_a_dismissal_a_new_breach_of_the_same_series_reopens():
    ledger = Ledger()
    ledger.run(verdicts(series("..wB")), day=4)
    ledger.act(actions.resolve(ledger.incidents[0], "confirmed", "mended"), day=4)
    ledger.run(verdicts(series("..wB....wB")), day=10)
    assert ledger.kinds == ["opened", "resolved", "reopened"]


def test_after_a_dismissal_another_finding_is_news():
    ledger = Ledger()
    ledger.run(verdicts(series("..wB")), day=4)
    ledger.act(actions.resolve(ledger.incidents[0], "dismissed", "a campaign"), day=4)
    ledger.run(verdicts(series("..wBBB"), series("...wBB", metric="null_share@1")), day=7)
    assert ledger.kinds == ["opened", "resolved", "reopened"]


def test_an_acknowledged_incident_recovers_as_any_other():
    ledger = Ledger()
    ledger.run(verdicts(series("..wB")), day=4)
    ledger.act(actions.acknowledge(ledger.incidents[0], "on it"), day=4)
    ledger.run(verdicts(series("..wB...")), day=8)
    assert ledger.incidents[0].resolution is Resolution.RECOVERED


def test_what_a_person_reopened_is_not_recovered_again_by_the_same_windows():
    ledger = Ledger()
    table = verdicts(series("..wB...."))
    ledger.run(table, day=8)
    ledger.act(actions.reopen(ledger.incidents[0], "not over"), day=9)
    assert ledger.run(table, day=10) == []
    assert ledger.incidents[0].state is IncidentState.OPEN
    ledger.run(verdicts(series("..wB....wB...")), day=20)
    assert ledger.incidents[0].resolution is Resolution.RECOVERED


# --- restating


def test_an_incident_whose_evidence_has_gone_is_corrected_and_nothing_is_deleted():
    ledger = Ledger()
    ledger.run(verdicts(series("..wB")), day=4)
    ledger.run(verdicts(series("...w", seq=2)), day=5)
    [incident] = ledger.incidents
    assert ledger.kinds == ["opened", "corrected"]
    assert incident.resolution is Resolution.CORRECTED
    assert len(incident.findings) == 1
    assert ledger.run(verdicts(series("...w", seq=2)), day=6) == []


def test_an_incident_keeps_while_one_of_its_findings_stands():
    ledger = Ledger()
    ledger.run(verdicts(series("..wB"), series("..wB", metric="psi@1")), day=4)
    ledger.run(verdicts(series("....", seq=2), series("..wB", metric="psi@1")), day=5)
    assert ledger.incidents[0].state is IncidentState.OPEN


def test_rows_that_have_gone_correct_as_well():
    ledger = Ledger()
    ledger.run(verdicts(series("..wB")), day=4)
    ledger.run(verdicts(series("----", seq=2)), day=5)
    assert ledger.incidents[0].resolution is Resolution.CORRECTED


def test_verdicts_that_are_not_at_hand_correct_nothing():
    ledger = Ledger()
    ledger.run(verdicts(series("..wB")), day=4)
    ledger.run(verdicts(series("....", column="debt")), day=5)
    assert ledger.incidents[0].state is IncidentState.OPEN


def test_evidence_that_comes_back_reopens_a_corrected_incident():
    ledger = Ledger()
    for day, (outcomes, seq) in enumerate([("..wB", 1), ("....", 2), ("..wB", 3), ("....", 4), ("..wB", 5)]):
        ledger.run(verdicts(series(outcomes, seq=seq)), day=5 + day)
    assert ledger.kinds == ["opened", "corrected", "reopened", "corrected", "reopened"]


def test_evidence_that_comes_back_after_weeks_is_a_new_episode():
    ledger = Ledger()
    ledger.run(verdicts(series("..wB")), day=5)
    ledger.run(verdicts(series("....", seq=2)), day=6)
    ledger.run(verdicts(series("..wB", seq=3)), day=30)
    assert [incident.episode for incident in ledger.incidents] == [1, 2]
    assert ledger.run(verdicts(series("..wB", seq=3)), day=31) == []


def test_people_s_decisions_are_not_corrected():
    ledger = Ledger()
    ledger.run(verdicts(series("..wB")), day=4)
    ledger.act(actions.resolve(ledger.incidents[0], "confirmed", "a bad join"), day=4)
    ledger.run(verdicts(series("....", seq=2)), day=5)
    assert ledger.incidents[0].resolution is Resolution.CONFIRMED


def test_of_several_rows_of_one_window_the_newest_holds():
    assert after([*series("..wB", seq=1), *series("....", seq=2)]).entries == []


# --- consequences


def test_a_model_breach_near_a_column_is_its_consequence_and_no_problem_of_its_own():
    ledger = after(series("..wBBBB", "age"), series("...wBBB", "score"))
    column, model = ledger.incidents
    assert (column.cause, model.cause) == ("column:age", "model")
    assert column.consequences == (model.id,)
    assert open_problems(ledger.incidents) == [column]
    assert ledger.entries[1].body["consequence_of"] == column.id
    assert model.suspects == (("age", 1.0),)


def test_a_model_breach_seen_before_its_column_becomes_the_consequence_when_the_column_opens():
    ledger = after(series("..wBBBB", "score"), series("....wBB", "age"))
    assert ledger.kinds == ["opened", "opened", "consequence"]
    assert [incident.cause for incident in open_problems(ledger.incidents)] == ["column:age"]


def test_a_model_breach_long_before_the_column_is_its_own_problem():
    ledger = after(series("wBBBBBBBB", "score"), series(".......wB", "age"))
    assert len(open_problems(ledger.incidents)) == 2


def test_a_consequence_that_outlives_its_cause_is_a_problem():
    ledger = after(series("wBBB...", "age"), series("wBBBBBB", "score"))
    assert [incident.cause for incident in open_problems(ledger.incidents)] == ["model"]


def test_columns_that_were_only_the_first_of_many_follow_from_the_source():
    features = ("age", "annual_income", "debt", "region", "tenure")
    parts = [series("..wBBBB", "age"), *(series("...wBBB", column) for column in features[1:])]
    ledger = after(*parts, context=Context(features))
    assert [incident.cause for incident in open_problems(ledger.incidents)] == ["source"]


# --- idempotence and pieces


def test_findings_say_what_they_are_compared_with():
    ledger = after(series("..wB"), points=points(point(day=3, baseline_value=1.0, sd=2.5)))
    assert ledger.incidents[0].findings[0].baseline_value == 1.0
    assert ledger.incidents[0].title == "age moved up by 0.8 sd since 4 Feb"


def test_another_monitor_s_findings_are_neither_opened_nor_resolved_here():
    ledger = after(series("..wB", monitor="other"))
    assert ledger.entries == []


letters = st.text("..wBB-", min_size=12, max_size=21)
worlds = st.lists(
    st.tuples(
        letters,
        st.sampled_from(["age", "annual_income", "debt", "region", "score", ""]),
        st.sampled_from([(ALL, "*"), (NORTH, "*"), (SOUTH, "*"), (ALL, "A"), (ALL, "B")]),
        st.sampled_from([1, 1, 7]),
        st.sampled_from(["warning", "critical"]),
    ),
    min_size=1,
    max_size=7,
    unique_by=lambda part: part[1:4],
)


def table_of(world) -> pa.Table:
    parts = [
        series(
            outcomes[: 21 // days],
            column,
            "row_count@1" if column == "" else "mean@1",
            segment=segment,
            version=version,
            days=days,
            severity=severity,
        )
        for outcomes, column, (segment, version), days, severity in world
    ]
    return verdicts(*parts)


def until(table: pa.Table, day: int) -> pa.Table:
    ended = [end <= window(day).start for end in table["window_end"].to_pylist()]
    return table.filter(pa.array(ended, pa.bool_()))


def told(ledger):
    """What the ledger says, but for the times of the runs and the numbers of the entries."""
    varying = ("opened_at", "changed_at")
    states = [{k: v for k, v in incident_json(i).items() if k not in varying} for i in ledger.incidents]
    return states, [(entry.kind, entry.subject, entry.key, entry.body) for entry in ledger.entries]


@settings(max_examples=25, deadline=None)
@given(worlds, st.sets(st.integers(1, 21), max_size=4), st.booleans())
def test_one_run_and_many_pieces_tell_the_same(world, cuts, known):
    table = table_of(world)
    whole, pieces = Ledger(), Ledger()
    whole.run(table, day=40)
    for day in sorted(cuts):
        pieces.run(until(table, day), day=day, known=known)
    pieces.run(table, day=40, known=known)
    assert told(pieces) == told(whole)


@settings(max_examples=25, deadline=None)
@given(worlds, st.randoms())
def test_the_order_of_the_verdicts_is_nothing(world, random):
    table = table_of(world)
    rows = list(range(table.num_rows))
    random.shuffle(rows)
    one, other = Ledger(), Ledger()
    one.run(table, day=40)
    other.run(table.take(rows), day=40)
    assert told(one) == told(other)


@settings(max_examples=25, deadline=None)
@given(worlds, worlds)
def test_after_any_restatement_one_unresolved_incident_per_fingerprint_and_a_second_run_adds_nothing(before, now):
    ledger = Ledger()
    ledger.run(table_of(before), day=25)
    restated = table_of(now)
    ledger.run(restated, day=26)
    assert ledger.run(restated, day=27) == []
    unresolved = [i.fingerprint for i in ledger.incidents if i.state is not IncidentState.RESOLVED]
    assert len(unresolved) == len(set(unresolved))
