from datetime import UTC, datetime, timedelta

from watchkeeper.simulate.story import Planted, Story
from watchkeeper.simulate.truth import compare, expected_cause, truth

START = datetime(2026, 2, 16, tzinfo=UTC)
UNIT = Planted("unit_change", "income in cents", "annual_income", None, None, START, 100.0)
SHIFT = Planted("population_shift", "older in the east", "age", "region=east", None, START, 0.8)
VERSION = Planted("weaker_version", "a weaker version", None, None, "ab12", START, 0.07)


def incident(cause, first=0, last=5, name="i-1"):
    first_window, last_window = (START + timedelta(days=day) for day in (first, last))
    return {
        "id": name,
        "cause": cause,
        "first_window": first_window.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "last_window": last_window.isoformat(),
    }


def test_the_truth_of_a_clean_story_is_empty():
    assert truth(Story(2, clean=True)) == []
    assert [one.kind for one in truth(Story(2))].count("unit_change") == 1


def test_each_kind_of_change_has_its_cause():
    assert [expected_cause(one) for one in (UNIT, SHIFT, VERSION)] == [
        "column:annual_income",
        "segment:region=east",
        "version:ab12",
    ]


def test_a_change_is_found_by_the_incident_of_its_cause():
    incidents = [incident("version:ab12", name="v"), incident("column:annual_income", first=2, name="c")]
    found = compare([UNIT, SHIFT, VERSION], incidents)
    assert [(one.planted.kind, one.incident, one.delay_windows) for one in found] == [
        ("unit_change", "c", 2),
        ("weaker_version", "v", 0),
    ]
    assert found[0].to_json() == {
        "incident": "c",
        "cause": "column:annual_income",
        "delay_windows": 2,
        "what": "income in cents",
    }


def test_an_incident_of_another_column_segment_or_version_finds_nothing():
    others = [incident("column:age"), incident("segment:region=west"), incident("version:cd34"), incident("model")]
    assert compare([UNIT, SHIFT, VERSION], others) == []


def test_an_incident_that_was_over_before_the_change_does_not_tell_of_it():
    assert compare([UNIT], [incident("column:annual_income", first=-6, last=-2)]) == []


def test_an_incident_that_began_long_before_the_change_does_not_tell_of_it():
    assert compare([UNIT], [incident("column:annual_income", first=-9, last=4)]) == []


def test_a_week_that_holds_the_change_counts_as_no_delay():
    found = compare([UNIT], [incident("column:annual_income", first=-3, last=1)])
    assert [one.delay_windows for one in found] == [0]


def test_the_earliest_of_several_incidents_counts():
    later, sooner = (
        incident("column:annual_income", 4, name="later"),
        incident("column:annual_income", 1, name="sooner"),
    )
    assert [one.incident for one in compare([UNIT], [later, sooner])] == ["sooner"]


def test_delays_are_counted_in_windows_of_the_monitor():
    found = compare([UNIT], [incident("column:annual_income", first=14)], window=timedelta(days=7))
    assert [one.delay_windows for one in found] == [2]


def test_a_change_in_the_middle_of_a_window_shows_in_it_without_delay():
    noon = Planted("unit_change", "", "annual_income", None, None, START + timedelta(hours=12), 100.0)
    days = (incident("column:annual_income", first=first) for first in (0, 1))
    assert [compare([noon], [one])[0].delay_windows for one in days] == [0, 1]
