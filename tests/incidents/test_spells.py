from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.incidents.build import ALL, NORTH, SOUTH, point, points, series, verdicts, window

from watchkeeper.incidents.spells import grain, histories, series_of
from watchkeeper.terms import Severity, Window


def spells(outcomes, **key):
    [history] = histories(verdicts(series(outcomes, **key))).values()
    return history.spells


def test_a_spell_runs_from_the_first_window_beyond_to_the_third_ok_one():
    [spell] = spells(".wB.B...")
    assert (spell.first, spell.last) == (window(1), window(4))
    assert spell.began == window(2).end
    assert spell.ended == window(7).end


def test_two_ok_windows_do_not_end_it():
    [spell] = spells("BB..BB")
    assert spell.ended is None


def test_after_its_end_a_breach_begins_another():
    assert [spell.began for spell in spells("BB...BB")] == [window(0).end, window(5).end]


def test_seen_from_a_moment_nothing_later_is_known():
    [history] = histories(verdicts(series(".wBBB..."))).values()
    [spell] = history.spells
    assert history.until(window(1).end, spell) is None
    early = history.until(window(2).end, spell)
    assert early is not None
    assert (early.last, early.ended) == (window(2), None)
    assert history.until(window(7).end, spell) == spell


def test_three_silent_windows_are_an_end_without_a_recovery():
    [spell] = spells("BB----")
    assert spell.ended is None
    assert spell.over(window(3).end) is None
    assert spell.over(window(4).end) == window(4).end


def test_windows_that_wait_for_their_labels_are_not_silent():
    [history] = histories(verdicts(series("BBllll--"))).values()
    [spell] = history.spells
    assert history.until(window(7).end, spell).over(window(7).end) is None
    assert history.until(window(8).end, spell).over(window(8).end) == window(8).end


def test_a_finding_has_the_span_of_the_spell_and_the_numbers_of_its_strongest_breach():
    rows = series(".BBB")
    rows[2] |= {"effect": 9.0, "value": 7.0, "severity": "critical"}
    [history] = histories(verdicts(rows)).values()
    finding = history.spells[0].finding()
    assert (finding.first, finding.last, finding.point.window) == (window(1), window(3), window(2))
    assert (finding.value, finding.effect, finding.severity) == (7.0, 9.0, Severity.CRITICAL)
    assert finding.evidence == (window(1), window(2), window(3))
    assert series_of(finding) == history.series


def test_a_breach_without_evidence_rests_on_its_own_window():
    rows = [{**row, "evidence": []} for row in series("..B")]
    [history] = histories(verdicts(rows)).values()
    assert history.spells[0].evidence == (window(2),)


def test_days_and_weeks_of_one_series_are_apart():
    table = verdicts(series("BBBBBBB"), series("BB", days=7, from_day=-7))
    assert sorted(found.grain for found in histories(table)) == [86_400, 7 * 86_400]


def test_only_what_is_judged_alike_with_a_breach_is_looked_at():
    table = verdicts(
        series("..B"), series("...", segment=SOUTH), series("...", column="debt"), series("www", metric="psi@1")
    )
    assert {(found.watch[3], found.watch[2], found.segment.value) for found in histories(table)} == {
        ("age", "mean@1", ""),
        ("age", "mean@1", "South"),
    }


def test_baseline_values_and_spreads_come_from_the_points():
    table = verdicts(series("..B"), series("..B", segment=NORTH))
    found = histories(table, points=points(point(day=2, baseline_value=4.0, sd=2.0), point(day=1, baseline_value=9.0)))
    compared = {h.series.segment.value: (h.rows[-1].baseline_value, h.rows[-1].sd) for h in found.values()}
    assert compared == {ALL[1]: (4.0, 2.0), "North": (None, None)}


@pytest.mark.parametrize(
    ("days", "hours", "expected"),
    [(0, 1, 3600), (0, 23, 86_400), (0, 25, 86_400), (7, 1, 7 * 86_400), (31, 0, 30 * 86_400), (28, 0, 30 * 86_400)],
)
def test_windows_of_one_kind_have_one_grain_whatever_the_clock_does(days, hours, expected):
    start = datetime(2026, 3, 1, tzinfo=UTC)
    assert grain(Window(start, start + timedelta(days=days, hours=hours))) == expected
