"""CSV files with a header, read by DuckDB.

Types are inferred over all rows, so one odd value late in a file makes a column of text, not a fault. Files of an
object store are copied to a temporary folder for as long as they are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.fs as pafs

from watchkeeper.engines import spans
from watchkeeper.engines.base import BATCH_ROWS
from watchkeeper.engines.location import Location
from watchkeeper.engines.normal import normal, plain_schema
from watchkeeper.terms import Window

_OFFLINE = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


def schema(paths: Sequence[Location]) -> pa.Schema:
    """Names and plain types; a time of day is text.

    Raises:
        duckdb.Error: a file is not CSV.
    """
    with _on_disk(paths) as names, _connected() as connection:
        reader = connection.sql(f"FROM {_read()} LIMIT 0", params=[names]).to_arrow_reader(1)
        return pa.schema([_timeless(field) for field in plain_schema(reader.schema)])


@contextmanager
def _connected() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config=_OFFLINE) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def _timeless(field: pa.Field) -> pa.Field:
    return field.with_type(pa.string()) if pa.types.is_time(field.type) else field


def batches(
    paths: Sequence[Location],
    whole: pa.Schema,
    wanted: pa.Schema,
    time_column: str | None,
    within: Sequence[Window] | None,
) -> Iterator[pa.RecordBatch]:
    """Rows of the files with the wanted columns, and of the spans only.

    Args:
        paths: the files to read; columns that only other files of the table have are null.
        whole: the schema of the table.
        wanted: the fields to read.
        time_column: what the spans are about.
        within: the spans.
    """
    there = set(schema(paths).names)
    columns = ", ".join(_name(field) if field.name in there else f"NULL AS {_name(field)}" for field in wanted)
    texts = [field.name for field in whole if field.name in there and pa.types.is_string(field.type)]
    where = ""
    if time_column is not None and within is not None:
        where = f"WHERE {spans.sql(time_column, whole.field(time_column).type, within)}"
    with _on_disk(paths) as names, _connected() as connection:
        found = connection.sql(f"SELECT {columns} FROM {_read(texts)} {where}", params=[names])
        for batch in found.to_arrow_reader(BATCH_ROWS):
            yield normal(batch, wanted)


def _read(texts: Sequence[str] = ()) -> str:
    """The reader with columns that are text in the whole table kept as they were written."""
    types = ", ".join("'" + name.replace("'", "''") + "': 'VARCHAR'" for name in texts)
    options = ["header = true", "sample_size = -1", "union_by_name = true", "maximum_line_size = 16777216"]
    return f"read_csv(?, {', '.join([*options, *([f'types = {{{types}}}'] if types else [])])})"


@contextmanager
def _on_disk(paths: Sequence[Location]) -> Iterator[list[str]]:
    """The names of files on this machine's disks with the content of those named."""
    with TemporaryDirectory(prefix="watchkeeper-") as folder:
        yield [_fetched(path, Path(folder) / str(at)) if path.is_remote else path.path for at, path in enumerate(paths)]


def _fetched(path: Location, folder: Path) -> str:
    folder.mkdir()
    copy = str(folder / path.name)
    pafs.copy_files(path.path, copy, source_filesystem=path.files, destination_filesystem=pafs.LocalFileSystem())
    return copy


def _name(field: pa.Field) -> str:
    return '"' + field.name.replace('"', '""') + '"'
