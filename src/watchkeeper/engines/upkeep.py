"""Keeping our own Delta tables small: how their files lie, joining small ones, sweeping up what no version names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pyarrow as pa
from deltalake.exceptions import CommitFailedError

from watchkeeper.engines import delta, places
from watchkeeper.engines.base import TableRef
from watchkeeper.terms import Window


def stretches(table: TableRef, column: str, partition: Mapping[str, str]) -> list[Window]:
    """From the least to the greatest time of a column, for each file of one partition."""
    if not places.is_delta(table.location):
        return []
    actions = pa.table(delta.open_table(table).get_add_actions(flatten=True)).to_pylist()
    own = [a for a in actions if all(a.get(f"partition.{name}") == value for name, value in partition.items())]
    found = ((_time(action.get(f"min.{column}")), _time(action.get(f"max.{column}"))) for action in own)
    return [Window(low, high) for low, high in found if low is not None and high is not None]


def _time(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


def join_files(table: TableRef, partition: Mapping[str, str]) -> None:
    """Join the small files of each folder of a partition; left for another day where someone else writes."""
    if not places.is_delta(table.location):
        return
    handle = delta.open_table(table)
    try:
        handle.optimize.compact(partition_filters=[(name, "=", value) for name, value in partition.items()] or None)
    except CommitFailedError:
        return


def sweep(table: TableRef, keep: timedelta) -> None:
    """Sum up the log, and delete files that no version younger than ``keep`` names."""
    if not places.is_delta(table.location):
        return
    hours = int(keep / timedelta(hours=1))
    handle = delta.open_table(table)
    try:
        handle.vacuum(retention_hours=hours, dry_run=False, enforce_retention_duration=False)
        handle.create_checkpoint()
        handle.cleanup_metadata()
    except CommitFailedError:
        return
