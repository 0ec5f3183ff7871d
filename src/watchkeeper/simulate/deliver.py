"""Write a world into Delta tables the way it would arrive, so that a run sees what it would have seen at that time."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from watchkeeper.simulate.arrivals import Arrivals
from watchkeeper.simulate.labels import labels
from watchkeeper.simulate.requests import inference_table
from watchkeeper.simulate.traffic import DAY
from watchkeeper.simulate.world import World
from watchkeeper.windows import micros

_PROPERTIES = {"delta.enableChangeDataFeed": "true"}


class Delivery:
    """Two Delta tables under one folder that grow as time goes on: one commit a day and table.

    The inference table comes into being with its first rows, as on the platform; the labels table is there, empty,
    from the first call on.

    Args:
        world: what happens.
        folder: where the tables go; they must not exist yet.
    """

    def __init__(self, world: World, folder: Path) -> None:
        self.story = world.story
        self.requests = folder / "credit_score_payload"
        self.labels = folder / "repayments"
        self._arrivals = {self.requests: inference_table(world), self.labels: labels(world)}
        self._tables: dict[Path, DeltaTable] = {}
        self._written_until = micros(self.story.start)

    def moments(self, step: timedelta = timedelta(days=7)) -> list[datetime]:
        """Times at which to deliver and run: every step after the start, the last of them the story's ``told_at``."""
        count = (self.story.told_at - self.story.start) // step
        lag = self.story.told_at - self.story.end
        steps = [self.story.start + step * (i + 1) + lag for i in range(count)]
        return [at for at in steps if at < self.story.told_at] + [self.story.told_at]

    def write_until(self, moment: datetime) -> int:
        """Append everything that has arrived before ``moment`` and was not written yet; returns how many rows.

        A moment that is already written gives 0.
        """
        until = micros(moment)
        if self.labels not in self._tables:
            self._append(self.labels, self._arrivals[self.labels].rows.slice(0, 0))
        midnights = range((self._written_until // DAY + 1) * DAY, until, DAY)
        edges = [self._written_until, *midnights, until] if until > self._written_until else []
        self._written_until = max(until, self._written_until)
        return sum(self._write(edges, path, arrivals) for path, arrivals in self._arrivals.items())

    def _write(self, edges: list[int], path: Path, arrivals: Arrivals) -> int:
        batches = [arrivals.between(since, until) for since, until in pairwise(edges)]
        for batch in batches:
            if batch.num_rows:
                self._append(path, batch)
        return sum(batch.num_rows for batch in batches)

    def _append(self, path: Path, rows: pa.Table) -> None:
        if path in self._tables:
            write_deltalake(self._tables[path], rows, mode="append")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        write_deltalake(path, rows, mode="error", configuration=_PROPERTIES)
        self._tables[path] = DeltaTable(path)
