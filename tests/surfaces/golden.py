"""Text that people read, kept beside the tests. `WATCHKEEPER_GOLDEN=write` writes it anew, to be read as a diff."""

from __future__ import annotations

import os
from pathlib import Path


def agrees(said: str, name: str, folder: Path) -> None:
    path = folder / "golden" / name
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")
