from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.surfaces import bank

from watchkeeper.surfaces.cli.main import invoke


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def envelope(self) -> dict[str, Any]:
        lines = self.out.splitlines()
        assert len(lines) == 1, "exactly one object on standard output"
        return json.loads(lines[0])

    @property
    def data(self) -> Any:
        return self.envelope["data"]


Ask = Callable[..., Said]


@pytest.fixture
def ask(capsys, monkeypatch) -> Ask:
    """Runs one command in this process, on a screen 100 wide without colours."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        code = invoke([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return run


@pytest.fixture(scope="session")
def _run_once(tmp_path_factory) -> Path:
    folder = bank.build(tmp_path_factory.mktemp("bank") / "bank")
    assert invoke(["-C", str(folder), "--now", bank.NOW, "-q", "run"]) == 0
    return folder


@pytest.fixture
def bank_folder(tmp_path) -> Path:
    """A bank that was never run."""
    return bank.build(tmp_path / "bank")


@pytest.fixture
def watched(tmp_path, _run_once) -> Path:
    """A bank that was run once; a copy, so that a test may change it."""
    return Path(shutil.copytree(_run_once, tmp_path / "watched"))
