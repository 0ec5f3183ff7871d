"""With ``--json`` standard output holds one object with the keys of the contract, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.surfaces import bank

ENVELOPE = {"format", "command", "at", "project", "data", "errors"}
RUN = {
    "monitor", "monitor_version", "state", "batch_seq", "rows", "windows", "points", "verdicts", "incidents", "seconds",
    "error",
}  # fmt: skip
INCIDENT = {
    "id", "fingerprint", "episode", "model", "monitor", "cause", "severity", "state", "resolution", "title",
    "opened_at", "changed_at", "first_window", "last_window", "owner", "findings", "suspects", "consequences",
    "entries",
}  # fmt: skip
FINDING = {
    "rule", "metric", "column", "model_version", "segment_key", "segment_value", "baseline", "first_window",
    "last_window", "value", "limit",
}  # fmt: skip
STATUS = {
    "monitor", "model", "state", "last_run", "last_event", "last_final_window", "labels_matured_until",
    "open_incidents", "outbox_pending",
}  # fmt: skip
PLAN = {"monitor", "monitor_version", "due", "late", "open", "rescan", "scan", "cells_per_window", "writes"}
METRIC = {
    "name", "version", "family", "unit", "low", "high", "better", "reads", "needs_baseline", "needs_labels", "options",
    "minimum_n", "guarantee", "source",
}  # fmt: skip
POINT = {"metric", "column", "segment_key", "segment_value", "window_start", "window_end", "value", "status", "seq"}
ENTRY = {"seq", "at", "actor", "actor_kind", "kind", "subject", "key", "body", "previous", "hash"}
LISTINGS = [
    (("status",), STATUS),
    (("plan",), PLAN),
    (("incidents", "list"), INCIDENT),
    (("points", "credit", "--limit", "3"), POINT),
    (("verdicts", "credit", "--limit", "3"), {"rule", "outcome", "severity", "why", "limit", "evidence"}),
    (("metrics", "list"), METRIC),
    (("ledger", "list"), ENTRY),
    (("plugins", "list"), {"kind", "name", "origin", "version"}),
]


@pytest.mark.parametrize(("words", "keys"), LISTINGS, ids=[" ".join(words[:2]) for words, _ in LISTINGS])
def test_a_listing_has_items_with_the_keys_of_the_contract(ask, watched, words, keys):
    said = ask("-C", watched, "--json", "--now", bank.NOW, *words)
    assert said.code == 0
    assert set(said.envelope) == ENVELOPE
    assert said.envelope["format"] == "watchkeeper/1"
    assert said.envelope["errors"] == []
    assert set(said.data) == {"items", "next"}
    assert said.data["items"], "an empty list would prove nothing"
    assert all(keys <= set(item) for item in said.data["items"])


def test_the_command_is_named_by_its_words(ask, watched):
    assert ask("-C", watched, "incidents", "list", "--json").envelope["command"] == "incidents list"


def test_the_project_and_the_moment_are_named(ask, watched):
    envelope = ask("-C", watched, "incidents", "list", "--json", "--now", "2026-10-14").envelope
    assert (envelope["project"], envelope["at"]) == ("small-bank", "2026-10-14T00:00:00Z")


def test_a_run_says_everything_it_did(ask, bank_folder):
    said = ask("-C", bank_folder, "--json", "--now", bank.NOW, "run")
    (item,) = said.data["items"]
    assert said.code == 0
    assert set(item) >= RUN
    assert set(item["rows"]) == {"read", "new", "duplicate", "late", "by_parse_status"}
    assert set(item["windows"]) == {"final", "open", "restated"}
    assert set(item["verdicts"]) == {"ok", "warning", "breach", "not_judged"}
    assert set(item["incidents"]) == {"opened", "updated", "resolved", "corrected"}
    assert (item["state"], item["error"], item["incidents"]["opened"]) == ("done", None, 1)


def test_an_incident_is_shown_whole(ask, watched):
    (listed,) = ask("-C", watched, "incidents", "list", "--json").data["items"]
    shown = ask("-C", watched, "incidents", "show", listed["id"][:4], "--json").data
    assert shown == listed
    assert set(shown) >= INCIDENT
    assert all(set(finding) >= FINDING for finding in shown["findings"])


def test_a_check_of_the_ledger_has_the_keys_of_the_contract(ask, watched):
    said = ask("-C", watched, "ledger", "verify", "--json").data
    assert set(said) == {"intact", "entries", "head", "first_broken", "anchor"}
    assert (said["intact"], said["first_broken"], said["anchor"]) == (True, None, {"checked": False, "matches": None})


def test_a_misuse_is_an_envelope_too(ask):
    said = ask("incidents", "resolve", "abc", "--json")
    assert said.code == 2
    assert said.envelope["command"] == "incidents resolve"
    assert said.envelope["errors"][0]["message"] == "Missing option '--as'. Choose from:\n\tconfirmed,\n\tdismissed"
    assert set(said.envelope["errors"][0]) == {"code", "file", "line", "path", "message", "fix"}


def test_logs_and_progress_go_to_standard_error(watched):
    words = [
        "-C",
        str(watched),
        "run",
        "--json",
        "-v",
        "--log",
        "json",
        "--progress",
        "json",
        "--recompute",
        "--now",
        bank.NOW,
    ]
    done = subprocess.run([sys.executable, "-m", "watchkeeper", *words], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["command"] == "run"
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    stages = [line for line in lines if "stage" in line]
    assert {"stage", "phase", "monitor", "seq"} == set(stages[0])
    assert {line["phase"] for line in stages} == {"before", "after"}
    assert any(line.get("event") == "run" for line in lines)
