"""What was going on around a finding at a moment, read from the series that are in breach and those judged alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.incidents.cause import WELL_INSIDE, Place, metric_name
from watchkeeper.incidents.changes import Rival
from watchkeeper.incidents.spells import History, Judged, Series, Spell, Watch, series_of
from watchkeeper.incidents.suspects import suspects
from watchkeeper.incidents.words import Scene, ranked
from watchkeeper.terms import ANY_VERSION, Finding, Outcome, Segment, Window

_OUTPUTS = ("score", "decision")


@dataclass(frozen=True)
class Surroundings:
    """The histories of a monitor, asked only about windows that ended by the moment ``at``.

    Because nothing later is looked at, the answer is the same whether the later windows are known already or not.
    """

    by_series: Mapping[Series, History]
    by_watch: Mapping[Watch, Sequence[History]]
    features: tuple[str, ...]

    @classmethod
    def of(cls, histories: Mapping[Series, History], features: tuple[str, ...]) -> Surroundings:
        by_watch: dict[Watch, list[History]] = defaultdict(list)
        for series in sorted(histories):  # so that nothing depends on the order of the rows
            by_watch[series.watch].append(histories[series])
        return cls(histories, by_watch, features)

    def active(self, at: datetime) -> list[Spell]:
        """The spells that had begun and were not over, as they were known then."""
        histories = (history for watch in self.by_watch.values() for history in watch)
        known = (history.until(at, spell) for history in histories for spell in history.spells)
        return [spell for spell in known if spell is not None and spell.over(at) is None]

    def quiet(self, active: Iterable[Spell], at: datetime) -> frozenset[Place]:
        """Places that were judged by the same metrics in the windows of the spells, and lay well inside."""
        calm: set[Place] = set()
        moved: set[Place] = set()
        asked: dict[tuple[Watch, Window], float] = defaultdict(float)
        for spell in active:
            place = spell.series.watch, _span(spell.breaches[-1].evidence)
            asked[place] = max(asked[place], spell.breaches[-1].effect or 0.0)
        for (watch, span), loudest in asked.items():
            for history in self.by_watch[watch]:
                rows = history.between(span.start, span.end, at)
                if rows:
                    calm_here = all(_well_inside(row, loudest) for row in rows)
                    (calm if calm_here else moved).add(_place(history.series))
        return frozenset(calm - moved)

    def scene(self, cause: str, findings: Sequence[Finding], active: Sequence[Spell], at: datetime) -> Scene:
        """What the sentence of an incident needs to know beside its findings."""
        columns = {spell.series.watch[3] for spell in active}
        return Scene(
            watched=len(self.features),
            changed=len(columns & set(self.features)),
            outputs=tuple(column for column in _OUTPUTS if column in columns),
            everywhere=tuple(self._everywhere(ranked(findings)[0], at)),
            sd=_spreads(active),
            rival=self._rivals(findings, at) if cause.startswith("version:") else {},
            suspects=self.suspects(cause, findings, active),
        )

    def suspects(
        self, cause: str, findings: Sequence[Finding], active: Sequence[Spell]
    ) -> tuple[tuple[str, float], ...]:
        """The columns that changed together with a problem of the model."""
        if cause != "model":
            return ()
        first, last = min(f.first.start for f in findings), max(f.last.end for f in findings)
        near = (spell.finding() for spell in active if spell.first.start < last and spell.last.end > first)
        return suspects(near, self.features)

    def _everywhere(self, finding: Finding, at: datetime) -> Iterable[str]:
        judged: dict[str, dict[str, bool]] = defaultdict(dict)
        for history in self.by_watch.get(series_of(finding).watch, ()):
            rows = history.between(finding.last.start, finding.last.end, at)
            named = _dimension(history.series)
            if rows and named is not None:
                beyond = any(row.outcome != Outcome.OK for row in rows)
                judged[named[0]][named[1]] = judged[named[0]].get(named[1], False) or beyond
        return [key for key, values in sorted(judged.items()) if len(values) > 1 and all(values.values())]

    def _rivals(self, findings: Sequence[Finding], at: datetime) -> dict[str, Rival]:
        """By metric, the other version that lies deepest within its limit."""
        found: dict[str, Rival] = {}
        for finding in ranked(findings):
            name, point = metric_name(finding), finding.point
            others = [
                (row.effect or 0.0, row.series.model_version, row.value)
                for history in self.by_watch.get(series_of(finding).watch, ())
                if history.series.model_version not in (ANY_VERSION, point.model_version)
                and history.series.segment == point.segment
                for row in history.between(point.window.start, point.window.end, at)
                if row.value is not None and _well_inside(row)
            ]
            if others and name not in found:
                _, version, value = min(others)
                found[name] = Rival(version, value)
        return found


def _span(windows: Sequence[Window]) -> Window:
    return Window(min(w.start for w in windows), max(w.end for w in windows))


def _well_inside(row: Judged, loudest: float = 1.0) -> bool:
    """Within its limit, and not half as far from the baseline as the loudest of its kind."""
    inside = WELL_INSIDE * max(loudest, 1.0)
    return row.outcome == Outcome.OK and (row.effect is None or row.effect < inside)


def _place(series: Series) -> Place:
    return Place(series.watch[3], series.model_version, series.segment)


def _dimension(series: Series) -> tuple[str, str] | None:
    """Segment key and value of all versions, or the version of all rows."""
    if series.model_version == ANY_VERSION:
        return None if series.segment == Segment() else (series.segment.key, series.segment.value)
    return ("version", series.model_version) if series.segment == Segment() else None


def _spreads(active: Iterable[Spell]) -> dict[str, float]:
    return {spell.series.watch[3]: spell.worst.sd for spell in active if spell.worst.sd}
