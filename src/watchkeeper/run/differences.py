"""Which rows of a recomputed table differ from what is current, so that only changes are written."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.store.current import newest

_NEAR = 1e-9
"""Relative difference up to which two floating sums are the same number: they depend on the order of adding."""
_SAID_BY_THE_RUN = ("seq", "monitor_version")


def before(stored: pa.Table, key: Sequence[str], seq: int) -> pa.Table:
    """What was current before a batch, which a run that takes it up again has written already."""
    return newest(stored.filter(pc.less(stored["seq"], seq)), key)


def closed(known: pa.Table, seq: int) -> pa.Table:
    """Of what is known that which was told: what a batch wrote that was never closed is to be written again."""
    return known.filter(pc.less_equal(known["seq"], seq))


def changed(new: pa.Table, current: pa.Table, key: Sequence[str]) -> pa.Table:
    """Rows of ``new`` that are not in ``current``, or say something else there."""
    if not current.num_rows or not new.num_rows:
        return new
    differs = " OR ".join(_differs(field) for field in new.schema if field.name not in (*key, *_SAID_BY_THE_RUN))
    sql = f"SELECT n.* FROM new n LEFT JOIN current c ON {_same_key(key)} WHERE c.seq IS NULL OR {differs}"
    return _query(sql, new, current).cast(new.schema)


def gone(new: pa.Table, current: pa.Table, key: Sequence[str]) -> pa.Table:
    """Rows of ``current`` whose key is no longer in ``new``."""
    if not current.num_rows:
        return current
    sql = f"SELECT c.* FROM current c ANTI JOIN new n ON {_same_key(key)}"
    return _query(sql, new, current).cast(current.schema)


def _same_key(key: Sequence[str]) -> str:
    return " AND ".join(f'n."{name}" = c."{name}"' for name in key)


def _differs(field: pa.Field) -> str:
    left, right = f'n."{field.name}"', f'c."{field.name}"'
    if not pa.types.is_floating(field.type):
        return f"{left} IS DISTINCT FROM {right}"
    near = f"abs({left} - {right}) <= {_NEAR} * greatest(abs({left}), abs({right}))"
    return f"(({left} IS NULL) <> ({right} IS NULL) OR NOT coalesce({near}, TRUE))"


def _query(sql: str, new: pa.Table, current: pa.Table) -> pa.Table:
    with duckdb.connect(config={"threads": 2, "enable_external_access": "false"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("new", new)
        connection.register("current", current)
        return connection.sql(sql).to_arrow_table()
