"""Features of a log that are not what they were at the last run."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from watchkeeper.errors import Fault
from watchkeeper.spec.monitor import Monitor


def gone(before: pa.Schema, now: pa.Schema, table: str) -> list[str]:
    """A note about the features that a log had and has no longer."""
    names = [name for name in before.names if name not in now.names]
    return [f"no longer in {table}: {', '.join(names)}; nothing more is counted of them"] if names else []


def retyped(before: pa.Schema, now: pa.Schema, watched: Iterable[str], monitor: Monitor) -> list[Fault]:
    """E303 for each watched feature that was a number and is none any more, or the other way round.

    Its grid was made for the one and cannot count the other, so nothing could be compared with the baseline.
    """
    names = [name for name in watched if name in before.names and name in now.names]
    return [
        Fault(
            "E303",
            f"'{name}' was {before.field(name).type} when the baseline was made and is {now.field(name).type} now",
            "Write it as before, leave it out under columns.features.except, or name another baseline.",
            file=monitor.file,
            path="source.table",
        )
        for name in names
        if _is_number(before.field(name).type) != _is_number(now.field(name).type)
    ]


def _is_number(type_: pa.DataType) -> bool:
    return pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)
