"""Since when each limit holds: one that is added or edited is asked of windows from then on, never of the past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper import schemas
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.points import LABEL
from watchkeeper.plan.due import Clock
from watchkeeper.rules.limit import Limit

Since = Mapping[str, datetime | None]
"""By identity of a limit the clock of the run before it came; None for one that was there from the first run on."""


def standing(limits: Iterable[Limit], known: Since, last: datetime | None) -> dict[str, datetime | None]:
    """Since when the limits of a monitor hold.

    Args:
        known: what the last run remembered.
        last: the clock of the last run; what was not final then had not been judged by anything.
    """
    return {limit.identity: known.get(limit.identity, last) for limit in limits}


@dataclass(frozen=True)
class Later:
    """A limit that came when others had judged already, and the clock of the run before it."""

    limit: Limit
    since: datetime

    def asked(self, points: pa.Table, metrics: Mapping[str, Metric], clock: Clock) -> pa.Table:
        """The points that it is asked of: those of its metric that could not be judged before it came."""
        own = points.filter(pc.starts_with(points["metric"], f"{self.limit.metric}@"))
        needs_labels = metrics[self.limit.metric].needs_labels or self.limit.column == LABEL
        ends = pc.unique(own["window_end"])
        open_then = [end for end in ends.to_pylist() if self._was_unsettled(end, clock, needs_labels)]
        return own.filter(pc.is_in(own["window_end"], value_set=pa.array(open_then, schemas.TIME)))

    def _was_unsettled(self, end: datetime, clock: Clock, needs_labels: bool) -> bool:
        settled = clock.grace.after(end)
        if needs_labels and clock.matures_after is not None:
            settled = max(settled, clock.matures_after.after(end))
        return settled > self.since

    def verdicts(self, judged: pa.Table) -> pa.Table:
        """Its own verdicts among others."""
        return judged.filter(pc.equal(judged["rule"], self.limit.identity))
