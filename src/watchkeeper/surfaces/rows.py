"""Choosing rows of points and verdicts, and putting them in the order people read them."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_ORDER = ("metric", "column", "segment_key", "segment_value", "model_version", "baseline")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows; None leaves a part open. See ``api.Project.points`` for what each means."""

    metric: str | None = None
    column: str | None = None
    segment: str | None = None
    version: str | None = None
    baseline: str | None = None
    outcome: str | None = None

    def of(self, rows: pa.Table) -> pa.Table:
        """The rows that are wanted."""
        keep = pa.array([True] * rows.num_rows, pa.bool_())
        for condition in self._conditions(rows):
            keep = pc.and_(keep, condition)
        return rows.filter(keep)

    def _conditions(self, rows: pa.Table) -> list[pa.ChunkedArray]:
        found = [self._metric(rows)] if self.metric is not None else []
        found += self._segment(rows) if self.segment is not None else []
        if self.version is not None:
            exact = pc.equal(rows["model_version"], self.version)
            begins = pc.starts_with(rows["model_version"], self.version) if self.version else exact
            found.append(pc.or_(exact, begins))
        for name in ("column", "baseline", "outcome"):
            if getattr(self, name) is not None:
                found.append(pc.equal(rows[name], getattr(self, name)))
        return found

    def _metric(self, rows: pa.Table) -> pa.ChunkedArray:
        assert self.metric is not None
        exact = pc.equal(rows["metric"], self.metric)
        return exact if "@" in self.metric else pc.or_(exact, pc.starts_with(rows["metric"], f"{self.metric}@"))

    def _segment(self, rows: pa.Table) -> list[pa.ChunkedArray]:
        """Keys may hold ``=`` themselves, so key and value are compared as they are joined."""
        joined = pc.binary_join_element_wise(rows["segment_key"], rows["segment_value"], "=")
        return [pc.equal(joined, self.segment or "=")]


def newest_first(rows: pa.Table) -> pa.Table:
    """By window, the newest first, then by series, single windows before those joined from the same start."""
    return rows.sort_by([("window_start", "descending"), *((name, "ascending") for name in (*_ORDER, "window_end"))])
