"""A project in a folder of its own: one monitor file, tables that grow, runs with a given clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import watchkeeper as wk
from watchkeeper.run.result import RunResult, RunState
from watchkeeper.terms import Incident

QUALITY = ("roc_auc", "log_loss", "accuracy", "precision", "recall")
"""Metrics that need labels."""


@dataclass
class Project:
    """Builds the project and asks it; ``now`` is the clock of the last run.

    Args:
        folder: where it is written; made if it is not there.
        monitor: name of the one monitor.
        text: its file.
    """

    folder: Path
    monitor: str
    text: str
    now: datetime | None = None
    results: list[RunResult] = field(default_factory=list)
    _parts: int = 0

    def __post_init__(self) -> None:
        (self.folder / "monitors").mkdir(parents=True)
        (self.folder / "watchkeeper.yaml").write_text("project: journey\n", encoding="utf-8")
        (self.folder / "monitors" / f"{self.monitor}.yaml").write_text(self.text, encoding="utf-8")

    def add(self, table: str, rows: pa.Table) -> None:
        """One more Parquet file of a table under ``data/``; nothing where there are no rows and the table is there."""
        place = self.folder / "data" / table
        if rows.num_rows or not place.exists():
            place.mkdir(parents=True, exist_ok=True)
            pq.write_table(rows, place / f"part-{self._parts:05d}.parquet")
            self._parts += 1

    def run(self, now: datetime) -> RunResult:
        """Run the monitor at this moment; a run that fails is an error here."""
        self.now = now
        asked = self._asked()
        try:
            [attempt] = asked.attempts()
        finally:
            asked.close()
        if attempt.error is not None:
            raise attempt.error
        assert attempt.result.state is not RunState.FAILED
        self.results.append(attempt.result)
        return attempt.result

    def points(self) -> pa.Table:
        """The current points."""
        asked = self._asked()
        found = asked.points(self.monitor)
        asked.close()
        return found

    def verdicts(self) -> pa.Table:
        """The current verdicts."""
        asked = self._asked()
        found = asked.verdicts(self.monitor)
        asked.close()
        return found

    def incidents(self) -> list[Incident]:
        """All incidents, in the order they were opened."""
        asked = self._asked()
        found = asked.incidents()
        asked.close()
        return found

    def _asked(self) -> wk.Project:
        return wk.Project(self.folder, now=self.now, actor="journey")


def of_metrics(table: pa.Table, names: Iterable[str]) -> pa.Table:
    """The points or verdicts of some metrics, whatever their version and options."""
    metric = pc.list_element(pc.split_pattern(table["metric"], "@", max_splits=1), 0)
    return table.filter(pc.is_in(metric, value_set=pa.array(list(names))))


def utc(*parts: int) -> datetime:
    """A moment in UTC.

    >>> utc(2026, 1, 31).isoformat()
    '2026-01-31T00:00:00+00:00'
    """
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def told(incidents: Iterable[Incident]) -> str:
    """Incidents a line each, for the message of a failed assertion."""
    lines = [
        f"{one.cause}-{one.episode} {one.severity} {one.state} first {one.first_window.start:%Y-%m-%d} "
        f"last {one.last_window.start:%Y-%m-%d} opened {one.opened_at:%Y-%m-%d} "
        f"{sorted({f'{f.point.column}:{f.point.metric}' for f in one.findings})}"
        for one in incidents
    ]
    return "\n".join(lines) or "none"
