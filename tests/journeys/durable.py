"""A small bank that has learned its baseline and has more to count, and what a run of its command line says."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner
from deltalake import write_deltalake
from tests.run.build import PAYLOAD, ROWS, Bank, between, day, labels, predictions
from tests.run.conftest import kept, late

from watchkeeper.surfaces.cli.main import invoke

LEARNED, NOW = day(6, 2), day(8, 2)
NOTIFY = "notify: [{to: desk, from: warning}]\n"
SETTINGS = "project: small-bank\nchannels: {desk: {type: log}}\nprivacy: {key: secret.key}\n"


@dataclass
class DeltaBank(Bank):
    """A bank whose log is a Delta table read in place."""

    def deliver(self, rows: pa.Table) -> None:
        if self.logged:
            super().deliver(rows)
        else:
            write_deltalake(self.log, rows, mode="append", schema_mode="merge")


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code and all that it printed."""

    code: int
    text: str


def command(bank: Bank, *words: str, now: datetime = NOW) -> Said:
    """One command of a bank, in this process; an error that is not foreseen is raised here."""
    arguments = ["-C", str(bank.folder), "--now", now.isoformat(), *words]
    runner = CliRunner()
    with runner.isolation() as streams:
        code = invoke(arguments)
        printed = streams[0].getvalue().decode() + streams[1].getvalue().decode()
    assert "Traceback" not in printed
    return Said(code, printed)


def counted(folder: Path, text: str, kind: type[Bank] = Bank) -> Bank:
    """A bank that was run once, with some rows held back."""
    bank = kind(folder, text + NOTIFY).prepare()
    (folder / "watchkeeper.yaml").write_text(SETTINGS)
    (folder / "secret.key").write_text("0" * 64)
    before = between(predictions(), 0, 6)
    bank.deliver(before.filter(kept()[: before.num_rows]))
    bank.label(between(labels(), 0, 6, "updated_at"))
    assert command(bank, "run", now=LEARNED).code == 0
    return bank


def arrive(bank: Bank) -> None:
    """What the second run has before it."""
    before = between(predictions(), 0, 6)
    bank.deliver(before.filter(late()[: before.num_rows]))
    bank.deliver(between(predictions(), 6, 8))
    bank.label(between(labels(), 6, 9, "updated_at"))


def copied(bank: Bank, folder: Path) -> Bank:
    shutil.copytree(bank.folder, folder)
    return type(bank)(folder, bank.monitor_text)


@contextmanager
def small_disk(place: Path, megabytes: int = 16) -> Iterator[None]:
    """Put a folder, with what is in it, on a disk of its own; the test is skipped where none may be mounted."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a small disk")
    aside = place.with_name(place.name + ".aside")
    place.rename(aside)
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk may be mounted here: {mounted.stderr.decode().strip()}")
    try:
        shutil.copytree(aside, place, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path, leaving: int) -> Path:
    """Fill the disk of a folder but for some bytes."""
    ballast = place / "ballast"
    free = os.statvfs(place)
    with ballast.open("wb") as out:
        out.write(b"\0" * max(free.f_bavail * free.f_frsize - leaving, 0))
    return ballast


LOGS = [pytest.param(ROWS, id="rows in place"), pytest.param(PAYLOAD, id="an endpoint's log")]
