"""Global options stand before or after the command."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "words",
    [("--json", "version"), ("version", "--json")],
    ids=["before", "after"],
)
def test_json_may_stand_before_or_after(ask, words):
    assert ask(*words).data["version"]


def test_options_may_stand_on_both_sides_and_below_a_group(ask, watched):
    said = ask("-C", watched, "incidents", "--json", "list", "--now", "2026-10-20")
    assert said.envelope["at"] == "2026-10-20T00:00:00Z"


def test_a_quiet_command_still_answers(ask, watched):
    said = ask("-C", watched, "-q", "incidents", "list")
    assert "income" in said.out
    assert said.err == ""


def test_the_project_is_found_from_a_folder_below_it(ask, watched, monkeypatch):
    monkeypatch.chdir(watched / "data")
    assert ask("incidents", "list", "--json").envelope["project"] == "small-bank"


def test_a_moment_without_a_zone_is_refused_with_an_example(ask, watched):
    said = ask("-C", watched, "--now", "2026-10-20T08:00", "status")
    assert said.code == 2
    assert "2026-01-31T06:00:00Z" in said.err


def test_an_unknown_command_names_the_nearest(ask):
    said = ask("statsu")
    assert said.code == 2
    assert "Did you mean 'status'?" in said.err
