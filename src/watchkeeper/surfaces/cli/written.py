"""Files that a command writes where it was told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchkeeper.errors import Fault, Faulty


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Make the folder of a file that is about to be written.

    Raises:
        Faulty: E301 it cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield path
    except OSError as error:
        message = f"it cannot be written: {error.strerror or error}."
        raise Faulty([Fault("E301", message, "Name a file in a folder that may be written.", str(path))]) from error
