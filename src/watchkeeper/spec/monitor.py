"""What one monitor file says, with every default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from watchkeeper.rules.limit import Limit
from watchkeeper.rules.outcome import KofN
from watchkeeper.terms import Window
from watchkeeper.windows import Calendar, Duration

FIXED, PREVIOUS, ROLLING = "fixed", "previous", "rolling"
"""What a window is compared with: the frozen baseline, the window before, or a span that ends at the window."""


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """The serving log.

    ``table`` is a Unity Catalog name, a folder, a file or a glob. ``where`` is an SQL boolean; rows for which it is
    not true do not exist for the monitor. ``since`` is how far back the first run looks. ``former`` are the tables that
    held the log before it moved to ``table``.
    """

    table: str
    format: str
    where: str | None
    since: Duration
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeaturesSpec:
    """Which features are watched: only those named, all but those named, or all (``only`` None, ``without`` empty)."""

    only: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()

    @property
    def all(self) -> bool:
        return self.only is None and not self.without


@dataclass(frozen=True, slots=True)
class Threshold:
    """The decision is positive where the score is at least ``value``."""

    value: float


@dataclass(frozen=True, slots=True)
class ColumnsSpec:
    """Where the parts of a prediction stand; dotted paths reach into structs, None is left to the format.

    ``types`` maps features to ``double``, ``bigint``, ``string`` or ``boolean``.
    """

    id: str | None = None
    time: str | None = None
    score: str | None = None
    decision: str | Threshold | None = None
    positive: str | int | float | bool = 1
    version: str | None = None
    weight: str | None = None
    features: FeaturesSpec = FeaturesSpec()
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BaselineSpec:
    """What the fixed comparison is made with: a table, the first windows, or a span ``[start, end)``.

    Exactly one of ``table``, ``first`` and ``span`` is given. ``compare`` holds ``fixed``, ``previous`` and texts
    such as ``rolling 28 days``. ``refit`` fits the grids anew at the next run.
    """

    table: str | None
    first: Duration | None
    span: tuple[datetime, datetime] | None
    refit: bool
    compare: tuple[str, ...]

    @property
    def start(self) -> datetime | None:
        return None if self.span is None else self.span[0]

    @property
    def end(self) -> datetime | None:
        return None if self.span is None else self.span[1]

    @property
    def rolling(self) -> Duration | None:
        """The length of the rolling comparison, None where there is none."""
        texts = [text for text in self.compare if text.startswith(ROLLING)]
        return Duration.parse(texts[0].removeprefix(ROLLING).strip()) if texts else None


@dataclass(frozen=True, slots=True)
class LabelsSpec:
    """Where the truth arrives later. ``join`` are columns of both tables; ``at`` is when a label was known."""

    table: str
    join: tuple[str, ...]
    value: str
    at: str | None
    matures_after: Duration | None
    when_missing: str


@dataclass(frozen=True, slots=True)
class ScoreSpec:
    """A scorer of GenAI turns and its options."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric by name, or ``default`` for the table of defaults; ``columns`` None means all it applies to."""

    name: str
    columns: tuple[str, ...] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlarmsSpec:
    """What makes an alarm: ``needs`` is for the change rule, ``limits`` are fixed bounds that people set."""

    false_alarms_per_year: None
    needs: KofN
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class NotifySpec:
    """A channel of the project's settings, told of incidents of ``severity`` and above."""

    to: str
    severity: str


@dataclass(frozen=True, slots=True)
class RemedySpec:
    """What to propose when something fails."""

    when: str
    do: str
    mode: str


@dataclass(frozen=True, slots=True)
class CapsSpec:
    """Bounds on the work of one window: values kept per segment, and cells (versions times segment values)."""

    segment_values: int = 100
    cells_per_window: int = 20_000


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor file. ``lines`` gives the line of each path, such as ``alarms.limits[0].above``."""

    version: int
    name: str
    model: str
    task: str
    owner: str | None
    description: str
    source: SourceSpec
    columns: ColumnsSpec
    window: Duration
    grace: Duration
    timezone: str
    segments: tuple[str, ...]
    baseline: BaselineSpec
    labels: LabelsSpec | None
    scores: tuple[ScoreSpec, ...]
    metrics: tuple[MetricSpec, ...]
    alarms: AlarmsSpec
    notify: tuple[NotifySpec, ...]
    remedies: tuple[RemedySpec, ...]
    caps: CapsSpec
    file: str = field(default="", compare=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.window, self.timezone)

    @property
    def baseline_span(self) -> Window | None:
        """The whole windows of the span that the baseline names; None where it names none or none are whole.

        Its days are those of the monitor's time zone: a date, which is midnight in UTC everywhere else, is midnight
        there.
        """
        if self.baseline.span is None:
            return None
        return self.calendar.whole(*(_at_midnight_of(ZoneInfo(self.timezone), at) for at in self.baseline.span))


def _at_midnight_of(zone: ZoneInfo, at: datetime) -> datetime:
    utc = at.astimezone(UTC)
    is_date = utc.time() == time()
    return utc.replace(tzinfo=zone).astimezone(UTC) if is_date else utc
