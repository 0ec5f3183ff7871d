"""Several processes at once: one of two runs of a monitor works, different monitors all do, and nothing is doubled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pytest
from tests.journeys.durable import NOTIFY, NOW, SETTINGS, DeltaBank, command, copied
from tests.run.build import PAYLOAD, Bank, between, labels, predictions
from tests.run.content import assert_same_content, content_of

MAIN = "from watchkeeper.surfaces.cli.main import main; main()"
NAMES = ("credit", "second")


def bank_of(folder: Path) -> Bank:
    """Two monitors on one log that nothing was read of yet."""
    bank = DeltaBank(folder, PAYLOAD + NOTIFY).prepare()
    (folder / "watchkeeper.yaml").write_text(SETTINGS)
    (folder / "secret.key").write_text("0" * 64)
    bank.say(bank.monitor_text, "second")
    bank.deliver(between(predictions(), 0, 8))
    bank.label(labels())
    return bank


def begun(bank: Bank, name: str) -> subprocess.Popen[str]:
    words = ["-C", str(bank.folder), "--now", NOW.isoformat(), "run", name]
    return subprocess.Popen([sys.executable, "-c", MAIN, *words], stderr=subprocess.PIPE, text=True)


def ended(child: subprocess.Popen[str]) -> tuple[int, str]:
    said = child.communicate()[1]
    return child.returncode, said


@pytest.mark.slow
def test_two_monitors_on_one_log_at_once_both_succeed_and_nothing_is_doubled(tmp_path):
    alone = bank_of(tmp_path / "alone")
    assert command(alone, "run").code == 0
    bank = bank_of(tmp_path / "bank")
    results = [ended(child) for child in [begun(bank, name) for name in NAMES]]
    assert [code for code, _ in results] == [0, 0], results
    for name in NAMES:
        found, whole = content_of(bank, name), content_of(alone, name)
        assert found.events.num_rows == whole.events.num_rows == predictions().num_rows
        assert len(pc.unique(found.events["event_id"])) == found.events.num_rows
        assert found.annotations.num_rows == whole.annotations.num_rows
        assert found.current_points.num_rows == whole.current_points.num_rows
        assert found.left_over == []
    assert len(content_of(bank).entries) == len(content_of(alone).entries)


@pytest.mark.slow
def test_of_two_runs_of_one_monitor_one_works_and_the_other_says_who_holds_it(tmp_path):
    bank = bank_of(tmp_path / "bank")
    alone = copied(bank, tmp_path / "alone")
    assert command(alone, "run", "credit").code == 0
    children = [begun(bank, "credit") for _ in range(2)]
    results = [(child.pid, *ended(child)) for child in children]
    assert sorted(code for _, code, _ in results) == [0, 5], results
    (worker,) = [pid for pid, code, _ in results if code == 0]
    (refused,) = [said for _, code, said in results if code == 5]
    assert f"monitor:credit is worked on by process {worker}" in refused
    assert "Traceback" not in refused
    assert_same_content(content_of(bank), content_of(alone))


def test_a_lease_of_a_killed_run_is_free_at_once(tmp_path):
    bank = bank_of(tmp_path / "bank")
    arguments = [str(bank.folder), NOW.isoformat(), "events.commit", "before"]
    subprocess.run([sys.executable, "-m", "tests.run.killed", *arguments], cwd=Path(__file__).parents[2], check=False)
    assert len(content_of(bank).left_over) == 3  # the leases of the monitor and the log, and the batch of the log
    assert command(bank, "run", "credit").code == 0
    assert content_of(bank).left_over == []
