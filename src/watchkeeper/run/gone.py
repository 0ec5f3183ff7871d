"""Whether a table that a monitor names has gone."""

from __future__ import annotations

from watchkeeper.engines.base import TableRef
from watchkeeper.engines.location import is_glob


def has_gone(table: TableRef) -> bool:
    """Whether there is nothing where a table of files was; a broken one is still there."""
    place = table.location
    if is_glob(table.name):
        folder, pattern = place.split()
        return not any(folder.glob(pattern))
    return not (place.folder_files(recursive=True) if place.is_dir() else place.is_file())
