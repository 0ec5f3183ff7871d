"""What happens in a simulated world: when it starts, which versions serve, and what goes wrong in it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from watchkeeper.errors import Fault, Faulty
from watchkeeper.simulate.applicants import NUMERIC, REGION

BASELINE_DAYS = 28
MATURES_AFTER_DAYS = 14
SHORTEST_WEEKS = 8
_FIRST_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Planted:
    """One change that was planted on purpose.

    Attributes:
        kind: ``unit_change``, ``population_shift`` or ``weaker_version``.
        what: the change in a sentence.
        segment: ``key=value``, or None when it concerns all rows.
        version: the served entity it is limited to, or None.
        start: the first moment at which it is in force.
        size: the factor, the shift of the mean in baseline sd (signed), or the loss of AUC.
    """

    kind: str
    what: str
    column: str | None
    segment: str | None
    version: str | None
    start: datetime
    size: float

    def to_json(self) -> dict[str, Any]:
        """As in the output of ``watchkeeper demo --json``."""
        start = self.start.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "what": self.what,
            "column": self.column,
            "segment": self.segment,
            "version": self.version,
            "from": start,
            "kind": self.kind,
            "size": self.size,
        }


@dataclass(frozen=True, slots=True)
class UnitChange:
    """From ``day`` on one feature is sent in another unit, ``factor`` times the right number."""

    column: str
    factor: float
    day: int


@dataclass(frozen=True, slots=True)
class PopulationShift:
    """From ``day`` on the mean of one feature lies ``sd`` baseline sd higher (or lower) in one region."""

    column: str
    region: str
    sd: float
    day: int


@dataclass(frozen=True, slots=True)
class Rollout:
    """From ``day`` on a second version takes ``share`` of the requests; its AUC is lower by ``auc_loss``."""

    first: str
    second: str
    day: int
    share: float
    auc_loss: float


@dataclass(frozen=True)
class Story:
    """A world in a nutshell: equal arguments give equal worlds, to the last digit.

    Args:
        seed: moves the dates, columns, regions and sizes of everything.
        clean: the same traffic with late, double and failed requests and both versions, and nothing planted.
        weeks: length; 8 is the least that leaves two weeks of the second version with complete labels.

    Raises:
        Faulty: fewer than 8 weeks, or a negative seed.

    >>> story = Story(seed=1)
    >>> story.start.strftime("%A"), len(story.planted), len(Story(seed=1, clean=True).planted)
    ('Monday', 3, 0)
    """

    seed: int
    clean: bool = False
    weeks: int = SHORTEST_WEEKS

    def __post_init__(self) -> None:
        faults = []
        if self.weeks < SHORTEST_WEEKS:
            message = f"{self.weeks} weeks are too short for a baseline of four and two weeks with complete labels"
            faults.append(Fault("E102", message, f"use {SHORTEST_WEEKS} weeks or more", path="weeks"))
        if self.seed < 0:
            faults.append(Fault("E102", f"the seed {self.seed} is negative", "use 0 or more", path="seed"))
        if faults:
            raise Faulty(faults)

    def rng(self, purpose: str) -> np.random.Generator:
        """A generator for one purpose; drawing more for one purpose does not disturb another."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())])

    @property
    def days(self) -> int:
        return 7 * self.weeks

    @cached_property
    def start(self) -> datetime:
        """A Monday at midnight."""
        return _FIRST_MONDAY + timedelta(weeks=int(self.rng("start").integers(0, 26)))

    @property
    def end(self) -> datetime:
        """Midnight after the last day of requests."""
        return self.start + timedelta(days=self.days)

    @property
    def told_at(self) -> datetime:
        """When a run finds the last day complete: two hours after it."""
        return self.end + timedelta(hours=2)

    def at(self, day: int) -> datetime:
        """Midnight at the beginning of a day, counted from 0."""
        return self.start + timedelta(days=day)

    @cached_property
    def rollout(self) -> Rollout:
        """The second version: it starts on a Monday after the baseline, two full weeks before labels stop maturing."""
        rng = self.rng("rollout")
        first, second = (rng.bytes(16).hex() for _ in range(2))
        mondays = range(BASELINE_DAYS, self.days - MATURES_AFTER_DAYS - 14 + 1, 7)
        day, share, loss = int(rng.choice(mondays)), rng.uniform(0.46, 0.54), rng.uniform(0.067, 0.078)
        return Rollout(first, second, day, round(share, 3), 0.0 if self.clean else round(loss, 4))

    @cached_property
    def unit_change(self) -> UnitChange | None:
        """The feature that arrives in another unit; None in a clean world."""
        if self.clean:
            return None
        rng = self.rng("unit change")
        feature = _pick(rng, [f for f in NUMERIC if f.factors])
        return UnitChange(feature.name, float(rng.choice(feature.factors)), self._change_days[0])

    @cached_property
    def population_shift(self) -> PopulationShift | None:
        """The region whose applicants change; None in a clean world."""
        if self.unit_change is None:
            return None
        rng = self.rng("population shift")
        feature = _pick(rng, [f for f in NUMERIC if f.grows and f.name != self.unit_change.column])
        regions = [r for r, share in zip(REGION.values, REGION.shares, strict=True) if share >= 0.15]
        sign = -1.0 if feature.grows == "plus" and rng.random() < 0.5 else 1.0
        size = round(float(rng.uniform(0.6, 0.92)), 2)
        return PopulationShift(feature.name, _pick(rng, regions), sign * size, self._change_days[1])

    @cached_property
    def sampled_days(self) -> tuple[int, ...]:
        """Days on which only half of the requests are logged: two in the baseline, two near the end."""
        rng = self.rng("sampling")
        starts = (int(rng.integers(7, BASELINE_DAYS - 7)), int(rng.integers(self.days - 12, self.days - 3)))
        return tuple(day for start in starts for day in (start, start + 1))

    @cached_property
    def planted(self) -> tuple[Planted, ...]:
        """The changes of this story, in order of time."""
        unit, shift, rollout = self.unit_change, self.population_shift, self.rollout
        if unit is None or shift is None:
            return ()
        planted = (self._planted_unit(unit), self._planted_shift(shift), self._planted_version(rollout))
        return tuple(sorted(planted, key=lambda one: one.start))

    @cached_property
    def _change_days(self) -> tuple[int, int]:
        days = self.rng("change days").permutation(np.arange(BASELINE_DAYS + 2, self.days - 10))
        first = int(days[0])
        return first, next(int(day) for day in days if abs(int(day) - first) >= 3)

    def _planted_unit(self, unit: UnitChange) -> Planted:
        how = f"multiplied by {unit.factor:g}" if unit.factor > 1 else f"divided by {1 / unit.factor:g}"
        what = f"{unit.column} is sent {how}"
        return Planted("unit_change", what, unit.column, None, None, self.at(unit.day), unit.factor)

    def _planted_shift(self, shift: PopulationShift) -> Planted:
        way = "rises" if shift.sd > 0 else "falls"
        what = f"the mean of {shift.column} {way} by {abs(shift.sd):g} sd in region {shift.region}"
        segment = f"region={shift.region}"
        return Planted("population_shift", what, shift.column, segment, None, self.at(shift.day), shift.sd)

    def _planted_version(self, rollout: Rollout) -> Planted:
        what = f"a second version serves {rollout.share:.0%} of the requests and its AUC is lower by {rollout.auc_loss}"
        start = self.at(rollout.day)
        return Planted("weaker_version", what, None, None, rollout.second, start, rollout.auc_loss)


def _pick(rng: np.random.Generator, options: list[Any]) -> Any:
    return options[int(rng.integers(len(options)))]
