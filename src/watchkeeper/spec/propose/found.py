"""One column and what it was taken for, with the reason in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Found:
    """A column in a role. ``reason`` is a clause that can stand after the column's name and a colon."""

    column: str
    role: str
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The column taken for a role, None where none is, and others that could be meant instead."""

    taken: Found | None = None
    instead: tuple[Found, ...] = field(default=())

    @property
    def column(self) -> str | None:
        """The name of the column taken."""
        return None if self.taken is None else self.taken.column


NONE = Choice()
"""No column was taken."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Reasons for and against one column in one role, each with its weight."""

    column: str
    said: tuple[tuple[float, str], ...]

    @property
    def points(self) -> float:
        return sum(weight for weight, _ in self.said)

    def reason(self, most: int = 4) -> str:
        """The reasons that speak for it, the weightiest first."""
        good = sorted((one for one in self.said if one[0] > 0 and one[1]), key=lambda one: -one[0])
        return "; ".join(words for _, words in good[:most])


def chosen(evidence: Sequence[Evidence], role: str, least: float, close: float = 1.0) -> Choice:
    """The column with the most evidence, where it is at least ``least``; those within ``close`` of it stand beside."""
    ranked = sorted((one for one in evidence if one.points >= least), key=lambda one: -one.points)
    if not ranked:
        return Choice()
    best = ranked[0]
    near = [one for one in ranked[1:] if best.points - one.points <= close]
    return Choice(
        Found(best.column, role, best.reason()),
        tuple(Found(one.column, role, one.reason()) for one in near[:3]),
    )


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names in a row, the rest counted.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
