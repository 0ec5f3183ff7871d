"""The counting stages of a run: grids fitted, windows counted, baselines frozen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import pyarrow as pa

from watchkeeper import schemas
from watchkeeper.plan.due import Counted, recounted
from watchkeeper.run import baseline as baselines
from watchkeeper.run.baseline import LABELS, Baseline
from watchkeeper.run.baseline_table import BaselineTable
from watchkeeper.run.count import Scan
from watchkeeper.run.fit import fit
from watchkeeper.run.ingest import Intake
from watchkeeper.run.labels import current_labels
from watchkeeper.run.measure import measure
from watchkeeper.run.outlook import Outlook, resolved
from watchkeeper.run.workplace import Workplace
from watchkeeper.spec.digest import measure_digest
from watchkeeper.statistics.grid import Grid
from watchkeeper.statistics.kernel import to_table
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.terms import Window
from watchkeeper.windows import micros

Stage = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class Stock:
    """What counting met beside the statistics.

    Args:
        met: rows by parse status.
        ahead: starts of the windows with rows ahead of the clock.
        counted: what is counted by now, and how it was measured.
    """

    met: Counter[str]
    ahead: frozenset[int]
    counted: tuple[Counted, ...]


def take_stock(place: Workplace, intake: Intake, seen: Outlook, seq: int, stage: Stage) -> Stock:
    """Fit the baseline where it is due, count the windows that are due, freeze what is complete."""
    return _Stocktaking(place, intake, seen, seq, stage).run()


@dataclass(frozen=True)
class _Stocktaking:
    place: Workplace
    intake: Intake
    seen: Outlook
    seq: int
    stage: Stage

    def run(self) -> Stock:
        grids = self._grids()
        baseline = replace(self.seen.baseline, grids=grids, shelf=None)
        scan = self._scan(grids)
        due = [one.window for one in self.seen.due]
        counted = scan.count(scan.of_windows(self.intake.events, due), self._named(baseline))
        digest = measure_digest(scan.resolved, baseline.grid_ids)
        measured = recounted(self.seen.memory.counted, due, digest, baseline.grid_key)
        stock = Stock(Counter(scan.met), frozenset(scan.ahead), tuple(measured))
        tables = [self._rows_of(counted, digest), *self._frozen(counted, grids, digest)]
        with self.stage("statistics.commit"):
            self.place.tables.replace_statistics(self.seen.monitor.name, pa.concat_tables(tables), due, self.seq)
        return stock

    def _named(self, baseline: Baseline) -> dict[str, list[str]]:
        return baselines.segment_values(baseline, self.seen.monitor)

    def _scan(self, grids: dict[str, Grid]) -> Scan:
        place, monitor = self.place, self.seen.monitor
        labels = current_labels(place, monitor, self.intake.log.source_id)
        baseline = replace(self.seen.baseline, grids=grids, shelf=None)
        seen = resolved(place, self.intake.log, self.intake.events.inputs(), baseline)
        return Scan(place.engine, seen, measure(seen, grids), labels, place.now)

    def _grids(self) -> dict[str, Grid]:
        """The grids of the baseline: stored, or fitted now, or none yet."""
        if not self.seen.fits_now:
            return dict(self.seen.baseline.grids)
        known = baselines.fitted_grids(self.place.tables, self.seen.monitor, self.seen.baseline.id)
        if known:
            return known
        scan = self._scan({})
        fitted = fit(self._baseline_rows(scan), scan.resolved, scan.measure)
        table = baselines.grids_table(fitted, self.seen.monitor.name, self.seen.baseline.id)
        with self.stage("grids.commit"):
            self.place.tables.put_grids(self.seen.monitor.name, table, self.seq)
        return fitted.grids

    def _baseline_rows(self, scan: Scan) -> Iterator[Iterator[pa.RecordBatch]]:
        span = self.seen.baseline.span
        if span is None:
            return self._table().rows(scan)
        return scan.of_windows(self.intake.events, [span])

    def _table(self) -> BaselineTable:
        return BaselineTable(self.place, self.intake.log, self.intake.events.inputs())

    def _rows_of(self, counted: Shelf, digest: str) -> pa.Table:
        clock = self.seen.clock
        return to_table(
            counted,
            monitor=self.seen.monitor.name,
            measure_digest=digest,
            calendar=self.seen.calendar,
            batch_seq=self.seq,
            open_windows={micros(one.window.start) for one in self.seen.due if clock.is_open(one.window)},
            partial_windows=self.seen.partial,
        )

    def _frozen(self, counted: Shelf, grids: dict[str, Grid], digest: str) -> list[pa.Table]:
        """Rows of the baseline that become complete with this run."""
        if self.seen.baseline.span is None:
            return self._frozen_table(grids, digest) if self.seen.fits_now else []
        if not self.seen.fits_now and not self.seen.labels_freeze_now:
            return []
        plain, labelled = baselines.split(self._of_span(counted, grids))
        parts = [(plain, "")] if self.seen.fits_now else []
        parts += [(labelled, LABELS)] if self.seen.labels_freeze_now else []
        return [self._baseline_table(shelf, suffix, digest) for shelf, suffix in parts]

    def _of_span(self, counted: Shelf, grids: dict[str, Grid]) -> Shelf:
        """Statistics of the windows of the baseline: those counted now, the others as they are stored."""
        span = self.seen.baseline.span
        assert span is not None
        due = {one.window for one in self.seen.due}
        rest = [w for w in self.seen.windows if w.start >= span.start and w.end <= span.end and w not in due]
        stored = self.place.tables.statistics(self.seen.monitor.name, role="input", windows=rest)
        known = Shelf.from_table(stored, {grid.grid_id: grid for grid in grids.values()})
        shelf = Shelf.joined([counted, known, self._unwatched(span, grids)])
        return baselines.versions_merged(shelf.within(micros(span.start), micros(span.end))).total()

    def _unwatched(self, span: Window, grids: dict[str, Grid]) -> Shelf:
        """Statistics of the baseline's windows before the watched time, which nothing is stored of."""
        watched = set(self.seen.windows)
        before = [w for w in self.seen.calendar.between(span.start, span.end) if w not in watched]
        if not before:
            return Shelf({})
        scan = self._scan(grids)
        return scan.count(scan.of_windows(self.intake.events, before), self._named(Baseline("", None, grids=grids)))

    def _frozen_table(self, grids: dict[str, Grid], digest: str) -> list[pa.Table]:
        scan, table = self._scan(grids), self._table()
        shelf = baselines.versions_merged(
            scan.count(table.rows(scan), self._named(Baseline("", None, grids=grids)))
        ).total()
        plain, labelled = baselines.split(shelf)
        parts = [(plain, "")] + ([(labelled, LABELS)] if table.has_labels else [])
        return [self._baseline_table(part, suffix, digest) for part, suffix in parts]

    def _baseline_table(self, shelf: Shelf, suffix: str, digest: str) -> pa.Table:
        made = to_table(
            shelf,
            monitor=self.seen.monitor.name,
            measure_digest=digest,
            calendar=self.seen.calendar,
            batch_seq=self.seq,
            role="baseline",
            baseline_id=self.seen.baseline.id + suffix,
        )
        return made.cast(schemas.STATISTICS)
