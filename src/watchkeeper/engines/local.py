"""The engine of one machine: Delta through delta-rs, Parquet and CSV files, SQL booleans by DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import pyarrow as pa

from watchkeeper.engines import delta, delta_scan, expressions, files, hop, places, sampling, upkeep
from watchkeeper.engines.base import Changes, Sample, TableRef, Txn
from watchkeeper.engines.places import Storage
from watchkeeper.terms import Window


class Local:
    """Reads and writes tables on this machine's disks; see ``engines.base.Engine`` for what each method promises."""

    name = "local"

    def schema(self, table: TableRef, cursor: str | None = None) -> pa.Schema:
        place = places.find(table)
        if place.storage is Storage.DELTA:
            return delta.schema(table, cursor)
        return files.schema(table, place, files.at(table, place, cursor))

    def changed(self, table: TableRef, cursor: str | None) -> Changes:
        place = places.find(table)
        return delta.changed(table, cursor) if place.storage is Storage.DELTA else files.changed(place, cursor)

    def new_rows(
        self,
        table: TableRef,
        cursor: str | None,
        changes: Changes,
        columns: Sequence[str] | None = None,
        *,
        removed: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        if cursor is None or changes.rescan:
            return self.scan(table, columns, cursor=changes.cursor)
        place = places.find(table)
        if place.storage is Storage.DELTA:
            return delta.new_rows(table, cursor, changes, columns, removed=removed)
        return files.scan(table, place, files.new_files(place, cursor, changes), columns)

    def scan(
        self,
        table: TableRef,
        columns: Sequence[str] | None = None,
        *,
        time_column: str | None = None,
        spans: Sequence[Window] | None = None,
        cursor: str | None = None,
    ) -> Iterator[pa.RecordBatch]:
        place = places.find(table)
        if place.storage is Storage.DELTA:
            return delta_scan.scan(table, columns, time_column, spans, cursor)
        return files.scan(table, place, files.at(table, place, cursor), columns, time_column, spans)

    def scan_parts(
        self,
        table: TableRef,
        columns: Sequence[str] | None = None,
        *,
        time_column: str | None = None,
        spans: Sequence[Window] | None = None,
        cursor: str | None = None,
    ) -> Sequence[Iterator[pa.RecordBatch]]:
        place = places.find(table)
        if place.storage is Storage.DELTA:
            return delta_scan.scan_parts(table, columns, time_column, spans, cursor)
        return files.scan_parts(table, place, files.at(table, place, cursor), columns, time_column, spans)

    def read(
        self, table: TableRef, where: str | None = None, columns: Sequence[str] | None = None, cursor: str | None = None
    ) -> pa.Table:
        place = places.find(table)
        if place.storage is Storage.DELTA:
            return delta_scan.read(table, where, columns, cursor)
        schema = self.schema(table, cursor)
        rows = pa.Table.from_batches([batch.cast(schema) for batch in self.scan(table, cursor=cursor)], schema)
        kept = rows if where is None else rows.filter(_condition(rows, where))
        return kept if columns is None else kept.select(list(columns))

    def sample(self, table: TableRef, most: int) -> Sample:
        place = places.find(table)
        parts = delta_scan.plain_parts(table) if place.storage is Storage.DELTA else files.parts(place)
        if parts is None:
            return sampling.every_kth(self.scan(table), self.schema(table), most)
        return sampling.of_parquet(parts, self.schema(table), most)

    def write(
        self,
        table: TableRef,
        data: pa.Table,
        *,
        txn: Txn,
        replace: str | None = None,
        partition_by: Sequence[str] = (),
    ) -> bool:
        return hop.write(table, hop.Hop(data, txn, replace, tuple(partition_by)))

    def stored_seq(self, table: TableRef, app: str) -> int | None:
        return hop.stored_seq(table, app)

    def stretches(self, table: TableRef, column: str, partition: Mapping[str, str]) -> list[upkeep.Stretch]:
        """How a column of whole numbers lies in the files of one of our own tables."""
        return upkeep.stretches(table, column, partition)

    def join_files(self, table: TableRef, partition: Mapping[str, str]) -> None:
        """Join the small files of one of our own tables."""
        upkeep.join_files(table, partition)

    def sweep(self, table: TableRef, keep: timedelta) -> None:
        """Sum up the log of one of our own tables and delete files that no recent version names."""
        upkeep.sweep(table, keep)

    def evaluate(self, batch: pa.RecordBatch, expressions_: Mapping[str, str]) -> dict[str, pa.BooleanArray]:
        return expressions.evaluate(batch, expressions_)

    def is_boolean(self, sql: str, schema: pa.Schema) -> str | None:
        return expressions.is_boolean(sql, schema)


def _condition(rows: pa.Table, where: str) -> pa.ChunkedArray:
    parts = [expressions.evaluate(batch, {"": where})[""] for batch in rows.to_batches()]
    return pa.chunked_array(parts, pa.bool_())


ENGINE = Local
