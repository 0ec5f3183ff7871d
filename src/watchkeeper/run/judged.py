"""Points → verdicts: of the windows that changed and all after them, or of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper import schemas
from watchkeeper.rules.families import FRESHNESS, ROW_COUNT
from watchkeeper.rules.formative import formative, traffic_windows
from watchkeeper.rules.judge import judge
from watchkeeper.rules.limit import Limit
from watchkeeper.run.carried import Past
from watchkeeper.run.derive import Points
from watchkeeper.run.differences import before, changed, closed
from watchkeeper.run.limits import Later, standing
from watchkeeper.run.outlook import Outlook
from watchkeeper.run.reach import windows_before
from watchkeeper.run.workplace import Workplace
from watchkeeper.store.current import newest
from watchkeeper.store.tables import POINT_KEY, VERDICT_KEY


@dataclass(frozen=True)
class Verdicts:
    """The verdicts that changed.

    Args:
        formed: the formative points as of this run, for the next one.
        rests_on: start of the first window that the evidence of a judged window may name; None where all were judged.
    """

    fresh: pa.Table
    formed: pa.Table
    rests_on: datetime | None


def verdicts(place: Workplace, seen: Outlook, version: str, seq: int, derived: Points, past: Past) -> Verdicts:
    """Judge what changed and all windows after it, and keep the verdicts that say something new.

    Args:
        derived: the points of this run, which are stored by now.
        past: what is known of the runs before.
    """
    return _Judging(place, seen, version, seq, derived, past.formed, past.closed).verdicts()


@dataclass(frozen=True)
class _Judging:
    place: Workplace
    seen: Outlook
    version: str
    seq: int
    derived: Points
    formed: pa.Table | None
    closed: int

    def verdicts(self) -> Verdicts:
        since = self.derived.since
        if self.formed is not None and not self.derived.whole:
            if since is None:
                return Verdicts(schemas.VERDICTS.empty_table(), self.formed, self.seen.clock.now)
            formed = self._formative(newest(pa.concat_tables([self.formed, self.derived.fresh]), POINT_KEY))
            if not self._is_before_baseline_ends(since) and not _has_lost(self.formed, formed, self.derived.fresh):
                return Verdicts(self._changed(self._recent(formed, since), since), formed, self._rests_on(since))
        points = self.place.tables.current_points(self.seen.monitor.name)
        return Verdicts(self._changed(points, None), self._formative(points), None)

    def _is_before_baseline_ends(self, since: datetime) -> bool:
        """Windows of the baseline say how much all windows differ, also those before it."""
        span = self.seen.baseline.span
        return span is not None and since < span.end

    def _formative(self, points: pa.Table) -> pa.Table:
        return formative(
            points,
            metrics=self.place.metrics,
            calendar=self.seen.calendar,
            now=self.seen.clock.now,
            span=self.seen.baseline.span,
        )

    def _recent(self, formed: pa.Table, since: datetime) -> pa.Table:
        """Everything that verdicts of windows from ``since`` on look at."""
        content = self._rests_on(since)
        recent = self.place.tables.current_points(self.seen.monitor.name, since=content)
        return newest(pa.concat_tables([formed, recent, self._traffic(since, content)]), POINT_KEY)

    def _traffic(self, since: datetime, until: datetime) -> pa.Table:
        """Row counts and ages of the windows before, which are compared with a longer past."""
        first = windows_before(self.seen, since, traffic_windows(self._needs, self.seen.calendar))
        requests = self.seen.resolved.requests
        names = {request.identity for request in requests if request.metric.family in (ROW_COUNT, FRESHNESS)}
        name = self.seen.monitor.name
        return self.place.tables.current_points(name, since=first, until=until, metrics=sorted(names))

    @property
    def _needs(self) -> int:
        """The largest n of all "k of n"."""
        return max([self.seen.monitor.alarms.needs.n, *(limit.needs.n for limit in self.seen.resolved.limits)])

    def _rests_on(self, since: datetime) -> datetime:
        """Start of the first window that the evidence of the window from ``since`` on may name."""
        return windows_before(self.seen, since, (self._needs + 1) * self.derived.joined)

    def _changed(self, points: pa.Table, since: datetime | None) -> pa.Table:
        judged = self._all(points)
        if since is not None:
            judged = judged.filter(pc.greater_equal(judged["window_start"], pa.scalar(since, schemas.TIME)))
        known = before(self.place.tables.verdicts(self.seen.monitor.name, since=since), VERDICT_KEY, self.seq)
        return changed(judged, closed(known, self.closed), VERDICT_KEY)

    def _all(self, points: pa.Table) -> pa.Table:
        """Verdicts of every rule; a limit that came later is asked only of what had not been judged when it came."""
        seen = self.seen
        since = standing(seen.resolved.limits, seen.memory.limits, seen.memory.last)
        made = [self._judged(points, [limit for limit in seen.resolved.limits if since[limit.identity] is None])]
        for limit in seen.resolved.limits:
            if (came := since[limit.identity]) is not None:
                later = Later(limit, came)
                asked = later.asked(points, self.place.metrics, seen.clock)
                made.append(later.verdicts(self._judged(asked, [limit])))
        return pa.concat_tables(made)

    def _judged(self, points: pa.Table, limits: Sequence[Limit]) -> pa.Table:
        return judge(
            points,
            metrics=self.place.metrics,
            calendar=self.seen.calendar,
            now=self.seen.clock.now,
            monitor_version=self.version,
            seq=self.seq,
            limits=limits,
            change_needs=self.seen.monitor.alarms.needs,
            baseline_span=self.seen.baseline.span,
        )


def _has_lost(formed: pa.Table, now: pa.Table, fresh: pa.Table) -> bool:
    """Whether a formative point changed so that it is none any more; which one follows only all points tell."""
    key = list(POINT_KEY)
    left = formed.select(key).join(now.select(key), key, join_type="left anti")
    return bool(left.join(fresh.select(key), key, join_type="left semi").num_rows)
