"""What the page needs, and what it shows. Plain data; nothing is drawn or written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from watchkeeper.surfaces.report.visible import Name, Visible
from watchkeeper.terms import Incident, Role, Window


@dataclass(frozen=True, slots=True)
class Watched:
    """Everything the page needs of one monitor.

    Args:
        roles: the watched columns, in their order, with their roles.
        points, verdicts: current rows (``schemas.POINTS``, ``schemas.VERDICTS``).
        history: every stored state of the points, for what was restated.
        units: unit of each metric by its name.
        sentences: one sentence per incident by its id.
        baseline_span: where the baseline lies on the axis of time; None for a table of its own.
        visible: the smallest change that each judged series can see.
    """

    monitor: str
    model: str
    state: str
    roles: Mapping[str, Role]
    points: pa.Table
    verdicts: pa.Table
    history: pa.Table
    incidents: Sequence[Incident]
    units: Mapping[str, str]
    sentences: Mapping[str, str]
    baseline_span: Window | None
    now: datetime
    visible: Mapping[Name, Visible] = field(default_factory=dict)

    def unit(self, metric: str, column: str) -> str:
        """The unit of a metric of a column; where the metric has none of its own, that of the column."""
        return self.units.get(metric.partition("@")[0], "") or _COLUMN_UNITS.get(column, "")


_COLUMN_UNITS = {"latency_ms": "milliseconds"}


@dataclass(frozen=True, slots=True)
class Chart:
    sentence: str
    svg: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One column or service quantity: its most telling chart, and the others."""

    title: str
    tone: str
    state: str
    sentence: str
    chart: str
    more: Sequence[Chart]


@dataclass(frozen=True, slots=True)
class Group:
    """Panels that belong together; ``quiet`` are those where nothing changed, folded away behind ``summary``."""

    name: str
    note: str
    panels: Sequence[Panel]
    quiet: Sequence[Panel]
    summary: str


@dataclass(frozen=True, slots=True)
class Row:
    """One finding of an incident in words."""

    what: str
    where: str
    now: str
    baseline: str
    limit: str


@dataclass(frozen=True, slots=True)
class Story:
    """One incident as the page tells it."""

    id: str
    sentence: str
    state: str
    tone: str
    unresolved: bool
    facts: Sequence[str]
    caption: str
    findings: Sequence[Row]
    chart: str
    chart_caption: str


@dataclass(frozen=True, slots=True)
class Model:
    """One monitor as the page tells it."""

    anchor: str
    name: str
    state: str
    tone: str
    headline: str
    incidents: Sequence[Story]
    timeline: str
    groups: Sequence[Group]


@dataclass(frozen=True, slots=True)
class Page:
    project: str
    as_of: str
    made_on: str
    models: Sequence[Model]
    provenance: str
