"""A run that is killed anywhere is taken up by the next one, and nothing is lost, doubled or told twice."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.run.build import PAYLOAD, Bank, assert_same, between, day, labels, predictions
from tests.run.conftest import kept, late
from tests.run.content import Content, assert_same_content, content_of
from tests.run.killed import READY

import watchkeeper as wk
from watchkeeper.run.result import RunState
from watchkeeper.run.workplace import Progress

SOURCE = ("source.begin", "events.commit", "annotations.commit", "source.finish", "monitor.begin")
REST = ("statistics.commit", "points.commit", "verdicts.commit", "ledger.commit", "status.commit")
STAGES = {"first": (*SOURCE, "grids.commit", *REST), "second": (*SOURCE, *REST)}
PLACES = [(run, stage, phase) for run, stages in STAGES.items() for stage in stages for phase in ("before", "after")]
QUICK = {("second", "points.commit", "after"), ("first", "ledger.commit", "before")}
CASES = [pytest.param(*place, id=" ".join(place), marks=() if place in QUICK else pytest.mark.slow) for place in PLACES]
LEARNED, NOW = day(6, 2), day(8, 2)
NOTIFY = "notify: [{to: desk, from: warning}]\n"
KILLS = 50


def story(folder: Path, run: str) -> Bank:
    """A bank that waits for its ``first`` run, which does all at once; or a ``second``, with late rows and labels."""
    bank = Bank(folder, PAYLOAD + NOTIFY).prepare()
    said = "project: small-bank\nchannels: {desk: {type: log}}\nprivacy: {key: secret.key}\n"
    (folder / "watchkeeper.yaml").write_text(said)
    (folder / "secret.key").write_text("0" * 64)
    before = between(predictions(), 0, 6)
    if run == "second":
        bank.deliver(before.filter(kept()[: before.num_rows]))
        bank.label(between(labels(), 0, 6, "updated_at"))
        run_whole(bank, LEARNED)
        bank.deliver(before.filter(late()[: before.num_rows]))
        bank.deliver(between(predictions(), 6, 8))
        bank.label(between(labels(), 6, 9, "updated_at"))
    else:
        bank.deliver(between(predictions(), 0, 8))
        bank.label(labels())
    return bank


class Announced(Progress):
    """Notes what is announced, and the statements that write to the database while nothing is."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, str]] = []
        self.unannounced: list[str] = []
        self._within = False

    def stage(self, stage: str, phase: str, monitor: str, seq: int) -> None:
        self.stages.append((stage, phase))
        self._within = phase == "before"

    def watch(self, engine: sa.Engine) -> None:
        @sa.event.listens_for(engine, "before_cursor_execute")
        def _(_connection, _cursor, statement, *_rest) -> None:
            if statement.startswith(("INSERT", "UPDATE", "DELETE")) and not self._within:
                self.unannounced.append(statement)


def run_whole(bank: Bank, now: datetime, progress: Progress | None = None) -> RunState:
    project = wk.Project(bank.folder, now=now, actor="killed", progress=progress or Progress())
    if isinstance(progress, Announced):
        progress.watch(project.place.database.engine)
    (attempt,) = project.attempts()
    project.close()
    if attempt.error is not None:
        raise attempt.error
    return attempt.result.state


@dataclass(frozen=True)
class Told:
    """A story told without disturbance."""

    waiting: Path
    content: Content
    announced: Announced
    versions: dict[str, int]
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    told: dict[str, Told] = {}

    def tell(run: str) -> Told:
        if run not in told:
            folder = tmp_path_factory.mktemp(f"undisturbed-{run}")
            bank = story(folder / "bank", run)
            shutil.copytree(bank.folder, folder / "waiting")
            announced, begun = Announced(), time.monotonic()
            run_whole(bank, NOW, announced)
            seconds = time.monotonic() - begun
            told[run] = Told(folder / "waiting", content_of(bank), announced, bank.versions(), seconds)
        return told[run]

    return tell


def waiting(told: Told, folder: Path) -> Bank:
    shutil.copytree(told.waiting, folder)
    return Bank(folder, PAYLOAD + NOTIFY)


def started(bank: Bank, stage: str = "never", phase: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.run.killed", str(bank.folder), NOW.isoformat(), stage, phase]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("run", STAGES)
def test_everything_that_is_written_is_announced(run, undisturbed):
    announced = undisturbed(run).announced
    assert announced.stages == [(stage, phase) for stage in STAGES[run] for phase in ("before", "after")]
    assert {statement.split("leases")[0] for statement in announced.unannounced} == {"INSERT INTO ", "DELETE FROM "}


@pytest.mark.parametrize("run", STAGES)
def test_the_story_has_rows_everywhere(run, undisturbed):
    content = undisturbed(run).content
    assert all(table.num_rows for table in (content.events, content.annotations, content.grids, content.statistics))
    assert content.points.num_rows >= content.current_points.num_rows > 0
    assert content.verdicts.num_rows >= content.current_verdicts.num_rows > 0
    assert content.entries and content.incidents and content.outbox
    assert content.left_over == []


@pytest.mark.parametrize(("run", "stage", "phase"), CASES)
def test_a_run_killed_here_ends_like_one_that_was_not(run, stage, phase, undisturbed, tmp_path):
    told = undisturbed(run)
    bank = waiting(told, tmp_path / "bank")
    child = started(bank, stage, phase)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    run_whole(bank, NOW)
    assert_same_content(content_of(bank), told.content)
    if (stage, phase) != ("ledger.commit", "after"):  # there the upkeep of the day is left to the next day
        assert bank.versions() == told.versions
    assert run_whole(bank, NOW) is RunState.NOTHING_NEW


@pytest.mark.slow
def test_runs_killed_at_any_time_end_like_one_that_was_not(undisturbed, tmp_path):
    told = undisturbed("second")
    cut_short = 0
    for number in range(KILLS):
        bank = waiting(told, tmp_path / f"bank-{number}")
        child = started(bank)
        assert child.stdout is not None
        assert child.stdout.readline().strip() == READY
        time.sleep(told.seconds * (number + 0.5) / KILLS)
        child.kill()
        child.communicate()
        cut_short += child.returncode == -signal.SIGKILL
        run_whole(bank, NOW)
        assert_same_content(content_of(bank), told.content)
        shutil.rmtree(bank.folder)
    assert cut_short >= KILLS // 2


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_like_one_that_was_not(undisturbed, tmp_path):
    told = undisturbed("first")
    bank = waiting(told, tmp_path / "bank")
    for stage in STAGES["first"]:
        child = started(bank, stage, "after")
        child.communicate()
        assert child.returncode == -signal.SIGKILL
    run_whole(bank, NOW)
    assert_same_content(content_of(bank), told.content)


@pytest.mark.slow
def test_a_run_with_a_later_clock_after_a_kill_ends_where_two_runs_would(undisturbed, tmp_path):
    told = undisturbed("first")
    bank = waiting(told, tmp_path / "bank")
    child = started(bank, "verdicts.commit", "before")
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    run_whole(bank, day(8, 3))
    content = content_of(bank)
    assert_same(content.current_points, told.content.current_points)
    assert content.entries == told.content.entries
