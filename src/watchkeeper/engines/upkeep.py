"""Keeping our own Delta tables small: how their files lie, joining small ones, sweeping up what no version names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

import pyarrow as pa
from deltalake.exceptions import CommitFailedError

from watchkeeper.engines import delta, places
from watchkeeper.engines.base import TableRef


class Stretch(NamedTuple):
    """The least and the greatest value of a column in one file, and how many rows the file has."""

    first: int
    last: int
    rows: int


def stretches(table: TableRef, column: str, partition: Mapping[str, str]) -> list[Stretch]:
    """How a column of whole numbers lies in the files of one partition, in order."""
    if not places.is_delta(table.location):
        return []
    actions = pa.table(delta.open_table(table).get_add_actions(flatten=True)).to_pylist()
    own = [a for a in actions if all(a.get(f"partition.{name}") == value for name, value in partition.items())]
    found = [(a.get(f"min.{column}"), a.get(f"max.{column}"), a["num_records"]) for a in own]
    return sorted(Stretch(*told) for told in found if None not in told)


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
