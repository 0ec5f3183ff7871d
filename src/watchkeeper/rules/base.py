"""What a rule is, and what it says of a block of series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchkeeper.rules.series import Bools, SeriesBlock
from watchkeeper.statistics.counts import Floats
from watchkeeper.terms import Why

LARGEST = 1e9
"""The largest effect that is told apart."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's declaration. Its name is the name of ``compute`` and of its file."""

    compute: Callable[..., Any]
    version: int = 1

    @property
    def name(self) -> str:
        return self.compute.__name__

    @property
    def identity(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

    @property
    def summary(self) -> str:
        """The first sentence of its docstring."""
        return (self.compute.__doc__ or "").strip().split("\n")[0]


@dataclass(frozen=True)
class Comparison:
    """A block against what was expected of it, on the scale where both are compared.

    A change is beyond if it exceeds ``tolerance + z sd`` in a bad direction: ``side`` 1 up, -1 down, 0 both. Arrays
    broadcast to (series, windows). ``few`` is where there are too few rows, ``young`` where there is too little
    history; ``learnt`` is False where the spread between windows had to be assumed.
    """

    x: Floats
    x0: Floats
    sd: Floats
    z: Floats | float
    tolerance: Floats | float
    side: int
    back: Callable[[Floats], Floats]
    few: Bools
    young: Bools
    learnt: Bools

    def allowed(self, extra: float = 0.0) -> Floats:
        """The largest change that is not beyond; ``extra`` is added to z."""
        return self.tolerance + (self.z + extra) * self.sd

    def effect(self) -> Floats:
        """Change in a bad direction over what is allowed, from 0 to ``LARGEST``."""
        change = self.x - self.x0
        bad = np.abs(change) if self.side == 0 else self.side * change
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.clip(bad / self.allowed(), 0, LARGEST)

    def limit(self, side: int | Floats | None = None, extra: float = 0.0) -> Floats:
        """The limit on one side, 1 or -1, as a value; by default on the bad side, or on that of the change."""
        if side is None:
            side = np.where(self.x < self.x0, -1.0, 1.0) if self.side == 0 else self.side
        return self.back(self.x0 + side * self.allowed(extra))


@dataclass(frozen=True)
class Judgement:
    """What a rule says of each window alone, before windows are counted; arrays of shape (series, windows).

    ``why_not`` is empty where the window is judged. ``said`` is where a verdict is given at all. ``effect`` is how
    many times its limit a change is: above 1 exactly where ``beyond``. ``limit`` is in the scale of the value.
    ``may_breach`` has shape (series,).
    """

    rule: str
    block: SeriesBlock
    said: Bools
    beyond: Bools
    why_not: NDArray[np.str_]
    why_beyond: Why
    limit: Floats
    effect: Floats
    guarantee: NDArray[np.str_]
    severity: str
    may_breach: Bools


def reasons(shape: tuple[int, int], *found: tuple[Bools, Why]) -> NDArray[np.str_]:
    """The first reason that holds in each place, and "" where none does."""
    words = np.full(shape, "", "<U16")
    for holds, why in reversed(found):
        words[np.broadcast_to(holds, shape)] = why.value
    return words
