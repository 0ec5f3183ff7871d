"""Spells: how long one series stayed in breach, read from the verdicts."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isnan
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.terms import Finding, Outcome, PointKey, Segment, Severity, Why, Window

RECOVERED_AFTER = 3
"""So many final ok windows end a spell."""
_NAMED_BY = ("monitor", "rule", "metric", "column", "baseline")
_JUDGED = (Outcome.OK.value, Outcome.WARNING.value, Outcome.BREACH.value)

Watch = tuple[str, ...]
"""What is judged alike everywhere: monitor, rule, metric, column, baseline."""


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """What is judged, where, and on windows of which length: ``grain`` in seconds, months counted as 30 days."""

    watch: Watch
    model_version: str
    segment: Segment
    grain: int


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict with what its point was compared with; ``sd`` is the spread of one row of the baseline."""

    series: Series
    window: Window
    outcome: str
    why: str
    severity: Severity
    value: float | None
    limit: float | None
    effect: float | None
    evidence: tuple[Window, ...]
    seq: int
    baseline_value: float | None = None
    sd: float | None = None


@dataclass(frozen=True, slots=True)
class Spell:
    """A series from its first breach to the third ok window after its last one, or still in breach.

    ``ended`` is the end of that third window. ``heard_until`` is the end of the last window that was judged, or that
    will be once its labels have matured.
    """

    series: Series
    breaches: tuple[Judged, ...]
    ended: datetime | None
    heard_until: datetime

    @property
    def began(self) -> datetime:
        """The moment the first breach was complete."""
        return self.breaches[0].window.end

    @property
    def first(self) -> Window:
        """The first window beyond the limit."""
        return min(self.breaches[0].evidence)

    @property
    def last(self) -> Window:
        """The last window beyond the limit."""
        return max(self.breaches[-1].evidence)

    @property
    def worst(self) -> Judged:
        """The breach with the strongest effect, the earliest of equals."""
        return max(self.breaches, key=lambda b: (b.effect or 0.0, -b.window.end.timestamp()))

    @property
    def severity(self) -> Severity:
        return max((b.severity for b in self.breaches), key=lambda s: s.rank)

    @property
    def evidence(self) -> tuple[Window, ...]:
        """Every window beyond the limit that a breach rested on, in order."""
        windows = {window for breach in self.breaches for window in breach.evidence}
        return tuple(sorted(windows, key=lambda window: (window.start, window.end)))

    def over(self, at: datetime) -> datetime | None:
        """When it ended, seen from ``at``: by recovery, or by falling silent for three windows.

        Windows whose labels are still to come are not silence.
        """
        if self.ended is not None:
            return self.ended
        silent = self.heard_until + timedelta(seconds=RECOVERED_AFTER * self.series.grain)
        return silent if silent <= at else None

    def finding(self) -> Finding:
        """The spell as an incident tells it: its span, and the numbers of its strongest breach."""
        worst = self.worst
        return Finding(
            rule=self.series.watch[1],
            point=point_key(self.series, worst.window),
            first=self.first,
            last=self.last,
            value=worst.value,
            baseline_value=worst.baseline_value,
            limit=worst.limit,
            severity=self.severity,
            effect=worst.effect or 0.0,
            evidence=self.evidence,
        )


@dataclass(frozen=True, slots=True)
class History:
    """One series over time: its judged windows in order, and the spells in them.

    ``covered`` are the starts of all windows with a verdict, judged or not; ``awaited`` the ends of those whose labels
    have not matured.
    """

    series: Series
    covered: frozenset[datetime]
    rows: tuple[Judged, ...]
    ends: tuple[datetime, ...]
    awaited: tuple[datetime, ...]
    spells: tuple[Spell, ...]

    def until(self, at: datetime, spell: Spell) -> Spell | None:
        """The spell as it was known when windows up to ``at`` were final; None before its first breach."""
        known = tuple(b for b in spell.breaches if b.window.end <= at)
        if not known:
            return None
        ended = spell.ended if spell.ended is not None and spell.ended <= at else None
        heard = self._heard_until(at)
        return Spell(self.series, known, ended, min(heard, ended) if ended else heard)

    def _heard_until(self, at: datetime) -> datetime:
        """End of the last window by ``at`` that was judged or waits for its labels."""
        return max(ends[bisect_right(ends, at) - 1] for ends in (self.ends, self.awaited) if ends and ends[0] <= at)

    def between(self, start: datetime, end: datetime, at: datetime) -> tuple[Judged, ...]:
        """The judged windows that overlap ``[start, end)`` and ended by ``at``."""
        low, high = bisect_right(self.ends, start), bisect_right(self.ends, at)
        return tuple(row for row in self.rows[low:high] if row.window.start < end)


def point_key(series: Series, window: Window) -> PointKey:
    """Key of the point of a series in a window."""
    monitor, _, metric, column, baseline = series.watch
    return PointKey(monitor, metric, column, series.model_version, series.segment, window, baseline)


def series_of(finding: Finding) -> Series:
    """The series a finding is about."""
    point = finding.point
    watch = (point.monitor, finding.rule, point.metric, point.column, point.baseline)
    return Series(watch, point.model_version, point.segment, grain(finding.first))


def grain(window: Window) -> int:
    """Length of a window in seconds; days across a change of daylight saving and months of any length are alike.

    >>> grain(Window(datetime(2026, 3, 29), datetime(2026, 3, 29, 23)))
    86400
    """
    elapsed = window.end - window.start
    if elapsed < timedelta(hours=20):
        return round(elapsed.total_seconds())
    days = round(elapsed / timedelta(days=1))
    return 86_400 * (30 if 28 <= days <= 31 else days)


def histories(
    verdicts: pa.Table, known: Iterable[Finding] = (), points: pa.Table | None = None
) -> dict[Series, History]:
    """The series that matter: everything judged alike with something that is in breach or is a known finding.

    Args:
        verdicts: ``schemas.VERDICTS``; of several rows of one key the highest ``seq`` holds.
        known: findings of incidents whose evidence must be looked at again.
        points: ``schemas.POINTS``, for baseline values; None where they are not at hand.
    """
    watches = {series_of(finding).watch for finding in known}
    in_breach = verdicts.filter(pc.equal(verdicts["outcome"], Outcome.BREACH.value))
    watches |= {tuple(row[name] for name in _NAMED_BY) for row in in_breach.select(list(_NAMED_BY)).to_pylist()}
    compared = _compared(points, watches) if points is not None else {}
    rows: dict[Series, list[Judged]] = defaultdict(list)
    for row in _current(_watched(verdicts, watches)):
        judged = _judged(row, compared)
        rows[judged.series].append(judged)
    return {series: _history(series, found) for series, found in rows.items()}


def _watched(table: pa.Table, watches: Collection[Watch]) -> pa.Table:
    names = [name for name in _NAMED_BY if name in table.column_names]
    keep = {tuple(w[_NAMED_BY.index(name)] for name in names) for w in watches}
    joined = pc.binary_join_element_wise(*(table[name].cast(pa.string()) for name in names), "\x1f")
    return table.filter(pc.is_in(joined, value_set=pa.array(["\x1f".join(w) for w in sorted(keep)], pa.string())))


def _current(table: pa.Table) -> Iterable[Mapping[str, Any]]:
    newest: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    places = ("model_version", "segment_key", "segment_value", "window_start", "window_end")
    for row in table.to_pylist():
        key = tuple(row[name] for name in (*_NAMED_BY, *places))
        if key not in newest or newest[key]["seq"] <= row["seq"]:
            newest[key] = row
    return sorted(newest.values(), key=lambda row: (row["window_end"], row["window_start"]))


def _judged(row: Mapping[str, Any], compared: Mapping[tuple[Any, ...], tuple[float | None, float | None]]) -> Judged:
    window = Window(row["window_start"], row["window_end"])
    series = Series(
        watch=tuple(row[name] for name in _NAMED_BY),
        model_version=row["model_version"],
        segment=Segment(row["segment_key"], row["segment_value"]),
        grain=grain(window),
    )
    baseline_value, sd = compared.get(_point_of(row), (None, None))
    return Judged(
        series=series,
        window=window,
        outcome=row["outcome"],
        why=row["why"],
        severity=Severity(row["severity"]),
        value=_number(row["value"]),
        limit=_number(row["limit"]),
        effect=_number(row["effect"]),
        evidence=tuple(Window(start, start + (window.end - window.start)) for start in row["evidence"] or ()),
        seq=row["seq"],
        baseline_value=baseline_value,
        sd=sd,
    )


def _number(value: float | None) -> float | None:
    return None if value is None or isnan(value) else value


def _point_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("monitor", "metric", "column", "model_version", "segment_key", "segment_value", "baseline")
    return (*(row[name] for name in names), row["window_start"], row["window_end"])


def _compared(points: pa.Table, watches: Collection[Watch]) -> dict[tuple[Any, ...], tuple[float | None, float | None]]:
    found: dict[tuple[Any, ...], tuple[float | None, float | None]] = {}
    for row in sorted(_watched(points, watches).to_pylist(), key=lambda row: row["seq"]):
        n, se = row["baseline_n"], _number(row["baseline_se"])
        found[_point_of(row)] = (_number(row["baseline_value"]), None if n is None or se is None else se * n**0.5)
    return found


def _history(series: Series, rows: Sequence[Judged]) -> History:
    windows = {row.window.start: row.window for row in rows}
    judged = tuple(_with_windows(row, windows) for row in rows if row.outcome in _JUDGED)
    ends = tuple(row.window.end for row in judged)
    awaited = tuple(row.window.end for row in rows if row.why == Why.LABELS_IMMATURE)
    heard_until = max((*ends[-1:], *awaited[-1:]), default=None)
    return History(series, frozenset(windows), judged, ends, awaited, tuple(_spells(series, judged, heard_until)))


def _with_windows(row: Judged, windows: Mapping[datetime, Window]) -> Judged:
    """Name the evidence by the windows that were judged; a breach without any rests on its own window."""
    evidence = tuple(windows.get(window.start, window) for window in row.evidence)
    if row.outcome == Outcome.BREACH and not evidence:
        evidence = (row.window,)
    return replace(row, evidence=evidence)


def _spells(series: Series, judged: Sequence[Judged], heard_until: datetime | None) -> Iterator[Spell]:
    breaches: list[Judged] = []
    ok = 0
    for row in judged:
        ok = ok + 1 if row.outcome == Outcome.OK else 0
        if row.outcome == Outcome.BREACH:
            breaches.append(row)
        elif breaches and ok == RECOVERED_AFTER:
            yield Spell(series, tuple(breaches), row.window.end, row.window.end)
            breaches = []
    if breaches and heard_until is not None:
        yield Spell(series, tuple(breaches), None, heard_until)
