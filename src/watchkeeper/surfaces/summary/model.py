"""What a summary holds, whatever it is written as."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from watchkeeper.terms import Incident, Severity


class CaseOutcome(StrEnum):
    """``error`` is a monitor that could not be run, ``failed`` what an unresolved incident speaks of."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Case:
    """One line a person reads: a metric of a column, over all its segments and versions, or the run itself.

    ``message`` is one sentence; ``detail`` its values and limits, a line each.
    """

    name: str
    outcome: CaseOutcome = CaseOutcome.PASSED
    message: str = ""
    detail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suite:
    """One monitor; ``about`` says how it stands, by name."""

    monitor: str
    state: str
    seconds: float
    about: dict[str, str]
    cases: tuple[Case, ...]
    incidents: tuple[Incident, ...] = field(default=())

    def count(self, outcome: CaseOutcome) -> int:
        """How many cases came out so."""
        return sum(case.outcome is outcome for case in self.cases)


@dataclass(frozen=True, slots=True)
class Summary:
    """A project at a moment; incidents less severe than ``least`` fail nothing."""

    project: str
    at: datetime
    least: Severity
    suites: tuple[Suite, ...]

    def count(self, outcome: CaseOutcome) -> int:
        """How many cases came out so, over all monitors."""
        return sum(suite.count(outcome) for suite in self.suites)
