from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.incidents.build import DAY, START, finding
from tests.incidents.test_json import AN_INCIDENT

from watchkeeper.incidents.reopening import Fate, fate, recovery_of
from watchkeeper.terms import Resolution

RECOVERED = replace(AN_INCIDENT, resolution=Resolution.RECOVERED, findings=(finding(first=1, last=4),))
NOW = START + 60 * DAY


def when(incident, found, day):
    recovered = incident.resolution is Resolution.RECOVERED
    resolved = recovery_of(incident) if recovered else incident.changed_at
    return fate(incident, found, START + day * DAY, resolved=resolved, now=NOW)


def test_a_recovery_is_in_the_time_of_its_windows():
    assert recovery_of(RECOVERED) == START + 8 * DAY


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (9, 10, Fate.REOPENS),
        (14, 14, Fate.REOPENS),
        (15, 15, Fate.NEW_EPISODE),
        (2, 3, Fate.BELONGS),
        (0, 4, Fate.BELONGS),
    ],
)
def test_after_a_recovery_only_later_evidence_reopens(first, last, expected):
    assert when(RECOVERED, finding(metric="psi@1", first=first, last=last), last + 1) is expected


def test_a_breach_long_before_the_incident_is_an_episode_of_its_own():
    assert when(RECOVERED, finding(first=-20, last=-15), -14) is Fate.NEW_EPISODE


@pytest.mark.parametrize("resolution", [Resolution.CONFIRMED, Resolution.DISMISSED])
def test_people_decide_about_what_they_saw(resolution):
    decided = replace(RECOVERED, resolution=resolution, changed_at=START + 5 * DAY)
    assert when(decided, finding(first=1, last=9), 10) is Fate.DECIDED
    assert when(decided, finding(first=6, last=7), 8) is Fate.REOPENS
    assert when(decided, finding(metric="psi@1", first=1, last=6), 7) is Fate.REOPENS
    assert when(decided, finding(first=13, last=14), 15) is Fate.NEW_EPISODE


def test_after_a_correction_the_time_of_the_run_counts():
    corrected = replace(RECOVERED, resolution=Resolution.CORRECTED, changed_at=NOW - timedelta(days=2))
    assert when(corrected, finding(first=1, last=4), 5) is Fate.REOPENS
    assert when(replace(corrected, changed_at=NOW - timedelta(days=8)), finding(first=1, last=4), 5) is Fate.NEW_EPISODE
