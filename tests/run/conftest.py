from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.run.build import PAYLOAD, ROWS, Bank, between, day, labels, predictions

LEARNED = day(6, 2)
"""When the baseline and its labels are complete and were counted."""


def _learned(folder: Path, text: str) -> Bank:
    bank = Bank(folder, text).prepare()
    bank.deliver(between(predictions(), 0, 6).filter(kept()[: between(predictions(), 0, 6).num_rows]))
    bank.label(between(labels(), 0, 6, "updated_at"))
    bank.run(LEARNED)
    return bank


def kept() -> list[bool]:
    """Of all rows those that do not arrive late."""
    return [number % 11 != 3 for number in range(predictions().num_rows)]


def late() -> list[bool]:
    return [not one for one in kept()]


@pytest.fixture(scope="session")
def _learned_once(tmp_path_factory) -> dict[str, Bank]:
    folder = tmp_path_factory.mktemp("learned")
    return {text: _learned(folder / name, text) for name, text in (("rows", ROWS), ("payload", PAYLOAD))}


@pytest.fixture
def learned(tmp_path, _learned_once) -> Callable[..., Bank]:
    """Copies of a bank whose baseline is complete; the log is a table of rows, or of an endpoint."""
    made: list[Bank] = []

    def copy(text: str = ROWS) -> Bank:
        folder = tmp_path / f"learned-{len(made)}"
        shutil.copytree(_learned_once[text].folder, folder)
        made.append(Bank(folder, text))
        return made[-1]

    return copy


@pytest.fixture
def bank(tmp_path) -> Bank:
    """A bank that has logged nothing yet."""
    return Bank(tmp_path / "bank").prepare()
