"""Scales: from values and times to places on a picture, and the ticks people can read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Linear:
    """A straight scale from ``[low, high]`` to ``[start, end]`` in pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 3) -> list[float]:
        """Round values within the scale, about so many."""
        if not self.high > self.low:
            return [self.low]
        step = _round_step((self.high - self.low) / max(about, 1))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(i * step, 12) for i in range(first, last + 1)]


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= step * (1 - 1e-9))


@dataclass(frozen=True, slots=True)
class Log:
    """A scale of ratios, for positive values that lie orders of magnitude apart."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low) if value > 0 else 0.0
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 3) -> list[float]:
        """Powers of ten within the scale, about so many; 1, 2 and 5 times those where the scale is short."""
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        if last - first < 1:
            within = (m * 10.0**power for power in range(first - 1, last + 1) for m in (1, 2, 5))
            return [tick for tick in within if self.low <= tick <= self.high]
        step = max(1, math.ceil((last - first + 1) / (about + 1)))
        return [10.0**power for power in range(first, last + 1, step)]


Scale = Linear | Log
APART = 8.0
"""Where the largest value is so many times the smallest, a straight scale would press one of them flat."""


def fitting(
    own: Sequence[float], others: Sequence[float | None], start: float, end: float, *, from_zero: bool
) -> Scale:
    """A straight scale that holds all values; one of ratios where the ``own`` values lie far apart."""
    if own and min(own) > 0 and max(own) / min(own) >= APART and not from_zero:
        known = [v for v in (*own, *others) if v is not None and math.isfinite(v) and v >= min(own) / 3]
        return Log(min(known) / 1.5, max(known) * 1.5, start, end)
    return linear([*own, *others], start, end, from_zero=from_zero)


def linear(values: Sequence[float | None], start: float, end: float, *, from_zero: bool) -> Linear:
    """A scale that holds all values with 5 % to spare, from 0 on where that is asked and possible."""
    known = [v for v in values if v is not None and math.isfinite(v)]
    if not known:
        return Linear(0.0, 1.0, start, end)
    low, high = min(known), max(known)
    spare = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    low = 0.0 if from_zero and low >= 0 else low - spare
    return Linear(low, high + spare, start, end)


@dataclass(frozen=True, slots=True)
class Times:
    """A scale of times."""

    first: datetime
    last: datetime
    start: float
    end: float

    def __call__(self, moment: datetime) -> float:
        span = (self.last - self.first) / timedelta(seconds=1)
        share = (moment - self.first) / timedelta(seconds=1) / span if span else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[datetime]:
        """Midnights, or hours where the span is short, about so many."""
        hours = (self.last - self.first) / timedelta(hours=1)
        step = next((s for s in _HOURS if hours / s <= about), _HOURS[-1])
        moment = self.first.replace(hour=0, minute=0, second=0, microsecond=0)
        found = []
        while moment <= self.last:
            if moment >= self.first:
                found.append(moment)
            moment += timedelta(hours=step)
        return found


_HOURS = (1, 2, 3, 6, 12, 24, 48, 168, 336, 672, 1344, 2688, 8736)
