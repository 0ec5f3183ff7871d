"""The fixed baseline of a monitor: whether it is complete, its grids, its frozen statistics."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper import schemas
from watchkeeper.plan.due import Clock
from watchkeeper.run.fit import Fitted
from watchkeeper.run.measure import LABELLED
from watchkeeper.spec.monitor import Monitor
from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.cells import Cell, Cells
from watchkeeper.statistics.grid import CATEGORY, Grid
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.store.tables import Tables
from watchkeeper.terms import Window

LABELS = "/labels"
"""Suffix of the baseline id under which statistics that need labels are frozen, once those have matured."""


@dataclass(frozen=True)
class Baseline:
    """A baseline as it is stored.

    Args:
        id: names what it is made of; another id is another baseline.
        span: where it lies on the axis of the monitored windows; None for a table of its own.
        generation: how often it was asked to be fitted anew.
        grids: its grids by column; none while it is learnt.
        shelf: its frozen statistics; None while it is learnt.
        has_labels: whether those that need labels are frozen too.
    """

    id: str
    span: Window | None
    generation: int = 0
    grids: Mapping[str, Grid] = field(default_factory=dict)
    shelf: Shelf | None = None
    has_labels: bool = False

    @property
    def is_complete(self) -> bool:
        return self.shelf is not None

    @property
    def grid_ids(self) -> frozenset[str]:
        return frozenset(grid.grid_id for grid in self.grids.values())

    @property
    def grid_key(self) -> str:
        """Names its grids together; empty while it is learnt."""
        return hashlib.sha256("".join(sorted(self.grid_ids)).encode()).hexdigest()[:16] if self.grids else ""

    def shares(self) -> dict[str, dict[str, float]]:
        """Share of each named category over all rows, by column."""
        found: dict[str, dict[str, float]] = {}
        for column in () if self.shelf is None else self.shelf.columns(Categories.kind):
            stack = self.shelf.stack(column, Categories.kind) if self.shelf is not None else None
            if stack is not None:
                cells, counted = stack
                at = int(cells.find(Cells.of([Cell(int(cells.window_start[0]))]))[0])
                if at >= 0:
                    found[column] = dict(zip(counted.values, counted.counts.shares[at].tolist(), strict=False))
        return found


def span_of(monitor: Monitor, first: datetime | None) -> Window | None:
    """Where the baseline lies on the monitored axis; None for a table, or while nothing was ever logged.

    A span in days is one of the monitor's time zone, and only its whole windows count.

    Args:
        first: start of the first watched window.
    """
    spec = monitor.baseline
    if spec.table is not None:
        return None
    if spec.span is not None:
        return monitor.baseline_span
    assert spec.first is not None
    return None if first is None else Window(first, spec.first.after(first))


def baseline_id(monitor: Monitor, span: Window | None, generation: int) -> str:
    """Names what a baseline is made of, and its generation from the first refit on."""
    return _made_of(monitor, span) + (f"#{generation}" if generation else "")


def _made_of(monitor: Monitor, span: Window | None) -> str:
    spec = monitor.baseline
    if spec.table is not None:
        columns = hashlib.sha256(repr(monitor.columns).encode()).hexdigest()[:8]
        return f"table:{spec.table}:{columns}"
    return "unknown" if span is None else f"span:{span.start:%Y-%m-%dT%H:%MZ}/{span.end:%Y-%m-%dT%H:%MZ}"


def stored(tables: Tables, monitor: Monitor, span: Window | None, generation: int) -> Baseline:
    """What is stored of the baseline that a monitor names."""
    name = baseline_id(monitor, span, generation)
    frozen = tables.statistics(monitor.name, role="baseline")
    frozen = frozen.filter(pc.is_in(frozen["baseline_id"], value_set=pa.array([name, name + LABELS])))
    if not frozen.num_rows:
        return Baseline(name, span, generation)
    grids = _counted_on(tables, monitor, name, frozen)
    shelf = Shelf.from_table(frozen, {grid.grid_id: grid for grid in grids.values()})
    has_labels = pc.any(pc.equal(frozen["baseline_id"], name + LABELS)).as_py()
    return Baseline(name, span, generation, grids, shelf, bool(has_labels))


def _counted_on(tables: Tables, monitor: Monitor, fitted_on: str, frozen: pa.Table) -> dict[str, Grid]:
    """The grids by column of a frozen baseline; one that came out the same for a later baseline is named by that."""
    known = tables.grids(monitor.name)
    used = pc.is_in(known["grid_id"], value_set=frozen["grid_id"].drop_null().combine_chunks())
    own = known.filter(pc.or_(used, pc.equal(known["fitted_on"], fitted_on)))
    return {grid.column: grid for grid in grids_from(own).values()}


def fitted_grids(tables: Tables, monitor: Monitor, fitted_on: str) -> dict[str, Grid]:
    """The grids by column that were fitted on a baseline, complete or not."""
    stored = tables.grids(monitor.name)
    own = stored.filter(pc.equal(stored["fitted_on"], fitted_on))
    return {grid.column: grid for grid in grids_from(own).values()}


def can_complete(baseline: Baseline, clock: Clock) -> bool:
    """Whether everything a baseline is made of has had its time to arrive."""
    return baseline.span is not None and not clock.is_open(baseline.span)


def labels_can_complete(baseline: Baseline, clock: Clock) -> bool:
    """Whether the labels of a baseline have matured too."""
    span = baseline.span
    return span is not None and not clock.is_open(span) and clock.is_matured(span)


def split(shelf: Shelf) -> tuple[Shelf, Shelf]:
    """Statistics that are complete with the rows, and those that are complete only with the labels."""
    plain = {key: stack for key, stack in shelf.stacks.items() if key not in LABELLED}
    labelled = {key: stack for key, stack in shelf.stacks.items() if key in LABELLED}
    return Shelf(plain), Shelf(labelled)


def versions_merged(shelf: Shelf) -> Shelf:
    """The cells of all versions only: a baseline is compared with whatever the version."""
    kept = {}
    for key, (cells, statistic) in shelf.stacks.items():
        mask = cells.version == "*"
        kept[key] = cells.take(mask), statistic.take(mask.nonzero()[0])
    return Shelf(kept)


def grids_table(fitted: Fitted, monitor: str, fitted_on: str) -> pa.Table:
    """Rows of ``schemas.GRIDS``."""
    rows = [
        {
            "grid_id": grid.grid_id,
            "monitor": monitor,
            "column": grid.column,
            "kind": grid.kind,
            "edges": list(grid.edges),
            "atoms": list(grid.atoms),
            "categories": list(grid.categories),
            "fitted_on": fitted_on,
            "fitted_rows": fitted.rows,
        }
        for grid in fitted.grids.values()
    ]
    return pa.Table.from_pylist(rows, schema=schemas.GRIDS)


def grids_from(table: pa.Table) -> dict[str, Grid]:
    """Grids by id, from rows of ``schemas.GRIDS``."""
    grids = (
        Grid(row["column"], row["kind"], tuple(row["edges"]), tuple(row["atoms"]), tuple(row["categories"]))
        for row in table.to_pylist()
    )
    return {grid.grid_id: grid for grid in grids}


def segment_values(baseline: Baseline, monitor: Monitor) -> dict[str, list[str]]:
    """By segment key, the values that keep cells of their own: the most frequent of the baseline."""
    cap = monitor.caps.segment_values
    return {
        key: list(grid.categories[:cap])
        for key in monitor.segments
        if (grid := baseline.grids.get(key)) is not None and grid.kind == CATEGORY
    }
