"""Who applies for credit: the features of applicants, before anything goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Values = NDArray[np.object_]
Transform = Callable[[Floats], Floats]

DAY_SD = 0.04
"""How far the mean of a feature moves from day to day, in standard deviations of the feature."""
_RATE_SD = 0.03
_CORRELATION = {("annual_income", "loan_amount"): 0.4, ("credit_utilisation", "num_late_payments"): 0.2}


@dataclass(frozen=True, slots=True)
class Numeric:
    """A numeric feature and what the model makes of it.

    Attributes:
        value: from standard normal draws to the feature in its own unit.
        standard: from the feature to roughly mean 0 and sd 1, as the model sees it.
        weight: what one sd adds to the log odds of default.
        clip: the model cuts ``standard`` to plus or minus this many sd.
        decimals: digits that are sent; None for whole numbers.
        factors: units in which it may be sent by mistake, as multiples of the right one.
        grows: how a population changes: ``"times"`` (skewed, stays positive), ``"plus"``, or ``""`` for never.
    """

    name: str
    value: Transform
    standard: Transform
    weight: float
    clip: float = 3.0
    decimals: int | None = 2
    null_share: float = 0.0
    factors: tuple[float, ...] = ()
    grows: str = ""
    low: float = 0.0
    high: float = np.inf

    def seen_by_model(self, values: Floats) -> Floats:
        """The feature as the model uses it: standardised, clipped, 0 where missing."""
        return np.nan_to_num(np.clip(self.standard(values), -self.clip, self.clip), nan=0.0)


@dataclass(frozen=True, slots=True)
class Category:
    """A categorical feature: its values, their shares, and what each adds to the log odds of default."""

    name: str
    values: tuple[str, ...]
    shares: tuple[float, ...]
    effects: tuple[float, ...]
    null_share: float = 0.0


def _log_normal(median: float, sigma: float) -> tuple[Transform, Transform]:
    """To a log-normal feature, and back to its draws."""
    return (lambda z: median * np.exp(sigma * z), lambda x: np.log(np.maximum(x, 1e-9) / median) / sigma)


def _sigmoid(x: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-x))


def _age(z: Floats) -> Floats:
    return np.clip(np.rint(43.0 + 12.0 * z), 18.0, 85.0)


def _loan(z: Floats) -> Floats:
    return np.maximum(np.rint(120.0 * np.exp(0.6 * z)), 5.0) * 100.0


def _debt(z: Floats) -> Floats:
    return _sigmoid(-0.9 + 0.6 * z)


_SAVINGS_UNITS = (1000.0, 100.0, 0.001)


def _savings(z: Floats) -> Floats:
    return np.where(z < -1.4, 0.0, 4_000.0 * np.exp(0.75 * z))


def _utilisation(z: Floats) -> Floats:
    used = _sigmoid(-0.6 + 1.2 * z)
    return np.where(z < -1.17, 0.0, np.where(z > 2.0, 1.0, used))


_LATE_CUTS = np.array([0.31, 0.92, 1.34, 1.75, 2.05, 2.33])
"""Standard normal quantiles between 0, 1, 2 … late payments: 62 % of applicants have none."""


def _late(z: Floats) -> Floats:
    return np.searchsorted(_LATE_CUTS, z).astype(np.float64)


_INCOME, _TENURE = _log_normal(42_000.0, 0.5), _log_normal(5.0, 0.7)
_LOAN_STANDARD = _log_normal(12_000.0, 0.6)[1]
_SAVINGS_STANDARD = _log_normal(4_000.0, 0.75)[1]
_WEAK, _WEAK_CLIP = 0.04, 1.5
"""Features that may be planted with a change matter little to the model, so its scores hardly move with them."""

NUMERIC = (
    Numeric("annual_income", *_INCOME, -_WEAK, _WEAK_CLIP, factors=(1000.0, 100.0, 1 / 12, 0.001), grows="times"),
    Numeric("age", _age, lambda x: (x - 43.0) / 12.0, -_WEAK, _WEAK_CLIP, None, grows="plus", low=18.0, high=85.0),
    Numeric("loan_amount", _loan, _LOAN_STANDARD, _WEAK, _WEAK_CLIP, factors=(100.0, 0.001), grows="times"),
    Numeric("employment_years", *_TENURE, -_WEAK, _WEAK_CLIP, 1, 0.03, (12.0, 365.0), "times", high=45.0),
    Numeric("debt_to_income", _debt, lambda x: (x - 0.3) / 0.12, 0.62, decimals=4, null_share=0.01, high=1.0),
    Numeric("credit_utilisation", _utilisation, lambda x: (x - 0.36) / 0.26, 0.78, decimals=4, high=1.0),
    Numeric("num_late_payments", _late, lambda x: (x - 0.75) / 1.2, 0.74, decimals=None),
    Numeric("savings_balance", _savings, _SAVINGS_STANDARD, -_WEAK, _WEAK_CLIP, 2, 0.02, _SAVINGS_UNITS, "times"),
)

REGION = Category(
    "region", ("north", "west", "south", "east", "islands"), (0.29, 0.25, 0.21, 0.17, 0.08), (-0.1, 0, 0.12, 0.05, 0.1)
)
CATEGORIES = (
    REGION,
    Category(
        "product", ("personal", "car", "home_improvement", "card"), (0.46, 0.24, 0.18, 0.12), (0, -0.3, -0.2, 0.4)
    ),
    Category("channel", ("mobile", "web", "branch", "broker"), (0.44, 0.31, 0.17, 0.08), (0, 0, -0.2, 0.3)),
    Category(
        "home_ownership", ("rent", "mortgage", "own", "other"), (0.41, 0.38, 0.18, 0.03), (0.35, -0.2, -0.3, 0.1), 0.01
    ),
)

FEATURES = tuple(feature.name for feature in (*NUMERIC, *CATEGORIES))
BY_NAME = {feature.name: feature for feature in NUMERIC}


@dataclass(frozen=True, slots=True)
class Applicants:
    """Feature values, one array of shape (rows,) each; NaN and None stand for missing."""

    numeric: dict[str, Floats]
    categories: dict[str, Values]

    def log_odds(self) -> Floats:
        """What the features say about default, without the intercept, shape (rows,)."""
        total = sum(f.weight * f.seen_by_model(self.numeric[f.name]) for f in NUMERIC)
        return np.asarray(total + sum(_effect(c, self.categories[c.name]) for c in CATEGORIES), np.float64)

    def replacing(self, name: str, values: Floats) -> Applicants:
        """The same applicants with other values of one numeric feature."""
        return Applicants({**self.numeric, name: values}, self.categories)


def draw(rng: np.random.Generator, day: Ints) -> Applicants:
    """Draw one applicant per row from a population that does not change, but for day-to-day noise.

    Args:
        day: day of each row, from 0, shape (rows,).
    """
    days = int(day.max(initial=0)) + 1
    z = {f.name: rng.standard_normal(day.size) for f in NUMERIC}
    for (cause, effect), rho in _CORRELATION.items():
        z[effect] = rho * z[cause] + np.sqrt(1 - rho**2) * z[effect]
    numeric = {f.name: _numeric(f, rng, z[f.name] + DAY_SD * rng.standard_normal(days)[day]) for f in NUMERIC}
    return Applicants(numeric, {c.name: _category(c, rng, day, days) for c in CATEGORIES})


def as_sent(feature: Numeric, values: Floats) -> Floats:
    """Values inside the feature's range and with its number of digits."""
    clipped: Floats = np.clip(values, feature.low, feature.high)
    return np.round(clipped, feature.decimals or 0)


def _numeric(feature: Numeric, rng: np.random.Generator, z: Floats) -> Floats:
    missing = rng.random(z.size) < feature.null_share
    return np.where(missing, np.nan, as_sent(feature, feature.value(z)))


def _category(feature: Category, rng: np.random.Generator, day: Ints, days: int) -> Values:
    rates = np.array(feature.shares) * np.exp(_RATE_SD * rng.standard_normal((days, len(feature.shares))))
    upper = np.cumsum(rates / rates.sum(axis=1, keepdims=True), axis=1)[:, :-1]
    index = (rng.random(day.size)[:, None] > upper[day]).sum(axis=1)
    missing = rng.random(day.size) < feature.null_share
    values: Values = np.array(feature.values, object)[index]
    values[missing] = None
    return values


def _effect(feature: Category, values: Values) -> Floats:
    total = np.zeros(values.size)
    for value, effect in zip(feature.values, feature.effects, strict=True):
        total[values == value] = effect
    return total
