"""SQL booleans over the rows of a batch, evaluated by DuckDB shut off from files and network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import pyarrow as pa

_ROWS = "batch"
_SHUT = (
    "SET TimeZone = 'UTC'",
    "SET enable_external_access = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",
    "SET lock_configuration = true",
)


@contextmanager
def _over(rows: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        for setting in _SHUT:
            connection.execute(setting)
        connection.register(_ROWS, rows)
        yield connection


def evaluate(batch: pa.RecordBatch, expressions: Mapping[str, str]) -> dict[str, pa.BooleanArray]:
    """Evaluate SQL booleans; null where an expression is.

    Args:
        batch: the rows, whose columns the expressions name.
        expressions: SQL by name.

    Raises:
        duckdb.Error: an expression does not fit the batch, or a value breaks it (a failed CAST).

    >>> batch = pa.RecordBatch.from_pydict({"amount": [5.0, None, 20.0]})
    >>> evaluate(batch, {"large": "amount > 10"})["large"].to_pylist()
    [False, None, True]
    """
    if not expressions:
        return {}
    selected = ", ".join(f"CAST(({sql}\n) AS BOOLEAN) AS e{index}" for index, sql in enumerate(expressions.values()))
    with _over(pa.Table.from_batches([batch])) as connection:
        found = connection.sql(f"SELECT {selected} FROM {_ROWS}").to_arrow_table()
    return {name: _whole(found.column(index)) for index, name in enumerate(expressions)}


def _whole(column: pa.ChunkedArray) -> pa.BooleanArray:
    return pa.concat_arrays([chunk.cast(pa.bool_()) for chunk in column.chunks] or [pa.array([], pa.bool_())])


def is_boolean(sql: str, schema: pa.Schema) -> str | None:
    """None where ``sql`` is one boolean of a row, else what is wrong with it.

    >>> is_boolean("amount + 1", pa.schema([("amount", pa.float64())]))
    'is a number (DOUBLE), not true or false: compare it with something'
    """
    with _over(schema.empty_table()) as connection:
        try:
            return _wrong(connection, sql)
        except duckdb.Error as error:
            return _reason(error)


def _wrong(connection: duckdb.DuckDBPyConnection, sql: str) -> str | None:
    statements = connection.extract_statements(f"SELECT ({sql}\n) AS answer FROM {_ROWS}")
    if len(statements) != 1:
        return "must be one expression"
    found = connection.sql(f"SELECT ({sql}\n) AS answer FROM {_ROWS}")
    if len(found.columns) != 1 or found.columns != ["answer"]:
        return "must be one expression"
    if str(found.types[0]) != "BOOLEAN":
        return f"is {_kind(str(found.types[0]))}, not true or false: compare it with something"
    return _beyond_a_row(connection, sql)


def _beyond_a_row(connection: duckdb.DuckDBPyConnection, sql: str) -> str | None:
    """An expression of one row can stand in WHERE; aggregates and window functions cannot."""
    connection.sql(f"SELECT 1 FROM {_ROWS} WHERE ({sql}\n)")
    shape = connection.execute("SELECT json_serialize_sql(?)", [f"SELECT ({sql}\n) AS answer FROM {_ROWS}"]).fetchone()
    told = str(shape[0]) if shape else ""
    if '"class":"SUBQUERY"' in told or told.count('"type":"SELECT_NODE"') != 1:
        return "must look at one row: a query inside is not allowed"
    return None


def _kind(type_: str) -> str:
    if type_ in ("VARCHAR", "JSON"):
        return f"a text ({type_})"
    numeric = ("INT", "DOUBLE", "FLOAT", "DECIMAL")
    return f"a number ({type_})" if any(word in type_ for word in numeric) else f"a {type_}"


def _reason(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0]
