"""Counts, mean and central sums of a numeric column, plain and weighted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from watchkeeper.statistics.base import matrix, stored
from watchkeeper.statistics.counts import Floats, Ints
from watchkeeper.statistics.grid import Grid
from watchkeeper.statistics.numbers import Numbers
from watchkeeper.statistics.power_sums import PowerSums
from watchkeeper.statistics.runs import Runs

_INTS = 7
_FLOATS = 11


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of the finite values of each cell; every field has shape (cells,).

    ``n`` counts finite values, the other counts what is missing, infinite, zero or negative. ``w`` and ``w2`` are the
    sums of w and w² over the finite values, ``mean`` is the weighted mean and ``rest`` what a double cannot hold of it
    (it keeps the digits of higher moments when values are far from zero), ``m2``, ``m3``, ``m4`` are the weighted sums
    of (x − mean)^k, ``v1`` and ``v2`` the sums of w²(x − mean)^k. ``mean``, ``min`` and ``max`` are NaN without values.

    Merging follows Chan, Golub and LeVeque (1979) and Pébay (2008), so that a large offset costs no digits.
    """

    n: Ints
    n_null: Ints
    n_nan: Ints
    n_pos_inf: Ints
    n_neg_inf: Ints
    n_zero: Ints
    n_negative: Ints
    w: Floats
    w2: Floats
    mean: Floats
    rest: Floats
    m2: Floats
    m3: Floats
    m4: Floats
    v1: Floats
    v2: Floats
    min: Floats
    max: Floats

    kind: ClassVar[str] = "moments@1"

    @classmethod
    def of(cls, values: Any, cell: Ints, weight: Floats | None, cells: int, grid: Grid | None = None) -> Self:
        """Count rows (see ``Statistic.of``).

        >>> import pyarrow as pa
        >>> m = Moments.of(pa.array([1.0, 2.0, 6.0, None]), np.zeros(4, int), None, 1)
        >>> float(m.mean[0]), float(m.variance[0]), int(m.n_null[0])
        (3.0, 7.0, 1)
        """
        return cls.of_runs(Numbers.of(values), Runs.of(cell, weight, cells))

    @classmethod
    def of_runs(cls, numbers: Numbers, runs: Runs) -> Self:
        """Count rows that are ordered by cell already."""
        x = runs.gathered(numbers.values)
        with np.errstate(over="ignore", invalid="ignore"):
            sums = runs.sums(x)
        if np.isfinite(sums).all():  # so is every value
            nothing = np.zeros(runs.cells, np.int64)
            return cls._of_finite(x, runs, (nothing,) * 4)
        finite = np.isfinite(x)
        inside = runs.only(finite)
        n_null = runs.counts(runs.gathered(numbers.is_null))
        n_pos_inf, n_neg_inf = runs.counts(x == np.inf), runs.counts(x == -np.inf)
        n_nan = runs.rows - inside.rows - n_null - n_pos_inf - n_neg_inf
        return cls._of_finite(x[finite], inside, (n_null, n_nan, n_pos_inf, n_neg_inf))

    @classmethod
    def _of_finite(cls, x: Floats, runs: Runs, absent: tuple[Ints, ...]) -> Self:
        low, high = runs.minima(x), runs.maxima(x)
        n_zero = n_negative = np.zeros(runs.cells, np.int64)
        if not bool(np.nanmin(low, initial=np.inf) > 0):
            n_zero, n_negative = runs.counts(x == 0), runs.counts(x < 0)
        return cls._from([runs.rows, *absent, n_zero, n_negative, *_central_sums(x, runs), low, high])._settled()

    @classmethod
    def _from(cls, columns: Sequence[NDArray[Any]]) -> Self:
        return cls(**dict(zip(_NAMES, columns, strict=True)))

    @classmethod
    def empty(cls, cells: int, grid: Grid | None = None) -> Self:
        ints = np.zeros((_INTS, cells), np.int64)
        floats = np.zeros((_FLOATS, cells))
        floats[[2, 9, 10]] = np.nan
        return cls._from([*ints, *floats])

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        return cls._from([np.concatenate(columns) for columns in zip(*map(_columns, parts), strict=True)])

    @property
    def rows(self) -> Ints:
        """Rows counted, missing and infinite values included."""
        return self.n + self.n_null + self.n_nan + self.n_pos_inf + self.n_neg_inf

    @property
    def weight(self) -> Floats:
        return self.w

    @property
    def n_eff(self) -> Floats:
        return _ratio(self.w * self.w, self.w2, empty=0.0)

    @property
    def variance(self) -> Floats:
        """Sample variance, Σw(x − mean)²/Σw · n_eff/(n_eff − 1); NaN below two values."""
        n_eff = self.n_eff
        return np.where(self.n > 1, _ratio(self.m2, self.w) * _ratio(n_eff, n_eff - 1), np.nan)

    @property
    def se_mean(self) -> Floats:
        """Standard error of the weighted mean (Hájek 1971), √(n/(n − 1)·Σw²(x − mean)²)/Σw; NaN below two values."""
        return np.where(self.n > 1, np.sqrt(_ratio(self.n * self.v2, self.n - 1.0)) / _or_nan(self.w), np.nan)

    @property
    def skewness(self) -> Floats:
        """Population skewness; NaN for a constant."""
        spread = _ratio(self.m2, self.w)
        return _ratio(_ratio(self.m3, self.w), spread**1.5)

    @property
    def excess_kurtosis(self) -> Floats:
        """Population excess kurtosis; NaN for a constant."""
        spread = _ratio(self.m2, self.w)
        return _ratio(_ratio(self.m4, self.w), spread * spread) - 3.0

    def take(self, cells: Ints) -> Self:
        return self._from([column[cells] for column in _columns(self)])

    def merged(self, into: Ints, cells: int) -> Self:
        kept = np.flatnonzero(np.asarray(into) >= 0)
        part, into = self.take(kept), np.asarray(into)[kept]
        ints = (_added(column, into, cells) for column in _columns(part)[:_INTS])
        start, shift = part._common_mean(into, cells)
        about = part._about(start[into], shift[into])
        w, w2 = _added(part.w, into, cells), _added(part.w2, into, cells)
        mean, rest = _sum_and_rest(start, shift, w)
        powers = (_added(column, into, cells) for column in about)
        low, high = np.full(cells, np.inf), np.full(cells, -np.inf)
        np.fmin.at(low, into, part.min)
        np.fmax.at(high, into, part.max)
        bounds = (np.where(w > 0, bound, np.nan) for bound in (low, high))
        return self._from([*ints, w, w2, mean, rest, *powers, *bounds])._settled()

    def _common_mean(self, into: Ints, cells: int) -> tuple[Floats, Floats]:
        """First mean that falls into each target cell, and how far above it their weighted mean is."""
        filled = np.flatnonzero(self.w > 0)[::-1]
        start = np.zeros(cells)
        start[into[filled]] = self.mean[filled]  # the last write stays: the first part
        with np.errstate(over="ignore", invalid="ignore"):
            away = np.where(self.w > 0, (self.mean - start[into] + self.rest) * self.w, 0.0)
        return start, _ratio(_added(away, into, cells), _added(self.w, into, cells), empty=0.0)

    def _about(self, start: Floats, shift: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """m2, m3, m4, v1 and v2 about another centre, ``start + shift``."""
        with np.errstate(over="ignore", invalid="ignore"):
            away = np.where(self.w > 0, self.mean - start + self.rest - shift, 0.0)
            return _moved(away, self.w, self.w2, 0.0, *_columns(self)[_POWERS])

    def _settled(self) -> Self:
        """The same with a constant cell's mean and sums free of rounding."""
        constant = self.min == self.max
        if not constant.any():
            return self
        mean = np.where(constant, self.min, self.mean)
        rest, *powers = (np.where(constant, 0.0, column) for column in (self.rest, *_columns(self)[_POWERS]))
        return self._from([*_columns(self)[:9], mean, rest, *powers, self.min, self.max])

    def to_arrow(self) -> Any:
        columns = _columns(self)
        return stored(np.column_stack(columns[:_INTS]), np.column_stack(columns[_INTS:]))

    @classmethod
    def from_arrow(cls, array: Any, grid: Grid | None = None) -> Self:
        ints = matrix(array.field("ints"), _INTS).astype(np.int64)
        return cls._from([*ints.T, *matrix(array.field("floats"), _FLOATS).T])


def _central_sums(x: Floats, runs: Runs) -> tuple[Floats, ...]:
    """w, w2, mean, rest, m2, m3, m4, v1, v2 of finite values."""
    weight = runs.weight
    with np.errstate(over="ignore", invalid="ignore"):
        w = runs.rows.astype(np.float64) if weight is None else runs.sums(weight)
        w2 = w if weight is None else runs.sums(weight * weight)
        centre = _means(x, runs, w)
        m1, *powers = PowerSums.of(x, runs, centre)
        shift = _ratio(m1, w, empty=0.0)
        mean, rest = _sum_and_rest(centre, shift, w)
        return (w, w2, mean, rest, *_moved(-shift, w, w2, m1, *powers))


def _means(x: Floats, runs: Runs, w: Floats) -> Floats:
    weight = runs.weight
    mean = _ratio(runs.sums(x if weight is None else x * weight), w, empty=0.0)
    if np.isfinite(mean).all():
        return mean
    share = 1.0 / runs.spread(np.where(w > 0, w, 1.0))
    return runs.sums(x * (share if weight is None else share * weight))


def _sum_and_rest(start: Floats, shift: Floats, w: Floats) -> tuple[Floats, Floats]:
    """``start + shift`` as a double and what is lost by that; NaN and 0 in cells without values."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = start + shift
        return np.where(w > 0, mean, np.nan), np.where(w > 0, shift - (mean - start), 0.0)


def _moved(
    d: Floats, w: Floats, w2: Floats, m1: Floats | float, m2: Floats, m3: Floats, m4: Floats, v1: Floats, v2: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Sums of powers about a centre that lies ``d`` lower, by the binomial formula."""
    return (
        np.maximum(m2 + d * (2 * m1 + d * w), 0.0),
        m3 + d * (3 * m2 + d * (3 * m1 + d * w)),
        np.maximum(m4 + d * (4 * m3 + d * (6 * m2 + d * (4 * m1 + d * w))), 0.0),
        v1 + d * w2,
        np.maximum(v2 + d * (2 * v1 + d * w2), 0.0),
    )


def _columns(moments: Moments) -> tuple[NDArray[Any], ...]:
    return tuple(getattr(moments, name) for name in _NAMES)


_POWERS = slice(11, 16)
_NAMES = tuple(field.name for field in fields(Moments))


def _added(values: NDArray[Any], into: Ints, cells: int) -> NDArray[Any]:
    out = np.zeros(cells, values.dtype)
    np.add.at(out, into, values)
    return out


def _or_nan(values: Floats) -> Floats:
    return np.where(values > 0, values, np.nan)


def _ratio(above: NDArray[Any], below: NDArray[Any], empty: float = np.nan) -> Floats:
    """Quotient where the divisor is positive, else ``empty``."""
    return np.divide(above, below, out=np.full(np.shape(below), empty), where=below > 0)
