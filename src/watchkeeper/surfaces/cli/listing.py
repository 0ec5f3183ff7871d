"""Rows of a listing: where it is cut, and how a window is named."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def cut(rows: pa.Table, limit: int | None) -> tuple[pa.Table, str | None]:
    """The first rows, and where the rest begins: a time for ``--until`` that takes up the window that was cut."""
    if limit is None or rows.num_rows <= limit:
        return rows, None
    from watchkeeper.incidents.json import time_json

    following = rows["window_start"][limit].as_py() + timedelta(microseconds=1)
    return rows.slice(0, limit), time_json(following)


def when(row: dict[str, Any]) -> str:
    """A window by its start; its time stands there where it is shorter than a day, its length where longer."""
    start, length = row["window_start"], row["window_end"] - row["window_start"]
    day = f"{start:%Y-%m-%d}"
    if length < timedelta(hours=23):
        return f"{day} {start:%H:%M}"
    return day if length <= timedelta(hours=25) else f"{day} +{length.days}d"
