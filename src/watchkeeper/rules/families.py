"""The families of the change rule: on which scale a metric is compared, what counts as nothing, and which way is bad.

The constants were calibrated by simulation; what they cost and find stands in ``docs/explanation/false-alarms.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from watchkeeper.rules.series import SeriesBlock
from watchkeeper.statistics.counts import Floats
from watchkeeper.terms import Severity

ASSUMED = 0.1
"""Between-window spread taken where too few windows tell it, in standard deviations of one row."""


class Side(IntEnum):
    """The bad direction."""

    DOWN = -1
    BOTH = 0
    UP = 1


@dataclass(frozen=True, slots=True)
class Scaled:
    """A block on the scale of comparison; every array broadcasts to (series, windows).

    Args:
        x: the window's number on that scale; ``x0``: the baseline's.
        v: sampling variance of ``x``; ``v0``: of ``x0``.
        back: maps a number of that scale back to the value's scale.
        assumed: the spread ``ASSUMED`` on that scale.
    """

    x: Floats
    x0: Floats
    v: Floats
    v0: Floats
    back: Callable[[Floats], Floats]
    assumed: Floats | float


@dataclass(frozen=True, slots=True)
class Family:
    """One row of the table of the change rule.

    Args:
        scaled: puts a block on the scale of comparison.
        tolerance: a change that never matters, on that scale.
        minimum_n: smallest ``n_eff`` and ``baseline_n`` that are judged.
        target_n: ``n_eff`` that a window should have before windows are merged to reach it; at least ``minimum_n``.
        per_kind: the series is one of several of its column, and its interval's level says of how many.
    """

    scaled: Callable[[SeriesBlock], Scaled]
    tolerance: float
    side: Side
    severity: Severity
    minimum_n: int = 30
    target_n: int = 30
    per_kind: bool = False


def arcsine(share: Floats, n: Floats) -> Floats:
    """Anscombe's angle of a share of n rows: ``2 asin(sqrt((k + 3/8) / (n + 3/4)))``, of variance about 1/n.

    >>> arcsine(np.array([0.5]), np.array([100.0])).round(4)
    array([1.5708])
    """
    with np.errstate(invalid="ignore"):
        return 2 * np.arcsin(np.sqrt((np.clip(share, 0, 1) * n + 0.375) / (n + 0.75)))


def share_of(angle: Floats, n: Floats) -> Floats:
    """The share of n rows that has this angle, within 0 and 1."""
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = np.sin(np.clip(angle, 0, np.pi) / 2) ** 2
        return np.clip((inside * (n + 0.75) - 0.375) / n, 0, 1)


def _reciprocal(n: Floats) -> Floats:
    return np.divide(1.0, n, out=np.full(np.shape(n), np.nan), where=n > 0)


def _shares(block: SeriesBlock, value: Floats, expected: Floats) -> Scaled:
    return Scaled(
        x=arcsine(value, block.n_eff),
        x0=arcsine(expected, block.baseline_n),
        v=_reciprocal(block.n_eff),
        v0=_reciprocal(block.baseline_n),
        back=lambda angle: share_of(angle, block.n_eff),
        assumed=ASSUMED,
    )


def share(block: SeriesBlock) -> Scaled:
    """A share of rows against the baseline's, as angles."""
    return _shares(block, block.value, block.baseline_value)


def quantile(block: SeriesBlock) -> Scaled:
    """The share of rows above the baseline's p-quantile against 1 - p; it has no way back to the quantile's unit."""
    scaled = _shares(block, block.compared, np.broadcast_to(1 - block.option("p"), block.shape))
    return Scaled(scaled.x, scaled.x0, scaled.v, scaled.v0, lambda angle: np.full_like(angle, np.nan), scaled.assumed)


def mean(block: SeriesBlock) -> Scaled:
    """The mean in standard deviations of the baseline's rows."""
    sd = _row_sd(block)
    return Scaled(
        x=_ratio(block.value, sd),
        x0=_ratio(block.baseline_value, sd),
        v=_reciprocal(block.n_eff),
        v0=_reciprocal(block.baseline_n),
        back=lambda x: x * sd,
        assumed=ASSUMED,
    )


def roc_auc(block: SeriesBlock) -> Scaled:
    """The area as it is, with DeLong's variances.

    Two normal scores whose means lie d standard deviations apart have the area Phi(d / sqrt 2), so a separation that
    moves by 0.1 moves the area by 0.1 phi(d / sqrt 2) / sqrt 2: by 0.020 at 0.8.
    """
    from scipy import special

    with np.errstate(invalid="ignore"):
        z = special.ndtri(np.clip(block.baseline_value, 0, 1))
        slope = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / np.sqrt(2)
    return Scaled(
        x=block.value,
        x0=block.baseline_value,
        v=block.se**2,
        v0=block.baseline_se**2,
        back=lambda x: np.clip(x, 0, 1),
        assumed=ASSUMED * slope,
    )


def log_loss(block: SeriesBlock) -> Scaled:
    """The loss as a multiple of the baseline's.

    The assumed spread is 0.1 standard deviations of one row's loss, as for any mean, hence 0.1 sd / loss here.
    """
    loss = np.where(block.baseline_value > 0, block.baseline_value, np.nan)
    return Scaled(
        x=block.value / loss,
        x0=block.baseline_value / loss,
        v=(block.se / loss) ** 2,
        v0=(block.baseline_se / loss) ** 2,
        back=lambda x: x * loss,
        assumed=ASSUMED * _row_sd(block) / loss,
    )


def _row_sd(block: SeriesBlock) -> Floats:
    """Standard deviation of one row of the baseline."""
    return block.baseline_se * np.sqrt(block.baseline_n)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)


FAMILIES: Mapping[str, Family] = {
    "data_share": Family(share, 0.05, Side.UP, Severity.WARNING),
    "service_share": Family(share, 0.05, Side.UP, Severity.CRITICAL),
    "share": Family(share, 0.05, Side.BOTH, Severity.WARNING, per_kind=True),
    "quantile": Family(quantile, 0.05, Side.BOTH, Severity.WARNING),
    "latency_quantile": Family(quantile, 0.05, Side.UP, Severity.CRITICAL),
    "mean": Family(mean, 0.05, Side.BOTH, Severity.WARNING),
    "quality_share": Family(share, 0.05, Side.DOWN, Severity.CRITICAL, target_n=700),
    "roc_auc": Family(roc_auc, 0.01, Side.DOWN, Severity.CRITICAL, target_n=700),
    "log_loss": Family(log_loss, 0.05, Side.UP, Severity.CRITICAL, target_n=700),
}
"""The families that compare with a baseline by one formula; distances, volume and freshness have their own."""

QUALITY = frozenset({"quality_share", "roc_auc", "log_loss"})
DISTANCE, ROW_COUNT, FRESHNESS = "distance", "row_count", "freshness"


def family_of(family: str, metric: str, column: str) -> str | None:
    """The row of the table that judges a metric of this column, or None where the change rule does not.

    One distance is judged for a column: ``psi`` for the score, else ``js_distance``. They agree; two would only
    double the false alarms. High latency is bad, and a matter of the service; other quantiles may move either way.

    >>> family_of("distance", "psi", "score"), family_of("distance", "psi", "age")
    ('distance', None)
    """
    if family == DISTANCE:
        return DISTANCE if metric == ("psi" if column == "score" else "js_distance") else None
    if family == "quantile" and column == "latency_ms":
        return "latency_quantile"
    return family if family in FAMILIES or family in (ROW_COUNT, FRESHNESS) else None
