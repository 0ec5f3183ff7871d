from __future__ import annotations

from xml.etree import ElementTree

import pytest
from tests.surfaces import bank


def cases(path):
    return {case.get("name"): case for case in ElementTree.parse(path).getroot().iter("testcase")}


def test_a_run_leaves_a_junit_report_and_a_page(ask, bank_folder, tmp_path):
    xml, page = tmp_path / "out" / "watchkeeper.xml", tmp_path / "out" / "watchkeeper.md"
    said = ask("-C", bank_folder, "--now", bank.NOW, "run", "--fail-on", "warning", "--summary", xml, "--summary", page)
    assert said.code == 3
    failure = cases(xml)["mean of income"].find("failure")
    assert failure.get("message").startswith("warning: income looks like a change of unit: mean 12× the baseline")
    assert "all rows: value 486,000, baseline 39,900, limit 44,800" in failure.text
    assert cases(xml)["mean of age"].find("*") is None
    assert "**warning** income looks like a change of unit" in page.read_text()


def test_what_is_less_severe_than_fail_on_fails_no_case(ask, watched, tmp_path):
    xml, page = tmp_path / "s.xml", tmp_path / "s.md"
    command = ("-C", watched, "--now", bank.NOW, "status", "--summary", xml, "--summary", page)
    assert ask(*command, "--fail-on", "critical").code == 0
    assert all(case.find("failure") is None for case in cases(xml).values())
    assert "nothing failed" in page.read_text() and "income looks like" in page.read_text()
    assert ask(*command).code == 0
    assert cases(xml)["mean of income"].find("failure") is not None


def test_a_resolved_incident_fails_nothing(ask, watched, tmp_path):
    (item,) = ask("-C", watched, "incidents", "list", "--json").data["items"]
    ask(
        "-C", watched, "incidents", "resolve", item["id"], "--as", "confirmed", "--reason", "the loader was rolled back"
    )
    path = tmp_path / "s.xml"
    said = ask("-C", watched, "--now", bank.NOW, "status", "--summary", path, "--fail-on", "info")
    assert said.code == 0
    assert all(case.find("failure") is None for case in cases(path).values())


def test_an_acknowledged_incident_is_unresolved_and_fails(ask, watched):
    (item,) = ask("-C", watched, "incidents", "list", "--json").data["items"]
    ask("-C", watched, "incidents", "acknowledge", item["id"], "--note", "looking")
    assert ask("-C", watched, "--now", bank.NOW, "status", "--fail-on", "warning").code == 3


def test_only_the_selected_monitors_count(ask, watched):
    text = (watched / "monitors" / "credit.yaml").read_text()
    (watched / "monitors" / "other.yaml").write_text(text.replace("first: 14 days", "first: 35 days"))
    assert ask("-C", watched, "--now", bank.NOW, "run", "other", "--fail-on", "info").code == 0
    assert ask("-C", watched, "--now", bank.NOW, "status", "other", "--fail-on", "info").code == 0
    assert ask("-C", watched, "--now", bank.NOW, "status", "--fail-on", "info").code == 3


def test_a_monitor_that_failed_is_an_error_of_its_suite(ask, bank_folder, tmp_path):
    (bank_folder / "monitors" / "a_broken.yaml").write_text("source: data/gone\ncolumns: {time: at}\n")
    path = tmp_path / "s.xml"
    assert ask("-C", bank_folder, "run", "--now", bank.NOW, "--summary", path).code == 1
    errors = {case.get("classname"): case.find("error") for case in ElementTree.parse(path).iter("testcase")}
    assert "no table 'data/gone'" in errors["a_broken"].get("message")
    assert errors["credit"] is None


def test_a_summary_needs_a_suffix_that_says_what_it_is(ask, watched, tmp_path):
    said = ask("-C", watched, "status", "--summary", tmp_path / "s.txt")
    assert said.code == 2 and "ends neither in .xml (JUnit) nor in .md (Markdown)" in said.err


@pytest.mark.parametrize("command", ["run", "status"])
def test_json_is_the_same_with_a_summary(ask, watched, tmp_path, command):
    said = ask("-C", watched, "--now", bank.NOW, command, "--summary", tmp_path / "s.md", "--json")
    assert said.code == 0 and said.envelope["errors"] == []


def test_a_run_that_repeats_has_no_end_to_fail(ask, watched):
    said = ask("-C", watched, "run", "--every", "1 hour", "--fail-on", "info")
    assert said.code == 2 and "leave out one of them" in said.err
