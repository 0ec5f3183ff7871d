"""The default rule: a number has moved further than chance, its usual unrest and a tolerance explain."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from watchkeeper.metrics.base import Metric
from watchkeeper.rules.base import Comparison, Judgement, Rule, reasons
from watchkeeper.rules.distance import TYPICAL_N, distance
from watchkeeper.rules.families import DISTANCE, FAMILIES, FRESHNESS, ROW_COUNT, Family
from watchkeeper.rules.merge import lengths, smallest_merge
from watchkeeper.rules.series import FIXED, PREVIOUS, Bools, SeriesBlock
from watchkeeper.rules.spread import ALPHA, Z, outside, spread
from watchkeeper.rules.volume import counted, freshness, row_count
from watchkeeper.statistics.counts import Floats
from watchkeeper.terms import ALL_ROWS, ANY_VERSION, Guarantee, Severity, Status, Why, Window
from watchkeeper.windows import Calendar

_DAY = timedelta(days=1)
_LEVEL_OF_ONE = 0.05
_OF_TRAFFIC = (ROW_COUNT, FRESHNESS)


@np.errstate(all="ignore")
def change(
    block: SeriesBlock,
    base: SeriesBlock,
    *,
    family: str,
    span: Window | None,
    calendar: Calendar,
) -> Judgement:
    """Judge every window of a block by the row of the table of its family.

    A window is beyond if ``|x - x0| > tolerance + z sqrt(v + v0 + c tau^2)``, of one-sided families only in the bad
    direction. The windows of the baseline itself are not judged against it. Against the previous window nothing may
    breach: two of three windows cannot see a lasting step there; nor against a rolling baseline beside a fixed one,
    which sees all that the rolling one sees and does not forget it.

    Args:
        block: the series, all of one family; ``base``: single windows of the same metric.
        span: the time of a baseline taken from the monitored windows, None for one from elsewhere.
    """
    compared = comparison(block, base, family=family, span=span, calendar=calendar)
    here = chosen(block, base, family, calendar)
    effect = compared.effect()
    reason = why_not(block, compared, family, span)
    reason = np.where((reason == "") & ~here, Why.NO_VALUE.value, reason)
    judged = reason == ""
    return Judgement(
        rule=RULE.identity,
        block=block,
        said=block.present & (here if block.span > 1 else True),
        beyond=judged & (effect > 1),
        why_not=reason,
        why_beyond=Why.BEYOND_NOISE,
        limit=np.where(judged, _finite(compared.limit()), np.nan),
        effect=np.where(judged, effect, np.nan),
        guarantee=np.where(np.broadcast_to(compared.learnt, block.shape), Guarantee.G2.value, Guarantee.G0.value),
        severity=severity_of(family).value,
        may_breach=_may_breach(block),
    )


def _may_breach(block: SeriesBlock) -> Bools:
    """Which series may breach, shape (series,)."""
    keys = [tuple(key) for key in block.identities()]
    fixed = {key[:-1] for key in keys if key[-1] == FIXED}
    return np.asarray([key[-1] in (FIXED, ALL_ROWS) or (key[-1] != PREVIOUS and key[:-1] not in fixed) for key in keys])


@np.errstate(all="ignore")
def comparison(
    block: SeriesBlock,
    base: SeriesBlock,
    *,
    family: str,
    span: Window | None,
    calendar: Calendar,
) -> Comparison:
    """A block against its baseline or its past, as its family compares; arguments as of ``change``."""
    if family == DISTANCE:
        return distance(block)
    if family == ROW_COUNT:
        return row_count(block, calendar)
    if family == FRESHNESS:
        return freshness(block, calendar)
    return _content(block, base, FAMILIES[family], span, calendar)


def _content(
    block: SeriesBlock,
    base: SeriesBlock,
    family: Family,
    span: Window | None,
    calendar: Calendar,
) -> Comparison:
    scaled = family.scaled(block)
    of_base = scaled if block is base else family.scaled(base)
    between = spread(block, scaled, base, of_base, family, span=span, calendar=calendar)
    with np.errstate(invalid="ignore"):
        sd = np.sqrt(scaled.v + scaled.v0 + between.variance)
    few = ~((block.n_eff >= family.minimum_n) & (block.baseline_n >= family.minimum_n))
    return Comparison(
        x=scaled.x,
        x0=scaled.x0,
        sd=sd,
        z=_z(block.level) if family.per_kind else Z,
        tolerance=family.tolerance,
        side=family.side,
        back=scaled.back,
        few=few,
        young=np.zeros(block.shape, np.bool_),
        learnt=between.learnt,
    )


def _z(level: Floats) -> Floats:
    """Normal quantile of ``1 - alpha/K`` for a number that is one of K, K read off the level of its interval."""
    from scipy import special

    several = np.maximum(1, np.rint(_LEVEL_OF_ONE / (1 - np.where(np.isnan(level), 0.95, level))))
    return special.ndtri(1 - ALPHA / several)


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


def severity_of(family: str) -> Severity:
    """Severity of a change: drift and data warn, quality and the service are critical."""
    if family in _OF_TRAFFIC:
        return Severity.CRITICAL
    return Severity.WARNING if family == DISTANCE else FAMILIES[family].severity


def applies(block: SeriesBlock, family: str, calendar: Calendar) -> Bools:
    """Which series the rule judges at all, shape (series,).

    Traffic only over all versions, since a rollout moves it between them on purpose, and rows only in windows of a
    day or more. All else only against a baseline and in windows of a day or more: shorter ones share their day.
    """
    whole_days = calendar.size.about >= _DAY
    if family in _OF_TRAFFIC:
        asked = whole_days or family == FRESHNESS
        return (block.words("model_version") == ANY_VERSION) & block.once() & asked & (block.span == 1)
    return (block.baselines != ALL_ROWS) & whole_days


def chosen(block: SeriesBlock, base: SeriesBlock, family: str, calendar: Calendar) -> Bools:
    """Where the number of windows that this block joins is the one its series is judged on."""
    if family in _OF_TRAFFIC:
        return np.ones(block.shape, np.bool_)
    minimum, target = _wanted(family)
    counted_windows = base.final & (base.n_eff > 0)
    merge = smallest_merge(
        base.n_eff, counted_windows, minimum=minimum, target=target, lengths=lengths(family, calendar)
    )
    row_of = {key: row for row, key in enumerate(base.identities())}
    row = np.asarray([row_of.get(key, -1) for key in block.identities()], np.int64)
    gone = np.searchsorted(base.ends, block.ends, side="right")
    return (row >= 0)[:, None] & (merge[row][:, gone] == block.span)


def wanted_n(metric: Metric) -> float:
    """Effective rows that a window of this metric should have; windows are joined until they do."""
    return 0.0 if not metric.family or metric.family in _OF_TRAFFIC else float(_wanted(metric.family)[1])


def _wanted(family: str) -> tuple[int, int]:
    """Effective rows that are needed, and that are wanted."""
    if family == DISTANCE:
        return TYPICAL_N, TYPICAL_N
    return FAMILIES[family].minimum_n, FAMILIES[family].target_n


def why_not(block: SeriesBlock, compared: Comparison, family: str, span: Window | None) -> NDArray[np.str_]:
    """Why a window cannot be judged, "" where it can."""
    traffic = family in _OF_TRAFFIC
    known = np.isfinite(counted(block)) if family == ROW_COUNT else block.known
    learning = (block.status == Status.NO_BASELINE.value) & (block.baselines != PREVIOUS)[:, None]
    if span is not None and not traffic:
        learning |= (block.baselines == FIXED)[:, None] & ~outside(block, span)
    return reasons(
        block.shape,
        (block.open, Why.WINDOW_OPEN),
        (block.partial & (family == ROW_COUNT), Why.WINDOW_OPEN),
        (block.immature, Why.LABELS_IMMATURE),
        (learning, Why.TOO_FEW_WINDOWS),
        (~known | compared.few, Why.NO_VALUE),
        (compared.young, Why.TOO_FEW_WINDOWS),
        (np.isnan(compared.effect()), Why.NO_VALUE),
    )


RULE = Rule(change)
