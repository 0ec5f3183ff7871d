from __future__ import annotations

import pytest
from tests.surfaces import bank

from watchkeeper import Project
from watchkeeper.store import leases


def test_a_run_says_in_a_line_what_it_did_and_what_it_found(ask, bank_folder):
    said = ask("-C", bank_folder, "run", "--now", bank.NOW)
    assert said.code == 0
    first, second = said.out.splitlines()
    assert first.startswith("credit: 5,760 new rows, 36 windows judged, 1 window still open, ")
    assert second.lstrip().startswith("open ")
    assert "income looks like a change of unit: mean 12× the baseline" in second


def test_a_second_run_finds_nothing_new(ask, watched):
    said = ask("-C", watched, "run", "--now", bank.NOW, "--json")
    (item,) = said.data["items"]
    assert (said.code, item["state"], item["points"]) == (0, "nothing_new", 0)


def test_a_monitor_that_fails_does_not_stop_the_others(ask, bank_folder):
    (bank_folder / "monitors" / "a_broken.yaml").write_text("source: data/gone\ncolumns: {time: at}\n")
    said = ask("-C", bank_folder, "run", "--now", bank.NOW, "--json")
    assert said.code == 1
    states = {item["monitor"]: item["state"] for item in said.data["items"]}
    assert states == {"a_broken": "failed", "credit": "done"}
    assert [fault["code"] for fault in said.envelope["errors"]] == ["E301"]


def test_nothing_ran_when_every_monitor_is_at_fault(ask, bank_folder):
    (bank_folder / "monitors" / "credit.yaml").write_text("source: data/gone\n")
    said = ask("-C", bank_folder, "run", "--now", bank.NOW)
    assert said.code == 2
    assert "no table 'data/gone'" in said.err


@pytest.mark.parametrize(("severity", "code"), [("info", 3), ("warning", 3), ("critical", 0)])
def test_fail_on_asks_for_an_unresolved_incident_of_that_severity(ask, watched, severity, code):
    assert ask("-C", watched, "run", "--now", bank.NOW, "--fail-on", severity).code == code


def test_another_process_at_work_is_told_by_exit_5(ask, watched):
    project = Project(watched)
    with leases.held(project.place.database, "monitor:credit"):
        said = ask("-C", watched, "run", "--now", bank.NOW, "--json")
    project.close()
    assert said.code == 5
    assert said.envelope["errors"][0]["code"] == "E501"


def test_the_clock_is_not_given_to_a_run_that_repeats(ask, watched):
    said = ask("-C", watched, "run", "--every", "1 hour", "--now", bank.NOW)
    assert said.code == 2
    said = ask("-C", watched, "run", "--every", "often")
    assert "'often' is not a duration" in said.err
