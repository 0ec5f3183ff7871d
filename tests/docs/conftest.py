from __future__ import annotations

from pathlib import Path

import pytest
from tests.surfaces import bank


@pytest.fixture
def bank_folder(tmp_path) -> Path:
    """A bank that was never run."""
    return bank.build(tmp_path / "bank")
