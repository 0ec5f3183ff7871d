"""The code of an error that is no fault of a file, and the exit code it means."""

from __future__ import annotations

from watchkeeper.errors import ExtraMissing, LeaseHeld, LedgerBroken, StoreBehind, WatchkeeperError
from watchkeeper.surfaces.cli.out import Exit

_CODES: dict[type[Exception], str] = {
    ExtraMissing: "E401",
    LeaseHeld: "E501",
    LedgerBroken: "E502",
    StoreBehind: "E503",
}
_EXITS: dict[type[Exception], int] = {LeaseHeld: Exit.LEASE_HELD, LedgerBroken: Exit.LEDGER_BROKEN}
OTHER = "E000"


def code_of(error: Exception) -> str:
    """The code under which an error is listed."""
    return _CODES.get(type(error), OTHER)


def exit_of(error: Exception) -> int:
    """The exit code of a command that an error has stopped."""
    return _EXITS.get(type(error), Exit.NOTHING_RAN)


def fix_of(error: Exception) -> str:
    """What to do about it, where the error does not say so itself."""
    if isinstance(error, LeaseHeld):
        return "Try again when it has ended."
    return "" if isinstance(error, WatchkeeperError) else "Run it with -v to see where, and report it."
