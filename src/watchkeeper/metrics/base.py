"""What a metric is, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Floats, Ints
from watchkeeper.terms import Guarantee, Role, Status

LEVEL = 0.95
"""Level of the intervals unless a metric says otherwise."""
_WITH_NUMBER = (Status.OK, Status.APPROXIMATE)
_WITHOUT_NUMBER = (Status.UNDEFINED, Status.INSUFFICIENT, Status.NO_DATA, Status.SUPPRESSED, Status.NO_BASELINE)


@dataclass(frozen=True, slots=True)
class Estimates:
    """A metric over a stack of cells; every array has shape (cells,), NaN stands for "none".

    ``n_eff`` is what minimum sizes and noise terms use (see ``terms.Point``). ``compared`` is what the change rule
    compares where that is not the value. ``baseline_n`` is the baseline's ``n_eff`` where the metric read a baseline.
    ``method`` names how the interval was made.
    """

    value: Floats
    status: NDArray[np.str_]
    n: Ints
    n_eff: Floats
    se: Floats
    low: Floats
    high: Floats
    noise_floor: Floats
    compared: Floats
    baseline_n: Floats
    level: float = LEVEL
    method: str = ""

    @classmethod
    def of(
        cls,
        value: Floats,
        *,
        n: Ints,
        n_eff: Floats | None = None,
        se: Floats | None = None,
        low: Floats | None = None,
        high: Floats | None = None,
        noise_floor: Floats | None = None,
        compared: Floats | None = None,
        baseline_n: Floats | None = None,
        status: NDArray[np.str_] | None = None,
        minimum: float | Floats = 0,
        level: float = LEVEL,
        method: str = "",
    ) -> Self:
        """Fill what is missing and give each cell its status.

        No rows: ``no_data``. No number all the same: ``undefined``. ``n_eff`` below ``minimum``: ``insufficient``.
        Where there is no number there is no interval either. A given ``status`` is kept where the cell has rows.
        """
        value = np.asarray(value, np.float64)
        n_eff = np.asarray(n, np.float64) if n_eff is None else np.asarray(n_eff, np.float64)
        words = np.full(value.shape, Status.OK.value, "<U12") if status is None else status.astype("<U12")
        words = np.where(np.isnan(value) & np.isin(words, _WITH_NUMBER), Status.UNDEFINED, words)
        words = np.where((n_eff < minimum) & np.isin(words, _WITH_NUMBER), Status.INSUFFICIENT, words)
        words = np.where(np.asarray(n) == 0, Status.NO_DATA, words).astype("<U12")
        hidden = np.isin(words, _WITHOUT_NUMBER)
        numbers = (_masked(part, value.shape, hidden) for part in (value, se, low, high, noise_floor, compared))
        shown, se, low, high, noise_floor, compared = numbers
        base = _masked(baseline_n, value.shape, np.zeros(value.shape, bool))
        rows = np.asarray(n, np.int64)
        return cls(shown, words, rows, n_eff, se, low, high, noise_floor, compared, base, level, method)

    def take(self, cells: Ints) -> Self:
        """The cells of these indices, in this order."""
        return self._with({name: getattr(self, name)[cells] for name in _ARRAYS})

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Put stacks made in one way one under the other."""
        return parts[0]._with({name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS})

    def _with(self, arrays: dict[str, Any]) -> Self:
        return replace(self, **arrays)


_ARRAYS = tuple(part.name for part in fields(Estimates) if part.name not in ("level", "method"))


def _masked(part: Floats | None, shape: tuple[int, ...], hidden: NDArray[np.bool_]) -> Floats:
    numbers = np.full(shape, np.nan) if part is None else np.broadcast_to(np.asarray(part, np.float64), shape)
    return np.where(hidden, np.nan, numbers)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's declaration. Its name is the name of ``compute`` and of its file.

    Args:
        compute: ``(current, baseline, **options) -> Estimates`` when ``needs_baseline`` or ``uses_baseline``, else
            ``(current, **options)``. The baseline has as many cells as the current stack, or one.
        reads: the statistics it accepts, the preferred one first.
        family: the row of the change rule's table it is judged by ("" : never judged by the change rule).
        unit: unit of the value; shares are "share".
        bounds: smallest and largest possible value; None where there is none.
        better: "lower", "higher" or "" where neither is.
        column: the column it always reads; None where it is computed for each column of ``roles``.
        roles: roles of the columns it applies to.
        options: the options and their defaults.
        needs_baseline: no value without a baseline.
        uses_baseline: takes a baseline or None; with None there is a value all the same.
        needs_labels: speaks of labelled rows only.
        compared_with_baseline: whether the baseline's own value says what to expect; not so for volumes and ages.
        needs_window: also pass ``window_start`` and ``window_end`` (microseconds since 1970, shape (cells,)).
        minimum_n: smallest ``n_eff`` that gives a value.
        reasons: a few words for a status that this metric gives for a reason of its own.
        source: the paper or page the formula comes from.
    """

    compute: Callable[..., Estimates]
    reads: tuple[type[Any], ...]
    family: str
    unit: str
    bounds: tuple[float | None, float | None] = (None, None)
    better: str = ""
    column: str | None = None
    roles: tuple[Role, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    needs_baseline: bool = False
    uses_baseline: bool = False
    compared_with_baseline: bool = True
    needs_labels: bool = False
    needs_window: bool = False
    minimum_n: int = 1
    guarantee: Guarantee = Guarantee.G2
    reasons: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    @property
    def name(self) -> str:
        return self.compute.__name__

    @property
    def summary(self) -> str:
        """The first sentence of its docstring."""
        return (self.compute.__doc__ or "").strip().split("\n")[0]

    def identity(self, options: Mapping[str, Any] | None = None) -> str:
        """``name@version``, with the options that differ from the defaults: ``quantile@1(p=0.95)``."""
        given = {k: v for k, v in sorted((options or {}).items()) if self.options.get(k) != v}
        inside = ",".join(f"{k}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in given.items())
        return f"{self.name}@{self.version}" + (f"({inside})" if inside else "")
