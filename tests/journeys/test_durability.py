"""Disks that are full, stores that are old, tables that change under a monitor: told clearly, or right at once.

After the repair the next run gives what a run without the trouble gives.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from tests.journeys.durable import LOGS, NOW, DeltaBank, arrive, command, copied, counted, fill, small_disk
from tests.run.build import PAYLOAD, ROWS, Bank, assert_same, between, day, predictions
from tests.run.content import Content, assert_same_content, content_of

pytestmark = pytest.mark.slow
Ready = Callable[..., Bank]
NUMBERS = ("metric", "column", "model_version", "segment_value", "window_start", "window_end", "value", "n", "status")


@pytest.fixture(scope="module")
def bases(tmp_path_factory) -> Callable[[str], tuple[Bank, Content]]:
    made: dict[str, tuple[Bank, Content]] = {}

    def of(text: str) -> tuple[Bank, Content]:
        if text not in made:
            folder = tmp_path_factory.mktemp("durable")
            base = counted(folder / "base", text, DeltaBank)
            arrive(base)
            whole = copied(base, folder / "whole")
            assert command(whole, "run").code == 0
            made[text] = base, content_of(whole)
        return made[text]

    return of


@pytest.fixture
def ready(bases, tmp_path) -> Ready:
    """A bank with a second run before it, whose log is a Delta table."""
    return lambda text=PAYLOAD: copied(bases(text)[0], tmp_path / "bank")


def store(bank: Bank) -> Path:
    return bank.folder / ".watchkeeper"


def assert_current(bank: Bank, whole: Content) -> None:
    """What is final and current is the same, whatever states it went through."""
    found = content_of(bank)
    assert found.events.num_rows == whole.events.num_rows
    assert found.annotations["annotation_id"].equals(whole.annotations["annotation_id"])
    assert_same(found.statistics, whole.statistics)
    assert_same(final(found.current_points), final(whole.current_points))
    assert_same(found.current_verdicts, whole.current_verdicts)
    assert [entry[3:6] for entry in found.entries] == [entry[3:6] for entry in whole.entries]


def final(points: pa.Table) -> pa.Table:
    return points.filter(pc.invert(points["open"]))


def assert_counted(bank: Bank, whole: Content) -> None:
    """What does not depend on the baseline is the same; that is learnt anew, now with the rows that came late."""
    found = content_of(bank)
    for name in ("row_count@1", "mean@1", "accuracy@1"):
        left, right = (final(one.current_points).filter(pc.field("metric") == name) for one in (found, whole))
        assert left.num_rows
        assert_same(left.select(NUMBERS), right.select(NUMBERS))
    keys = [entry[5] for entry in found.entries]
    assert len(set(keys)) == len(keys)


# Disks


@pytest.mark.parametrize("leaving", [0, 50_000, 150_000, 400_000])
def test_a_full_disk_is_told_and_the_next_run_goes_on(leaving, ready, bases):
    bank = ready()
    with small_disk(store(bank)):
        ballast = fill(store(bank), leaving)
        said = command(bank, "run")
        assert said.code == 2
        assert "E301" in said.text and "ree" in said.text
        ballast.unlink()
        assert command(bank, "run").code == 0
        assert_same_content(content_of(bank), bases(PAYLOAD)[1])


def test_a_store_that_may_only_be_read_is_told_and_the_next_run_goes_on(ready, bases):
    bank = ready()
    with small_disk(store(bank)):
        subprocess.run(["mount", "-o", "remount,ro", str(store(bank))], check=True)
        said = command(bank, "run")
        assert said.code == 2
        assert "E301" in said.text and "writable" in said.text
        subprocess.run(["mount", "-o", "remount,rw", str(store(bank))], check=True)
        assert command(bank, "run").code == 0
        assert_same_content(content_of(bank), bases(PAYLOAD)[1])


# Databases and stores that do not belong together


def set_database_back(bank: Bank, to: Path) -> None:
    for file in store(bank).glob("ledger.db*"):
        file.unlink()
    if to.is_dir():
        for file in to.glob("ledger.db*"):
            shutil.copy(file, store(bank))


def save_database(bank: Bank, at: Path) -> None:
    at.mkdir()
    for file in store(bank).glob("ledger.db*"):
        shutil.copy(file, at)


@pytest.mark.parametrize("log", LOGS)
def test_a_database_of_an_older_backup_is_refused_and_both_ways_on_that_are_named_work(log, ready, bases, tmp_path):
    bank = ready(log)
    save_database(bank, tmp_path / "older")
    assert command(bank, "run").code == 0
    save_database(bank, tmp_path / "newer")
    set_database_back(bank, tmp_path / "older")
    said = command(bank, "run")
    assert said.code == 2
    assert "E503" in said.text and "--store" in said.text
    set_database_back(bank, tmp_path / "newer")
    assert "nothing new" in command(bank, "run").text
    assert_same_content(content_of(bank), bases(log)[1])
    set_database_back(bank, tmp_path / "older")
    anew(bank)
    assert_counted(bank, bases(log)[1])


def anew(bank: Bank) -> None:
    """Take the second way on: an empty folder for the tables."""
    settings = bank.folder / "watchkeeper.yaml"
    settings.write_text(settings.read_text() + "store: fresh\ndatabase: sqlite:///.watchkeeper/ledger.db\n")
    assert command(bank, "run").code == 0


def test_a_database_that_was_deleted_is_refused_and_an_empty_store_begins_anew(ready, bases, tmp_path):
    bank = ready()
    assert command(bank, "run").code == 0
    set_database_back(bank, tmp_path / "none")
    said = command(bank, "run")
    assert said.code == 2
    assert "E503" in said.text
    anew(bank)
    assert_counted(bank, bases(PAYLOAD)[1])


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param(("points", "verdicts"), id="points"),
        pytest.param(("statistics",), id="statistics"),
        pytest.param(("events",), id="events"),
        pytest.param(("events", "annotations", "grids", "statistics", "points", "verdicts"), id="all"),
    ],
)
def test_tables_that_were_removed_are_made_anew(lost, ready, bases):
    bank = ready()
    assert command(bank, "run").code == 0
    for name in lost:
        shutil.rmtree(store(bank) / name)
    assert command(bank, "run").code == 0
    same = assert_current if lost == ("events",) else assert_counted
    same(bank, bases(PAYLOAD)[1])
    assert "nothing new" in command(bank, "run").text


@pytest.mark.parametrize("damage", ["garbage", "truncated", "missing"])
def test_damaged_statistics_are_told_and_made_anew_when_they_are_removed(damage, ready, bases):
    bank = ready()
    for path in (store(bank) / "statistics").rglob("*.parquet"):
        break_file(path, damage)
    said = command(bank, "run")
    assert said.code == 2
    assert "E301" in said.text and "statistics" in said.text and "emove" in said.text
    shutil.rmtree(store(bank) / "statistics")
    assert command(bank, "run").code == 0
    assert_counted(bank, bases(PAYLOAD)[1])


def break_file(path: Path, damage: str) -> None:
    if damage == "missing":
        path.unlink()
    elif damage == "garbage":
        path.write_bytes(b"\x11" * path.stat().st_size)
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


# Logs that change under a monitor


def everything(bank: Bank) -> None:
    """Write the log anew, as one table of all rows."""
    shutil.rmtree(bank.log)
    bank.deliver(between(predictions(), 0, 8))


@pytest.mark.parametrize("log", LOGS)
def test_a_log_that_was_created_anew_with_the_same_rows_is_counted_once(log, ready, bases):
    bank = ready(log)
    everything(bank)
    said = command(bank, "run", "--json")
    assert said.code == 0
    assert "created anew" in said.text
    assert_current(bank, bases(log)[1])


def overwritten(bank: Bank) -> None:
    """All rows in new files, and the old files gone."""
    table = DeltaTable(str(bank.log))
    rows = table.to_pyarrow_table() if hasattr(table, "to_pyarrow_table") else None
    assert rows is not None
    write_deltalake(bank.log, rows, mode="overwrite")
    DeltaTable(str(bank.log)).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)


@pytest.mark.parametrize("log", LOGS)
def test_a_log_that_was_rewritten_and_vacuumed_is_read_anew_and_counted_once(log, ready, bases):
    bank = ready(log)
    overwritten(bank)
    said = command(bank, "run", "--json")
    assert said.code == 0
    assert "read anew" in said.text
    assert_current(bank, bases(log)[1])


def test_windows_whose_rows_went_with_a_new_table_are_counted_anew(ready):
    bank = ready(ROWS)
    assert command(bank, "run").code == 0
    rows = between(predictions(), 0, 8)
    shrunk = rows.filter([number % 60 < 30 or number < 240 for number in range(rows.num_rows)])
    shrunk = shrunk.filter([not day(5) <= at < day(6) for at in shrunk["at"].to_pylist()])
    shutil.rmtree(bank.log)
    bank.deliver(shrunk)
    assert command(bank, "run").code == 0
    rows_of = content_of(bank).current_points.filter(pc.field("metric") == "row_count@1")
    whole = rows_of.filter((pc.field("model_version") == "*") & (pc.field("segment_key") == ""))
    days = {(row["window_start"] - day(0)).days: row["value"] for row in whole.to_pylist() if is_day(row)}
    assert {number: days[number] for number in range(8)} == {0: 60, 1: 60, 2: 60, 3: 60, 4: 30, 5: 0, 6: 30, 7: 30}


def is_day(row) -> bool:
    return (row["window_end"] - row["window_start"]).days == 1


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("part", ["a data file", "a commit"])
def test_a_log_that_is_half_written_is_told_and_the_next_run_goes_on(part, log, ready, bases):
    bank = ready(log)
    pattern = "*.parquet" if part == "a data file" else "_delta_log/*.json"
    broken = max(bank.log.glob(pattern), key=lambda path: (path.stat().st_mtime_ns, path.name))
    whole = broken.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    said = command(bank, "run")
    assert said.code == 2
    assert "E301" in said.text and "data/log" in said.text
    broken.write_bytes(whole)
    assert command(bank, "run").code == 0
    assert_same_content(content_of(bank), bases(log)[1])


# Kills after which nothing is as it was


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize(
    "stage",
    ["source.begin", "monitor.begin", pytest.param("statistics.commit")],
)
def test_a_run_cut_short_whose_log_was_rewritten_meanwhile_is_done_anew(stage, log, ready, bases):
    bank = ready(log)
    arguments = [str(bank.folder), NOW.isoformat(), stage, "after"]
    subprocess.run([sys.executable, "-m", "tests.run.killed", *arguments], cwd=Path(__file__).parents[2], check=False)
    everything(bank)
    assert command(bank, "run").code == 0
    assert_current(bank, bases(log)[1])
    assert "nothing new" in command(bank, "run").text


@pytest.mark.parametrize("stage", ["source.begin", "monitor.begin"])
def test_a_run_cut_short_whose_log_has_gone_meanwhile_leaves_the_monitor_usable(stage, ready, bases, tmp_path):
    bank = ready(ROWS)
    arguments = [str(bank.folder), NOW.isoformat(), stage, "after"]
    subprocess.run([sys.executable, "-m", "tests.run.killed", *arguments], cwd=Path(__file__).parents[2], check=False)
    shutil.move(bank.log, tmp_path / "aside")
    said = command(bank, "run", "--json")
    assert said.code == 0
    assert "has gone" in said.text
    shutil.move(tmp_path / "aside", bank.log)
    assert command(bank, "run").code == 0
    assert_current(bank, bases(ROWS)[1])


# Columns


def rewritten(bank: Bank, change) -> None:
    rows = change(between(predictions(), 0, 8))
    shutil.rmtree(bank.log)
    write_deltalake(bank.log, rows)


def renamed(rows):
    return rows.rename_columns(["income_eur" if name == "income" else name for name in rows.column_names])


CHANGES = {
    "added": lambda rows: rows.append_column("debts", rows["age"]),
    "removed": lambda rows: rows.drop_columns(["income"]),
    "renamed": renamed,
    "of another type": lambda rows: rows.set_column(
        rows.schema.get_field_index("income"), "income", rows["income"].cast("string")
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_log_with_other_columns_is_told_or_counted_and_right_again_when_they_are_back(change, ready, bases):
    bank = ready(ROWS)
    rewritten(bank, CHANGES[change])
    said = command(bank, "run", "--json")
    assert said.code == (2 if change == "of another type" else 0)
    if change != "added":
        assert "income" in said.text, said.text
    everything(bank)
    assert command(bank, "run").code == 0
    found, whole = content_of(bank), bases(ROWS)[1]
    watched = pc.invert(pc.is_in(found.current_points["column"], value_set=pa.array(["debts", "income_eur"])))
    assert_same(final(found.current_points.filter(watched)), final(whole.current_points), but=("monitor_version",))


def test_a_file_log_whose_files_changed_is_read_anew(tmp_path):
    bank = counted(tmp_path / "bank", ROWS)
    arrive(bank)
    whole = copied(bank, tmp_path / "whole")
    assert command(whole, "run").code == 0
    for file in bank.log.glob("*.parquet"):
        file.unlink()
    pq.write_table(between(predictions(), 0, 8), bank.log / "all.parquet")
    said = command(bank, "run", "--json")
    assert said.code == 0
    assert "read anew" in said.text
    assert_current(bank, content_of(whole))
