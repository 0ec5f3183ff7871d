"""What can go wrong, in one tree. A fault names the place, what is wrong there and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in what a person wrote or pointed at. Codes ``E…`` stop a run, ``W…`` warn."""

    code: str
    message: str
    fix: str = ""
    file: str | None = None
    line: int | None = None
    path: str | None = None

    @property
    def is_warning(self) -> bool:
        return self.code.startswith("W")

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        where = " ".join(part for part in (place, self.path or "") if part)
        return " ".join(part for part in (where, f"[{self.code}]", self.message, self.fix) if part)


class WatchkeeperError(Exception):
    """Base of every error that watchkeeper raises on purpose."""


class Faulty(WatchkeeperError):
    """The monitor files or the tables they name cannot be used; carries all faults at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class GridMismatch(WatchkeeperError):
    """Two statistics were counted on different grids and cannot be compared or merged."""


class ExtraMissing(WatchkeeperError):
    """An optional part is not installed; the message names the extra."""


class LeaseHeld(WatchkeeperError):
    """Another process works for this owner; try again later."""


class LedgerBroken(WatchkeeperError):
    """The hash chain does not hold; the message names the first broken record."""


class StoreBehind(WatchkeeperError):
    """The database knows less than the tables, as after restoring an old backup."""


class TryAgain(WatchkeeperError):
    """A delivery failed for now."""


class GaveUp(WatchkeeperError):
    """A delivery failed for good; the message says what to change."""
