"""A limit that an owner has set: a fixed number, k of n windows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from watchkeeper.metrics.base import Metric
from watchkeeper.rules.base import Judgement, Rule, reasons
from watchkeeper.rules.outcome import TWO_OF_THREE, KofN
from watchkeeper.rules.series import Bools, SeriesBlock
from watchkeeper.statistics.counts import Floats
from watchkeeper.terms import ANY_VERSION, Guarantee, Segment, Severity, Why
from watchkeeper.windows import micros


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a monitor file.

    Args:
        metric: name of the metric without its version; ``options`` as in the file.
        segment: None for all rows.
        above: larger values are beyond; or ``below``: smaller ones. Exactly one of both is set.
        needs: how many windows make a breach.
        expires: first day (UTC) on which it no longer holds.
    """

    metric: str
    column: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    segment: Segment | None = None
    above: float | None = None
    below: float | None = None
    needs: KofN = TWO_OF_THREE
    severity: Severity = Severity.WARNING
    owner: str = ""
    reason: str = ""
    expires: date | None = None

    @property
    def identity(self) -> str:
        """``limit:`` and a hash of what is limited; owner, reason and severity may change without a new rule.

        >>> Limit("accuracy", below=0.8).identity == Limit("accuracy", below=0.8, owner="risk").identity
        True
        """
        text = json.dumps(self._canonical(), sort_keys=True, separators=(",", ":"))
        return "limit:" + hashlib.sha256(text.encode()).hexdigest()[:16]

    def _canonical(self) -> dict[str, Any]:
        segment = self.segment or Segment()
        return {
            "metric": self.metric,
            "column": self.column,
            "options": {name: _plain(value) for name, value in self.options.items()},
            "segment": [segment.key, segment.value],
            "above": _plain(self.above),
            "below": _plain(self.below),
            "needs": [self.needs.k, self.needs.n],
            "expires": None if self.expires is None else self.expires.isoformat(),
        }


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


@np.errstate(all="ignore")
def limit(block: SeriesBlock, wanted: Limit, declared: Metric) -> Judgement:
    """Judge every single window of the limited series by its value alone.

    A window that ends after the limit has expired is not judged by it; earlier verdicts stand.

    Args:
        block: single windows of the limited metric, which is ``declared`` so.
    """
    series = block.where(_limited(block, wanted, declared))
    excess, bound, why = _excess(series.value, wanted)
    why_not = reasons(
        series.shape,
        (series.ends > _expiry(wanted), Why.RULE_EXPIRED),
        (series.open, Why.WINDOW_OPEN),
        (series.immature, Why.LABELS_IMMATURE),
        (~series.known, Why.NO_VALUE),
    )
    judged = why_not == ""
    return Judgement(
        rule=wanted.identity,
        block=series,
        said=series.present,
        beyond=judged & (excess > 0),
        why_not=why_not,
        why_beyond=why,
        limit=np.where(judged, bound, np.nan),
        effect=np.where(judged, np.maximum(0, 1 + excess / (abs(bound) or 1)), np.nan),
        guarantee=np.full(series.shape, Guarantee.G0.value),
        severity=wanted.severity.value,
        may_breach=np.ones(series.shape[0], np.bool_),
    )


def _limited(block: SeriesBlock, limit: Limit, declared: Metric) -> Bools:
    """The series of the column and segment over all versions; of several baselines the fixed one.

    A metric that always reads one column needs no column named.
    """
    segment = limit.segment or Segment()
    wanted = (declared.identity(limit.options), ANY_VERSION, segment.key, segment.value)
    here = np.asarray([(metric, *place) == wanted for metric, _, *place, _ in block.identities()], np.bool_)
    return block.once() & here & ((block.columns == limit.column) | (declared.column is not None))


def _excess(value: Floats, limit: Limit) -> tuple[Floats, float, Why]:
    if limit.above is not None:
        return value - limit.above, limit.above, Why.ABOVE_LIMIT
    if limit.below is None:
        raise ValueError(f"a limit on {limit.metric} needs either above or below")
    return limit.below - value, limit.below, Why.BELOW_LIMIT


def _expiry(limit: Limit) -> int:
    if limit.expires is None:
        return int(np.iinfo(np.int64).max)
    return micros(datetime(limit.expires.year, limit.expires.month, limit.expires.day, tzinfo=UTC))


RULE = Rule(limit)
