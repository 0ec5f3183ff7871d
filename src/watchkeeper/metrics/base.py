"""What a metric is, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from watchkeeper.statistics.counts import Floats, Ints
from watchkeeper.terms import Guarantee, Role, Status

LEVEL = 0.95
"""Level of the intervals unless a metric says otherwise."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """A metric over a stack of cells; every array has shape (cells,), NaN stands for "none".

    ``n_eff`` is what minimum sizes and noise terms use (see ``terms.Point``). ``compared`` is what the change rule
    compares where that is not the value. ``method`` names how the interval was made.
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
        status: NDArray[np.str_] | None = None,
        minimum: float | Floats = 0,
        level: float = LEVEL,
        method: str = "",
    ) -> Self:
        """Fill what is missing and give each cell its status.

        No rows: ``no_data``. ``n_eff`` below ``minimum``: ``insufficient``. No number all the same: ``undefined``.
        Where there is no number there is no interval either. A given ``status`` is kept where the cell has rows.
        """
        value = np.asarray(value, np.float64)
        n_eff = np.asarray(n, np.float64) if n_eff is None else n_eff
        words = np.full(value.shape, Status.OK.value, "<U12") if status is None else status.astype("<U12")
        words = np.where(np.isnan(value) & np.isin(words, (Status.OK, Status.APPROXIMATE)), Status.UNDEFINED, words)
        words = np.where(n_eff < minimum, Status.INSUFFICIENT, words)
        words = np.where(np.asarray(n) == 0, Status.NO_DATA, words).astype("<U12")
        hidden = np.isin(words, (Status.UNDEFINED, Status.INSUFFICIENT, Status.NO_DATA, Status.SUPPRESSED))
        numbers = (_masked(part, value.shape, hidden) for part in (value, se, low, high, noise_floor, compared))
        shown, se, low, high, noise_floor, compared = numbers
        return cls(shown, words, np.asarray(n, np.int64), n_eff, se, low, high, noise_floor, compared, level, method)


def _masked(part: Floats | None, shape: tuple[int, ...], hidden: NDArray[np.bool_]) -> Floats:
    numbers = np.full(shape, np.nan) if part is None else np.broadcast_to(np.asarray(part, np.float64), shape)
    return np.where(hidden, np.nan, numbers)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's declaration. Its name is the name of ``compute`` and of its file.

    Args:
        compute: ``(current, baseline, **options) -> Estimates`` when ``needs_baseline``, else ``(current, **options)``.
        reads: the statistic it reads.
        family: the row of the change rule's table it is judged by ("" : never judged by the change rule).
        unit: unit of the value; shares are "share".
        bounds: smallest and largest possible value; None where there is none.
        better: "lower", "higher" or "" where neither is.
        column: the column it always reads; None where it is computed for each column of ``roles``.
        roles: roles of the columns it applies to.
        options: the options and their defaults.
        needs_window: also pass ``window_start`` and ``window_end`` (microseconds since 1970, shape (cells,)).
        minimum_n: smallest ``n_eff`` that gives a value.
        source: the paper or page the formula comes from.
    """

    compute: Callable[..., Estimates]
    reads: type[Any]
    family: str
    unit: str
    bounds: tuple[float | None, float | None] = (None, None)
    better: str = ""
    column: str | None = None
    roles: tuple[Role, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    needs_baseline: bool = False
    needs_labels: bool = False
    needs_window: bool = False
    minimum_n: int = 1
    guarantee: Guarantee = Guarantee.G2
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
