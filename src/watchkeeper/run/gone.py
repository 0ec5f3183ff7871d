"""Whether a table that a monitor names has gone."""

from __future__ import annotations

from watchkeeper.engines.base import TableRef


def has_gone(table: TableRef) -> bool:
    """Whether there is nothing where a table of files was; a broken one is still there."""
    place = table.location
    return not (any(place.iterdir()) if place.is_dir() else place.exists() or any(place.parent.glob(place.name)))
