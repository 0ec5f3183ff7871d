"""Counts, mean and central sums of a numeric column, plain and weighted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple, Self

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
        """Count rows that are ordered by cell already.

        Values that are not finite are few as a rule: they are counted apart, and the first finite value of their run
        stands in their place, at no distance from the centre. So no column is copied for what it lacks.
        """
        x = runs.gathered(numbers.values)
        finite = np.isfinite(x)
        if finite.all():
            return cls._of_finite(x, runs, Absent.nothing(runs.cells))
        absent = Absent.of(x, runs, np.flatnonzero(~finite), numbers.null)
        return cls._of_finite(absent.filled(x, runs), runs, absent)

    @classmethod
    def _of_finite(cls, x: Floats, runs: Runs, absent: Absent) -> Self:
        """Moments of values of which those of ``absent`` only stand in for something else."""
        rows = runs.rows - absent.counts.sum(axis=0)
        low, high = (np.where(rows > 0, bound, np.nan) for bound in (runs.minima(x), runs.maxima(x)))
        ints = np.array([rows, *absent.counts, *_zero_and_negative(x, runs, low, absent)])
        bounds = (bound(part.reshape(-1, len(runs.classes)), axis=1) for bound, part in _bounds(low, high))
        by_cell = ints.reshape(_INTS, -1, len(runs.classes)).sum(axis=2)
        return cls._from([*by_cell, *_central_sums(x, runs, rows, absent.at), *bounds])._settled()

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


class Absent(NamedTuple):
    """Positions without a finite value.

    Args:
        at: the positions, ascending.
        counts: null, NaN, +inf and -inf by cell, shape (4, cells), classes of weight told apart.
        stand_in: the value that stands at each of the positions, shape (positions,).
    """

    at: Ints
    counts: Ints
    stand_in: Floats

    @classmethod
    def nothing(cls, cells: int) -> Self:
        return cls(np.zeros(0, np.int64), np.zeros((4, cells), np.int64), np.zeros(0))

    @classmethod
    def of(cls, x: Floats, runs: Runs, at: Ints, null: NDArray[np.bool_] | None) -> Self:
        values, cell = x[at], runs.cell[at]
        kind = np.where(values == np.inf, 2, np.where(values == -np.inf, 3, 1))
        if null is not None:
            kind[runs.gathered(null)[at]] = 0
        counts = np.bincount(kind * runs.cells + cell, minlength=4 * runs.cells).reshape(4, runs.cells)
        first = _first_finite(x, runs, at)
        return cls(at, counts.astype(np.int64), first[np.searchsorted(runs.starts, at, side="right") - 1])

    def filled(self, x: Floats, runs: Runs) -> Floats:
        """The values with the stand-ins put in."""
        x = x.copy() if runs.order is None else x
        x[self.at] = self.stand_in
        return x

    def by_cell(self, stand_ins: NDArray[np.bool_], runs: Runs) -> Ints:
        """Positions whose stand-in satisfies something, by cell."""
        return np.bincount(runs.cell[self.at[stand_ins]], minlength=runs.cells).astype(np.int64)


def _first_finite(x: Floats, runs: Runs, absent: Ints) -> Floats:
    """The first finite value of each run; 0 where it has none."""
    first = x[runs.starts]
    if np.isfinite(first).all():
        return first
    present = np.ones(len(x), bool)
    present[absent] = False
    known = np.append(np.flatnonzero(present), len(x))
    found = known[np.searchsorted(known, runs.starts)]
    return np.where(found < runs.starts + runs.lengths, np.append(x, 0.0)[found], 0.0)


def _zero_and_negative(x: Floats, runs: Runs, low: Floats, absent: Absent) -> tuple[Ints, Ints]:
    if bool(np.nanmin(low, initial=np.inf) > 0):
        return np.zeros(runs.cells, np.int64), np.zeros(runs.cells, np.int64)
    zero = runs.counts(x == 0) - absent.by_cell(absent.stand_in == 0, runs)
    return zero, runs.counts(x < 0) - absent.by_cell(absent.stand_in < 0, runs)


def _bounds(low: Floats, high: Floats) -> list[tuple[Any, Floats]]:
    return [(np.fmin.reduce, low), (np.fmax.reduce, high)]


def _central_sums(x: Floats, runs: Runs, rows: Ints, absent: Ints) -> tuple[Floats, ...]:
    """w, w2, mean, rest, m2, m3, m4, v1, v2 of finite values.

    Args:
        rows: finite values by cell, classes of weight told apart.
        absent: positions that do not count.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        w, w2 = _sums_of_weights(runs, rows, absent)
        centre = _means(x, runs)
        if len(absent):  # x is a copy then; its stand-ins move to the centre, from where they have no distance
            x[absent] = centre[runs.cell[absent] // len(runs.classes)]
        m1, *powers = PowerSums.of(x, centre, runs)
        shift = _ratio(m1, w, empty=0.0)
        mean, rest = _sum_and_rest(centre, shift, w)
        return (w, w2, mean, rest, *_moved(-shift, w, w2, m1, *powers))


def _sums_of_weights(runs: Runs, rows: Ints, absent: Ints) -> tuple[Floats, Floats]:
    if runs.weight is None:
        return runs.weighed(rows), runs.weighed(rows, 2)
    weight = runs.weight
    if len(absent):
        weight = weight.copy()
        weight[absent] = 0.0
    return runs.sums(weight), runs.sums(weight * weight)


def _means(x: Floats, runs: Runs) -> Floats:
    """About the mean of each cell, shape (cells,): a centre that costs no digits."""
    rows = runs.weighed(runs.rows)
    mean = _ratio(runs.weighed(runs.sums(x)), rows, empty=0.0)
    if np.isfinite(mean).all():
        return mean
    share = 1.0 / runs.spread(np.where(rows > 0, rows, 1.0))
    return runs.weighed(runs.sums(x * share))


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
