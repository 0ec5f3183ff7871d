"""What every stage of a run works with: the project's settings, engine, tables and database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from watchkeeper.engines.base import Engine
from watchkeeper.metrics.base import Metric
from watchkeeper.settings import Settings
from watchkeeper.store.database import Database, open_database
from watchkeeper.store.tables import Tables


class Progress:
    """Told before and after each stage; the base class keeps silent."""

    def stage(self, stage: str, phase: str, monitor: str, seq: int) -> None:
        """``phase`` is ``before`` or ``after``; ``seq`` is 0 where the stage itself takes the number."""

    @contextmanager
    def around(self, stage: str, monitor: str, seq: int = 0) -> Iterator[None]:
        """Say before and after a commit or a transaction that it happens."""
        self.stage(stage, "before", monitor, seq)
        yield
        self.stage(stage, "after", monitor, seq)


@dataclass(frozen=True)
class Workplace:
    """One project, opened.

    ``now`` is the moment the run speaks of; ``clock_given`` says that a person gave it.
    """

    settings: Settings
    engine: Engine
    now: datetime
    clock_given: bool = False
    progress: Progress = field(default_factory=Progress)

    @cached_property
    def tables(self) -> Tables:
        return Tables(self.engine, self.settings.store)

    @cached_property
    def database(self) -> Database:
        return open_database(self.settings.database, self.settings.directory)

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        return self.settings.catalog.all("metrics")
