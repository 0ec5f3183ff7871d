"""The analytic tables of one project: where they lie, how they are keyed, and what is current in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper import schemas
from watchkeeper.engines.base import Engine, TableRef, Txn
from watchkeeper.engines.places import is_delta
from watchkeeper.errors import Fault, Faulty
from watchkeeper.store.current import newest
from watchkeeper.terms import Window

EVENTS = "events"
ANNOTATIONS = "annotations"
GRIDS = "grids"
STATISTICS = "statistics"
POINTS = "points"
VERDICTS = "verdicts"
MONITOR_TABLES = (GRIDS, STATISTICS, POINTS, VERDICTS)
"""The hops of a monitor, in their order."""
POINT_KEY = ("monitor", *schemas.SERIES_KEY, "window_start", "window_end")
"""What names a point; the highest ``seq`` of a key is current."""
VERDICT_KEY = ("rule", *POINT_KEY)
_SCHEMAS = {
    ANNOTATIONS: schemas.ANNOTATIONS,
    GRIDS: schemas.GRIDS,
    STATISTICS: schemas.STATISTICS,
    POINTS: schemas.POINTS,
    VERDICTS: schemas.VERDICTS,
}
_PARTITIONS = {
    ANNOTATIONS: ("source_id",),
    GRIDS: (),
    STATISTICS: ("monitor", "window_date"),
    POINTS: ("monitor",),
    VERDICTS: ("monitor",),
}


def source_owner(source_id: str) -> str:
    """The owner of a source's hops: events and annotations."""
    return f"source:{source_id}"


def monitor_owner(monitor: str) -> str:
    """The owner of a monitor's hops: grids, statistics, points and verdicts."""
    return f"monitor:{monitor}"


def fell_behind(stored: Mapping[str, int], known: Mapping[str, int]) -> list[str]:
    """Tables that hold less than was known of them, as after a store folder was removed or restored."""
    return sorted(name for name, seq in known.items() if stored.get(name, 0) < seq)


def app(table: str, owner: str) -> str:
    """The application whose transactions tell what an owner has written to a table."""
    return f"watchkeeper/{table}/{owner}"


@dataclass(frozen=True, slots=True)
class Tables:
    """The Delta tables under one store folder.

    Every writing method is one hop: it returns False, and writes nothing, where the owner has already written this
    or a later ``seq`` to that table, so a restart may call it again. Every reading method gives an empty table with
    the right schema where nothing is stored.
    """

    engine: Engine
    folder: Path | str

    def append_events(self, source_id: str, events: pa.Table, seq: int) -> bool:
        """Store arrivals; every one is kept, also the second of an event id."""
        txn = Txn(app(EVENTS, source_owner(source_id)), seq)
        return self.engine.write(self.events_table(source_id), events, txn=txn, partition_by=("event_date",))

    def append_annotations(self, source_id: str, annotations: pa.Table, seq: int) -> bool:
        """Store what was said about events; an annotation id that is stored is not written again."""
        stored = self._read(ANNOTATIONS, f"source_id = {_text(source_id)}", ("annotation_id",))["annotation_id"]
        new = annotations.filter(pc.invert(pc.is_in(annotations["annotation_id"], value_set=stored.combine_chunks())))
        return self._append(ANNOTATIONS, source_owner(source_id), newest(new, ("annotation_id",), "observed_at"), seq)

    def put_grids(self, monitor: str, grids: pa.Table, seq: int) -> bool:
        """Store grids under their ids; a stored id is replaced by the same content."""
        ids = ", ".join(_text(grid_id) for grid_id in sorted(set(grids["grid_id"].to_pylist())))
        where = f"monitor = {_text(monitor)} AND grid_id IN ({ids})" if ids else None
        return self._write(GRIDS, monitor_owner(monitor), grids, seq, where)

    def replace_statistics(self, monitor: str, statistics: pa.Table, windows: Sequence[Window], seq: int) -> bool:
        """Store the statistics of whole windows in the place of what was stored of them.

        Args:
            monitor: its name, in every row.
            statistics: rows of ``schemas.STATISTICS`` of these windows, and baselines; a baseline takes the place of
                the stored rows of the same ``baseline_id``.
            windows: every window counted anew; one without rows here has none afterwards.
            seq: the batch.
        """
        baselines = pc.unique(statistics.filter(pc.equal(statistics["role"], "baseline"))["baseline_id"]).to_pylist()
        where = _replaced(monitor, windows, baselines)
        return self._write(STATISTICS, monitor_owner(monitor), statistics, seq, where)

    def append_points(self, monitor: str, points: pa.Table, seq: int) -> bool:
        """Store the points that changed."""
        return self._append(POINTS, monitor_owner(monitor), points, seq)

    def append_verdicts(self, monitor: str, verdicts: pa.Table, seq: int) -> bool:
        """Store the verdicts that changed."""
        return self._append(VERDICTS, monitor_owner(monitor), verdicts, seq)

    def rewrite(self, name: str, monitor: str, first: int, last: int, order: Sequence[str], txn: Txn) -> None:
        """Replace the points or verdicts of some batches by the same rows in another order, in one file."""
        where = f"monitor = {_text(monitor)} AND seq >= {int(first)} AND seq <= {int(last)}"
        rows = self._read(name, where).sort_by([(column, "ascending") for column in order])
        self.engine.write(self.table(name), rows, txn=txn, replace=where, partition_by=_PARTITIONS[name])

    def events_table(self, source_id: str) -> TableRef:
        """Where the events of a source lie; scan it with the engine."""
        return TableRef(f"events/{_folder(source_id)}", self.folder)

    def table(self, name: str) -> TableRef:
        """Where one of the other tables lies."""
        return TableRef(name, self.folder)

    def has_events(self, source_id: str) -> bool:
        """Whether anything was ever stored for a source."""
        return is_delta(self.events_table(source_id).location)

    def scan_events(
        self, source_id: str, columns: Sequence[str] | None = None, spans: Sequence[Window] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Events of a source, all arrivals, whose time lies in the spans."""
        if self.has_events(source_id):
            table = self.events_table(source_id)
            yield from self.engine.scan(table, columns, time_column="event_time", spans=spans)

    def event_times(self, source_id: str, after_seq: int) -> pa.Table:
        """Times (``event_time``, each once) of the events that arrived in batches after ``after_seq``."""
        if not self.has_events(source_id):
            return pa.table({"event_time": pa.array([], schemas.TIME)})
        times = self.engine.read(self.events_table(source_id), f"batch_seq > {int(after_seq)}", ("event_time",))
        return times.group_by("event_time").aggregate([])

    def annotations(
        self,
        source_id: str,
        *,
        names: Sequence[str] | None = None,
        after_seq: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """What was said about the events of a source, of every name and time or of some."""
        conditions = [f"source_id = {_text(source_id)}"]
        if names is not None:
            conditions.append(f"name IN ({', '.join(_text(name) for name in names)})" if names else "FALSE")
        if after_seq is not None:
            conditions.append(f"batch_seq > {int(after_seq)}")
        return self._read(ANNOTATIONS, " AND ".join(conditions), columns)

    def grids(self, monitor: str) -> pa.Table:
        """All grids of a monitor, also those of former baselines."""
        return self._read(GRIDS, f"monitor = {_text(monitor)}")

    def statistics(
        self,
        monitor: str,
        *,
        digest: str | None = None,
        role: str | None = None,
        windows: Sequence[Window] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Statistics of a monitor: of one measure digest, one role (``input`` or ``baseline``), some windows."""
        conditions = [f"monitor = {_text(monitor)}"]
        if digest is not None:
            conditions.append(f"measure_digest = {_text(digest)}")
        if role is not None:
            conditions.append(f"role = {_text(role)}")
        if windows is not None:
            conditions.append(_in_windows(windows) if windows else "FALSE")
        return self._read(STATISTICS, " AND ".join(conditions), columns)

    def points(
        self,
        monitor: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        metrics: Sequence[str] | None = None,
    ) -> pa.Table:
        """Every stored state of the points of a monitor, of all metrics or of some identities: its history."""
        return self._read(POINTS, _span(monitor, since, until) + _named("metric", metrics))

    def current_points(
        self,
        monitor: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        metrics: Sequence[str] | None = None,
    ) -> pa.Table:
        """The current points of a monitor whose windows start in ``[since, until)``."""
        return newest(self.points(monitor, since=since, until=until, metrics=metrics), POINT_KEY)

    def verdicts(self, monitor: str, *, since: datetime | None = None, until: datetime | None = None) -> pa.Table:
        """Every stored state of the verdicts of a monitor."""
        return self._read(VERDICTS, _span(monitor, since, until))

    def current_verdicts(
        self, monitor: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> pa.Table:
        """The current verdicts of a monitor whose windows start in ``[since, until)``."""
        return newest(self.verdicts(monitor, since=since, until=until), VERDICT_KEY)

    def source_seqs(self, source_id: str) -> dict[str, int]:
        """The last batch of a source that each of its tables holds; 0 for none."""
        owner = source_owner(source_id)
        places = {EVENTS: self.events_table(source_id), ANNOTATIONS: self.table(ANNOTATIONS)}
        return {name: self.engine.stored_seq(place, app(name, owner)) or 0 for name, place in places.items()}

    def monitor_seqs(self, monitor: str) -> dict[str, int]:
        """The last batch of a monitor that each of its tables holds; 0 for none."""
        owner = monitor_owner(monitor)
        return {name: self.engine.stored_seq(self.table(name), app(name, owner)) or 0 for name in MONITOR_TABLES}

    def _append(self, name: str, owner: str, data: pa.Table, seq: int) -> bool:
        return self._write(name, owner, data, seq, None)

    def _write(self, name: str, owner: str, data: pa.Table, seq: int, where: str | None) -> bool:
        rows = data.select(_SCHEMAS[name].names).cast(_SCHEMAS[name])
        txn = Txn(app(name, owner), seq)
        return self.engine.write(self.table(name), rows, txn=txn, replace=where, partition_by=_PARTITIONS[name])

    def _read(self, name: str, where: str, columns: Sequence[str] | None = None) -> pa.Table:
        schema = _SCHEMAS[name]
        wanted = pa.schema([schema.field(column) for column in columns]) if columns is not None else schema
        if not is_delta(self.table(name).location):
            return wanted.empty_table()
        try:
            return self.engine.read(self.table(name), where, wanted.names).cast(wanted)
        except (Faulty, pa.ArrowInvalid) as error:
            raise Faulty([_damaged(self.table(name), error)]) from error


def _damaged(table: TableRef, error: Exception) -> Fault:
    reason = error.faults[0].message if isinstance(error, Faulty) else str(error)
    fix = f"Restore {table.address} from a backup, or remove it: the next run then makes it anew from the log."
    return Fault("E301", reason, fix, path=table.name)


def _folder(source_id: str) -> str:
    """A folder name for a source; delta-rs would decode an escape like ``%2F`` in it."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", source_id)
    return name if name == source_id else f"{name}-{hashlib.sha256(source_id.encode()).hexdigest()[:8]}"


def _replaced(monitor: str, windows: Sequence[Window], baselines: Sequence[str]) -> str | None:
    parts = []
    if windows:
        parts.append(f"(role = 'input' AND {_in_windows(windows)})")
    if baselines:
        names = ", ".join(_text(baseline) for baseline in baselines)
        parts.append(f"(role = 'baseline' AND baseline_id IN ({names}))")
    return f"monitor = {_text(monitor)} AND ({' OR '.join(parts)})" if parts else None


def _in_windows(windows: Sequence[Window]) -> str:
    starts = sorted({window.start for window in windows})
    dates = ", ".join(_text(day.isoformat()) for day in sorted({start.astimezone(UTC).date() for start in starts}))
    times = ", ".join(_text(_iso(start)) for start in starts)
    return f"window_date IN ({dates}) AND window_start IN ({times})"


def _span(monitor: str, since: datetime | None, until: datetime | None) -> str:
    conditions = [f"monitor = {_text(monitor)}"]
    if since is not None:
        conditions.append(f"window_start >= {_text(_iso(since))}")
    if until is not None:
        conditions.append(f"window_start < {_text(_iso(until))}")
    return " AND ".join(conditions)


def _named(column: str, values: Sequence[str] | None) -> str:
    if values is None:
        return ""
    return f" AND {column} IN ({', '.join(_text(value) for value in values)})" if values else " AND FALSE"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _text(value: str) -> str:
    """A SQL text literal."""
    return "'" + value.replace("'", "''") + "'"
