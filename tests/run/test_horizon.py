"""Incidents are told from the verdicts that still say something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from watchkeeper.run.horizon import horizon, matter
from watchkeeper.terms import Finding, Incident, IncidentState, PointKey, Resolution, Segment, Severity, Window

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def incident(first: int, last: int, state: str = "resolved", episode: int = 1, print_: str = "a") -> Incident:
    """One that reached from so many days ago to so many days ago."""
    windows = [Window(NOW - days * DAY, NOW - days * DAY + DAY) for days in (first, last)]
    key = PointKey("credit", "mean@1", "age", "*", Segment(), windows[0], "fixed")
    finding = Finding("change@1", key, *windows, 1.0, 0.0, 0.5, Severity.WARNING, 2.0, tuple(windows))
    resolution = Resolution.RECOVERED if state == "resolved" else None
    return Incident(
        id=f"{print_}-{episode}",
        fingerprint=print_,
        episode=episode,
        model="credit",
        monitor="credit",
        cause="column:age",
        severity=Severity.WARNING,
        state=IncidentState(state),
        resolution=resolution,
        title="",
        opened_at=NOW,
        changed_at=NOW,
        first_window=windows[0],
        last_window=windows[1],
        findings=(finding,),
        suspects=(),
        consequences=(),
        owner=None,
    )


def test_without_problems_only_what_changed_is_read():
    assert horizon(NOW - DAY, None, []) == NOW - DAY
    assert horizon(NOW - DAY, None, [incident(200, 190)]) == NOW - DAY


def test_a_breach_that_goes_on_is_read_from_its_beginning():
    assert horizon(NOW - DAY, NOW - 40 * DAY, []) == NOW - 40 * DAY


def test_an_unresolved_incident_and_one_that_may_be_reopened_are_read_whole():
    assert horizon(NOW - DAY, None, [incident(100, 90, "open")]) == NOW - 100 * DAY
    assert horizon(NOW - DAY, None, [incident(20, 10)]) == NOW - 20 * DAY


def test_an_incident_that_touches_one_that_is_read_is_read_too():
    chain = [incident(20, 10), incident(45, 30, print_="b"), incident(90, 80, print_="c")]
    assert horizon(NOW - DAY, None, chain) == NOW - 45 * DAY


def test_old_episodes_say_nothing_any_more_but_the_latest_is_known():
    first, second = incident(300, 290), incident(200, 190, episode=2)
    assert matter([first, second], NOW - DAY) == [second]
    assert matter([first, second], NOW - 300 * DAY) == [first, second]
