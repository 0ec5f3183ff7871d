"""A stranger runs ``watchkeeper demo``."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from watchkeeper import Project

pytestmark = pytest.mark.slow


def _demo(folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", "watchkeeper", "demo", str(folder), "--json", *words], capture_output=True, text=True
    )
    return done, json.loads(done.stdout)["data"]


def test_what_was_planted_is_found_and_nothing_else(tmp_path):
    folder = tmp_path / "demo"
    done, said = _demo(folder)
    assert {"planted", "found", "project"} <= set(said)
    assert all({"what", "column", "segment", "version", "from"} <= set(one) for one in said["planted"])
    assert all({"incident", "cause", "delay_windows"} <= set(one) for one in said["found"])
    assert len(said["planted"]) == 3
    assert [one["what"] for one in said["found"]] == [one["what"] for one in said["planted"]]
    assert said["not_planted"] == []
    assert (said["second_run"]["state"], said["second_run"]["points"]) == ("nothing_new", 0)
    assert said["ledger"]["intact"]
    assert done.returncode == 0
    truth = json.loads((folder / "truth.json").read_text())
    page = (folder / "report.html").read_text("utf-8")
    project = Project(folder, now=truth["told_at"])
    assert all(one.title in page or one.id in page for one in project.incidents())
    assert project.ledger().verify().intact
    project.close()


def test_a_quiet_bank_is_left_in_peace(tmp_path):
    done, said = _demo(tmp_path / "demo", "--clean")
    assert (said["planted"], said["found"], said["not_planted"]) == ([], [], [])
    assert done.returncode == 0
