"""A small bank whose log and labels arrive piece by piece: two versions, one segment, a column that moves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import write_deltalake

from watchkeeper.engines.local import Local
from watchkeeper.plan.due import Ask
from watchkeeper.run.monitor import run_monitor
from watchkeeper.run.result import RunResult
from watchkeeper.run.workplace import Progress, Workplace
from watchkeeper.settings import read_settings
from watchkeeper.spec.load import load
from watchkeeper.spec.monitor import Monitor
from watchkeeper.store import batches, ledger, outbox
from watchkeeper.store import incidents as projection
from watchkeeper.store.tables import POINT_KEY, VERDICT_KEY
from watchkeeper.terms import Entry

START = datetime(2026, 9, 7, tzinfo=UTC)
BASELINE_DAYS, DAYS, ROWS_A_DAY = 4, 8, 60
CHANGED_ON = 6
NAME = "credit"
TIME = pa.timestamp("us", "UTC")
STATISTICS_KEY = (
    *("role", "baseline_id", "model_version", "segment_key", "segment_value"),
    *("column", "kind", "window_start", "window_end"),
)

ROWS = """\
source: {table: data/log, since: 60 days}
task: binary
columns: {id: id, time: at, version: version, score: score, decision: {threshold: 0.5}}
segments: [region]
baseline: {first: 4 days}
labels: {table: data/labels, join: id, value: defaulted, at: updated_at, matures_after: 2 days}
"""
PAYLOAD = """\
source: {table: data/log, since: 60 days}
task: binary
columns: {score: predictions, decision: {threshold: 0.5}}
segments: [region]
baseline: {first: 4 days}
labels: {table: data/labels, join: client_request_id, value: defaulted, at: updated_at, matures_after: 2 days}
"""


def day(number: float, hours: float = 0) -> datetime:
    """A moment after the first midnight."""
    return START + timedelta(days=number, hours=hours)


@cache
def predictions(days: int = DAYS, rows_a_day: int = ROWS_A_DAY) -> pa.Table:
    """What the model was asked and answered, in order of time; income doubles from ``CHANGED_ON`` on."""
    rng = np.random.default_rng(5)
    size = days * rows_a_day
    since = np.arange(size) // rows_a_day
    seconds = np.sort(rng.integers(0, 86_400, (days, rows_a_day)), axis=1).ravel()
    income = np.round(rng.lognormal(10.5, 0.4, size) * np.where(since >= CHANGED_ON, 6.0, 1.0), 2)
    return pa.table(
        {
            "id": [f"r{i:04}" for i in range(size)],
            "at": pa.array(
                [day(int(d)) + timedelta(seconds=int(s)) for d, s in zip(since, seconds, strict=True)], TIME
            ),
            "version": pa.array(np.where(rng.random(size) < 0.3, "v2", "v1")),
            "income": pa.array(income, mask=rng.random(size) < 0.02),
            "age": pa.array(rng.integers(18, 80, size)),
            "region": pa.array(rng.choice(["north", "south", "west"], size)),
            "score": pa.array(np.round(rng.beta(2, 5, size), 6)),
        }
    )


@cache
def labels(days: int = DAYS) -> pa.Table:
    """What became of each, a day later."""
    rows = predictions(days)
    bad = np.random.default_rng(6).random(rows.num_rows) < rows["score"].to_numpy()
    return label_rows(rows["id"].to_pylist(), bad.astype(int).tolist(), [at + timedelta(days=1) for at in times(rows)])


def label_rows(ids: Sequence[str], values: Sequence[int], at: Sequence[datetime]) -> pa.Table:
    return pa.table({"id": ids, "defaulted": pa.array(values, pa.int64()), "updated_at": pa.array(at, TIME)})


def times(rows: pa.Table) -> list[datetime]:
    return rows["at"].to_pylist()


def between(rows: pa.Table, first: float, last: float, column: str = "at") -> pa.Table:
    """The rows of days ``first`` to before ``last``."""
    at = rows[column]
    start, end = pa.scalar(day(first), TIME), pa.scalar(day(last), TIME)
    return rows.filter(pc.and_(pc.greater_equal(at, start), pc.less(at, end)))


def payload(rows: pa.Table) -> pa.Table:
    """The rows as a serving endpoint logs them."""
    bodies, answers = [], []
    for row in rows.to_pylist():
        features = {name: row[name] for name in ("income", "age", "region")}
        bodies.append(json.dumps({"dataframe_records": [features]}))
        answers.append(json.dumps({"predictions": [row["score"]]}))
    size = rows.num_rows
    return pa.table(
        {
            "databricks_request_id": rows["id"],
            "request_date": rows["at"].cast(pa.date32()),
            "client_request_id": rows["id"],
            "request_time": rows["at"],
            "status_code": pa.repeat(pa.scalar(200, pa.int32()), size),
            "sampling_fraction": pa.repeat(1.0, size),
            "execution_duration_ms": pa.array([40 + len(body) % 7 for body in bodies], pa.int64()),
            "request": bodies,
            "response": answers,
            "logging_error_codes": pa.array([[]] * size, pa.list_(pa.string())),
            "served_entity_id": rows["version"],
            "requester": pa.repeat("svc@bank.example", size),
        }
    )


@dataclass
class Bank:
    """One project on disk; ``logged`` says whether the log is an endpoint's or a table of rows read in place."""

    folder: Path
    monitor_text: str = ROWS
    _written: list[Path] = field(default_factory=list)

    @property
    def logged(self) -> bool:
        return "predictions," in self.monitor_text

    @property
    def log(self) -> Path:
        return self.folder / "data" / "log"

    def prepare(self) -> Bank:
        (self.folder / "monitors").mkdir(parents=True)
        (self.folder / "data" / "labels").mkdir(parents=True)
        (self.folder / "watchkeeper.yaml").write_text("project: small-bank\n")
        self.say(self.monitor_text)
        self.label(labels().slice(0, 0))
        return self

    def say(self, text: str, name: str = NAME) -> None:
        """Write a monitor file."""
        (self.folder / "monitors" / f"{name}.yaml").write_text(text)

    def deliver(self, rows: pa.Table) -> None:
        """Rows arrive in the log."""
        if self.logged:
            write_deltalake(self.log, payload(rows), mode="append")
        else:
            self.log.mkdir(exist_ok=True)
            pq.write_table(rows, self.log / f"part-{self._next()}.parquet")

    def label(self, rows: pa.Table) -> None:
        """Labels arrive."""
        rows = rows.rename_columns(["client_request_id", *rows.column_names[1:]]) if self.logged else rows
        pq.write_table(rows, self.folder / "data" / "labels" / f"part-{self._next()}.parquet")

    def _next(self) -> str:
        return f"{len(list((self.folder / 'data').rglob('*.parquet'))):03}"

    def monitor(self, name: str = NAME) -> Monitor:
        file = self.folder / "monitors" / f"{name}.yaml"
        monitor, faults = load(file.read_text(), str(file), START)
        assert monitor is not None, faults
        return monitor

    def place(self, now: datetime = START, progress: Progress | None = None) -> Workplace:
        settings = read_settings(self.folder, {}, {})
        return Workplace(settings, Local(), now, True, progress or Progress())

    def run(
        self, now: datetime, name: str = NAME, ask: Ask | None = None, progress: Progress | None = None
    ) -> RunResult:
        return run_monitor(self.place(now, progress), self.monitor(name), ask)

    def points(self, name: str = NAME) -> pa.Table:
        return said(self.place().tables.current_points(name), POINT_KEY)

    def verdicts(self, name: str = NAME) -> pa.Table:
        return said(self.place().tables.current_verdicts(name), VERDICT_KEY)

    def statistics(self, name: str = NAME) -> pa.Table:
        return said(self.place().tables.statistics(name), STATISTICS_KEY)

    def entries(self) -> list[Entry]:
        with self.place().database.reading() as connection:
            return ledger.entries(connection)

    def told(self) -> list[tuple[str, str, str]]:
        """What the ledger says of incidents, without when and where in the chain."""
        return [(entry.kind, entry.subject, entry.key) for entry in self.entries()]

    def waiting(self) -> int:
        with self.place().database.reading() as connection:
            return outbox.pending(connection)

    def causes(self) -> list[str]:
        with self.place().database.reading() as connection:
            return sorted(incident.cause for incident in projection.listed(connection))

    def batches(self) -> int:
        with self.place().database.reading() as connection:
            return batches.last_seq(connection)

    def versions(self) -> dict[str, int]:
        """The number of commits of each table of the store."""
        logs = sorted((self.folder / ".watchkeeper").rglob("_delta_log"))
        return {log.parent.name: len(list(log.glob("*.json"))) for log in logs}


def said(table: pa.Table, key: Iterable[str]) -> pa.Table:
    """The rows in the order of their key, without the batch that wrote them."""
    ordered = table.sort_by([(name, "ascending") for name in key])
    return ordered.drop_columns([name for name in ("seq", "batch_seq") if name in ordered.column_names])


def assert_same(left: pa.Table, right: pa.Table, but: Iterable[str] = ()) -> None:
    """Two tables of equal rows, their floats equal to 1e-9: each of itself, those of a state of its largest.

    A state holds sums that cancel, such as that of all distances from the mean; they are zero but for the rounding of
    the numbers that went into them.
    """
    assert left.num_rows == right.num_rows
    for name in left.column_names:
        if name not in but:
            _assert_same_column(name, left[name].combine_chunks(), right[name].combine_chunks())


def _assert_same_column(name: str, left: pa.Array, right: pa.Array) -> None:
    near: float | np.ndarray = 1e-8
    if pa.types.is_list(left.type) and pa.types.is_floating(left.type.value_type):
        assert left.value_lengths().equals(right.value_lengths()), name
        largest = [max((abs(x) for x in state or () if np.isfinite(x)), default=0.0) for state in left.to_pylist()]
        near = 1e-9 * np.repeat(largest, left.value_lengths().fill_null(0).to_numpy()) + 1e-8
        left, right = left.flatten(), right.flatten()
    if not pa.types.is_floating(left.type):
        differing = [(a, b) for a, b in zip(left.to_pylist(), right.to_pylist(), strict=True) if a != b]
        assert not differing, (name, differing[:3])
        return
    assert left.is_null().equals(right.is_null()), name
    a, b = left.to_numpy(zero_copy_only=False), right.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        close = (np.abs(a - b) <= near + 1e-9 * np.abs(b)) | (a == b) | (np.isnan(a) & np.isnan(b))
    assert close.all(), (name, a[~close][:5], b[~close][:5])
