"""A run that is killed anywhere is taken up by the next one, and nothing is lost, doubled or told twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.run.build import PAYLOAD, Bank, assert_same, between, day, labels, predictions

STAGES = ("events", "annotations", "grids", "statistics", "points", "verdicts", "ledger")
PLACES = [(f"{stage}.commit", phase) for stage in STAGES for phase in ("before", "after")]
QUICK = {("points.commit", "after"), ("ledger.commit", "before")}
CASES = [pytest.param(*place, id=" ".join(place), marks=() if place in QUICK else pytest.mark.slow) for place in PLACES]
NOW = day(8, 2)
NOTIFY = "notify: [{to: desk, from: warning}]\n"


def waiting_bank(folder: Path) -> Bank:
    """A bank whose whole story waits for its first run, which fits, counts, judges and opens incidents."""
    bank = Bank(folder, PAYLOAD + NOTIFY).prepare()
    (folder / "watchkeeper.yaml").write_text("project: small-bank\nchannels: {desk: {type: log}}\n")
    bank.deliver(between(predictions(), 0, 8))
    bank.label(labels())
    return bank


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Bank:
    bank = waiting_bank(tmp_path_factory.mktemp("undisturbed") / "bank")
    bank.run(NOW)
    assert bank.told()
    assert bank.waiting()
    return bank


def killed_at(bank: Bank, stage: str, phase: str) -> int:
    command = [sys.executable, "-m", "tests.run.killed", str(bank.folder), NOW.isoformat(), stage, phase]
    return subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode


@pytest.mark.parametrize(("stage", "phase"), CASES)
def test_a_run_killed_here_ends_like_one_that_was_not(stage, phase, undisturbed, tmp_path):
    bank = waiting_bank(tmp_path / "bank")
    assert killed_at(bank, stage, phase) == -signal.SIGKILL
    bank.run(NOW)
    assert_same(bank.statistics(), undisturbed.statistics())
    assert_same(bank.points(), undisturbed.points())
    assert_same(bank.verdicts(), undisturbed.verdicts())
    assert bank.place().tables.points("credit").num_rows == undisturbed.place().tables.points("credit").num_rows
    assert bank.told() == undisturbed.told()
    assert bank.waiting() == undisturbed.waiting()


@pytest.mark.slow
def test_a_run_with_a_later_clock_after_a_kill_ends_where_two_runs_would(undisturbed, tmp_path):
    bank = waiting_bank(tmp_path / "bank")
    assert killed_at(bank, "verdicts.commit", "before") == -signal.SIGKILL
    bank.run(day(8, 3))
    assert_same(bank.points(), undisturbed.points())
    assert bank.told() == undisturbed.told()
