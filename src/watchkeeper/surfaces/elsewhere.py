"""A project with its store somewhere else, for looks and trials that must leave nothing behind."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from watchkeeper.run.workplace import Progress, Workplace
from watchkeeper.settings import KEY_FILE


@contextmanager
def elsewhere(place: Workplace, folder: Path) -> Iterator[Workplace]:
    """The same engine and plug-ins with tables, database and key in a folder that goes away again.

    Args:
        place: the project that is left alone.
        folder: from which the names of tables are meant.
    """
    scratch = Path(tempfile.mkdtemp(prefix="watchkeeper-"))
    told = replace(
        place.settings,
        directory=folder,
        store=str(scratch / "store"),
        database=f"sqlite:///{scratch / 'ledger.db'}",
        key_file=scratch / KEY_FILE,
        key_made=True,
    )
    there = Workplace(told, place.engine, place.now, place.clock_given, Progress())
    try:
        yield there
    finally:
        if "database" in there.__dict__:
            there.database.close()
        shutil.rmtree(scratch, ignore_errors=True)
