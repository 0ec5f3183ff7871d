from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.incidents.build import NORTH, finding, window

from watchkeeper.incidents.json import finding_from, finding_json, incident_from, incident_json, time_from, time_json
from watchkeeper.terms import Incident, IncidentState, Resolution, Severity

AT = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
AN_INCIDENT = Incident(
    id="c1a9f20b77-2",
    fingerprint="c1a9f20b7743aa",
    episode=2,
    model="credit",
    monitor="credit",
    cause="segment:region=North",
    severity=Severity.CRITICAL,
    state=IncidentState.RESOLVED,
    resolution=Resolution.DISMISSED,
    title="In region=North, age moved",
    opened_at=AT,
    changed_at=AT + timedelta(days=1),
    first_window=window(1),
    last_window=window(4),
    findings=(finding("age", segment=NORTH, first=1, last=4), finding("", "row_count@1", value=None, limit=None)),
    suspects=(("age", 0.75), ("debt", 0.25)),
    consequences=("0a9f20b77c-1",),
    owner="lena",
)


def test_an_incident_comes_back_from_its_json_as_it_was():
    text = json.dumps(incident_json(AN_INCIDENT, [3, 9]), allow_nan=False)
    assert incident_from(json.loads(text)) == AN_INCIDENT


def test_nothing_is_left_out_where_there_is_nothing():
    bare = replace(AN_INCIDENT, owner=None, resolution=None, state=IncidentState.OPEN, suspects=(), consequences=())
    body = incident_json(bare)
    assert body["owner"] is None
    assert body["resolution"] is None
    assert incident_from(body) == bare


def test_the_keys_are_those_of_the_command_line():
    promised = (
        "id fingerprint episode model monitor cause severity state resolution title opened_at changed_at first_window "
        "last_window owner findings suspects consequences entries"
    )
    body = incident_json(AN_INCIDENT, [3, 9])
    assert set(promised.split()) <= set(body)
    of_a_finding = (
        "rule metric column model_version segment_key segment_value baseline first_window last_window value limit"
    )
    assert set(of_a_finding.split()) <= set(body["findings"][0])
    assert body["suspects"][0] == {"name": "age", "share": 0.75}
    assert body["entries"] == [3, 9]


def test_a_window_is_named_by_its_start_in_utc():
    assert finding_json(finding(first=1))["first_window"] == "2026-02-03T00:00:00Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_come_back_to_the_microsecond(at):
    assert time_from(time_json(at)) == at


@given(
    st.builds(
        finding,
        st.text(),
        value=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        segment=st.tuples(st.text(), st.text()),
        effect=st.floats(0, 1e9),
        last=st.integers(0, 5),
    )
)
def test_findings_with_any_names_come_back(given_finding):
    assert finding_from(json.loads(json.dumps(finding_json(given_finding)))) == given_finding
