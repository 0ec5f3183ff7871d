"""Which series need windows joined before they have rows enough to be judged, and how many."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper import schemas
from watchkeeper.metrics.evaluate import Request
from watchkeeper.rules.change import wanted_n
from watchkeeper.rules.merge import FIRST
from watchkeeper.windows import Calendar

_SERIES = ", ".join(schemas.SERIES_KEY)
_TYPICAL = f"""
WITH single AS (
    SELECT {_SERIES}, window_start, n_eff,
           row_number() OVER (PARTITION BY {_SERIES} ORDER BY window_start) AS nth
    FROM (SELECT DISTINCT ON ({_SERIES}, window_start) * FROM points
          WHERE n_eff > 0 AND NOT open ORDER BY {_SERIES}, window_start, seq DESC)
)
SELECT {_SERIES}, median(n_eff) AS typical FROM single WHERE nth <= {FIRST} GROUP BY ALL
"""


def joins(points: pa.Table, requests: Sequence[Request]) -> pa.Table:
    """Series that need joined windows: their key, and ``windows``, how many are joined.

    It is the smallest number among the request's blocks by which the median ``n_eff`` of the series' first (up to 28)
    single final windows reaches what its family wants, else the largest.

    Args:
        points: current and new points of single windows; of one window the newest counts.
    """
    wanted = pa.Table.from_pylist(
        [
            {"metric": r.identity, "column": r.column, "windows": length, "wanted": wanted_n(r.metric)}
            for r in requests
            for length in r.blocks
        ],
        schema=pa.schema(
            [("metric", pa.string()), ("column", pa.string()), ("windows", pa.int64()), ("wanted", pa.float64())]
        ),
    )
    sql = f"""
    SELECT {", ".join(f"t.{name}" for name in schemas.SERIES_KEY)},
           coalesce(min(w.windows) FILTER (t.typical * w.windows >= w.wanted), max(w.windows)) AS windows
    FROM ({_TYPICAL}) t JOIN wanted w ON t.metric = w.metric AND t."column" = w."column"
    GROUP BY ALL HAVING coalesce(min(w.windows) FILTER (t.typical * w.windows >= w.wanted), max(w.windows)) > 1
    """
    sql = sql.replace("column,", '"column",').replace("t.column", 't."column"')
    with duckdb.connect(config={"threads": 2, "enable_external_access": "false"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("points", points)
        connection.register("wanted", wanted)
        return connection.sql(sql).to_arrow_table()


def single(points: pa.Table, calendar: Calendar) -> pa.Table:
    """Points of single windows."""
    return _with_lengths(points, calendar).filter(pc.field("windows") == 1).select(points.schema.names)


def of_needed_length(points: pa.Table, needed: pa.Table, calendar: Calendar) -> pa.Table:
    """Points of joined windows of the length that their own series needs."""
    return _matched(_joined(points, calendar), needed, "left semi")


def of_other_length(points: pa.Table, needed: pa.Table, calendar: Calendar) -> pa.Table:
    """Points of joined windows of another length than their series needs."""
    return _matched(_joined(points, calendar), needed, "left anti")


def otherwise_joined(before: pa.Table, needed: pa.Table) -> pa.Table:
    """The series that join another number of windows than before, with the old and the new number."""
    key = [*schemas.SERIES_KEY, "windows"]
    return pa.concat_tables(
        [needed.join(before, key, join_type="left anti"), before.join(needed, key, join_type="left anti")]
    )


def _matched(joined: pa.Table, needed: pa.Table, how: str) -> pa.Table:
    kept = joined.join(needed, [*schemas.SERIES_KEY, "windows"], join_type=how)
    return kept.select(schemas.POINTS.names).cast(schemas.POINTS)


def _joined(points: pa.Table, calendar: Calendar) -> pa.Table:
    return _with_lengths(points, calendar).filter(pc.field("windows") > 1)


def _with_lengths(points: pa.Table, calendar: Calendar) -> pa.Table:
    """The points with ``windows``, how many windows of the calendar each spans."""
    spans = points.group_by(["window_start", "window_end"]).aggregate([])
    bounds = zip(spans["window_start"].to_pylist(), spans["window_end"].to_pylist(), strict=True)
    counts = pa.array([len(calendar.between(start, end)) for start, end in bounds], pa.int64())
    return points.join(spans.append_column("windows", counts), ["window_start", "window_end"], join_type="inner")
