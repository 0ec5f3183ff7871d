"""What can go wrong, in one tree. A fault names the place, what is wrong there and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """What a fault code means wherever it comes up, and what mends it in general."""

    meaning: str
    fix: str


CODES: Mapping[str, Code] = {
    "E000": Code("An error of another kind.", "Read the message; run again with `-v` to see where it comes from."),
    "E100": Code("The command line was not understood.", "`--help` of the command shows what is possible."),
    "E101": Code("A key, or an option of a metric, that does not exist.", "Use the name that the message proposes."),
    "E102": Code("A value of the wrong type or form.", "Write the value in the form that the message names."),
    "E103": Code("A key that is needed is missing.", "Add it."),
    "E104": Code("A habit of YAML 1.1, such as `yes` or `010`.", "Write `true`, `false` or a plain decimal number."),
    "E201": Code("No plug-in of that name, or one name twice.", "`watchkeeper plugins list` shows all."),
    "E202": Code("A metric that cannot be computed here.", "Give it the labels, score, decision or column it needs."),
    "E203": Code("A limit that cannot be met or cannot be broken.", "Give `above` or `below`, within the range."),
    "E301": Code("A table or file is not there or cannot be read.", "Correct the path; look at its permissions."),
    "E302": Code("A column is not there.", "Use one of the columns that the message lists."),
    "E303": Code("A column has a type that cannot be read as what it is used for.", "Name another column, or cast it."),
    "E304": Code("The baseline table lacks columns.", "Add the columns, or leave them out with `features`."),
    "E305": Code("No time column, or no key to join labels on.", "Name `columns.time` or `labels.join`."),
    "E306": Code("The table uses a Delta feature that this engine cannot read.", "The message names the way out."),
    "E307": Code("A segment or filter is no SQL boolean.", "Write a condition such as `amount > 10000`."),
    "E308": Code("Too many cells in a window.", "Remove a segment, or raise `caps.cells_per_window`."),
    "E309": Code("The log has no rows in the span of the baseline.", "Name a span in which there are some."),
    "E401": Code("An optional part is not installed.", "Install the package that the message names."),
    "E402": Code("A secret in plain text, or a variable that is not set.", "Write `${NAME}` and set the variable."),
    "E501": Code("Another process works on the same monitor.", "Try again when it has ended."),
    "E502": Code("The hash chain of the ledger is broken.", "Keep the database as it is and find out who changed it."),
    "E503": Code("The database is older than the tables.", "Restore both of the same time, as the message says."),
    "E601": Code(
        "An action that an incident does not allow now.", "`watchkeeper incidents show ID` says how it stands."
    ),
    "E602": Code("No incident, or several, whose id begins so.", "Give more of the id."),
    "W501": Code("No id column, so equal rows count each.", "Name `columns.id` if the table has one."),
    "W502": Code("The table has no rows yet.", "Nothing, if they are still to come."),
    "W503": Code("Labels never mature: quality is shown, never judged.", "Set `labels.matures_after`."),
    "W504": Code("The baseline overlaps the time that is watched.", "Choose a span that lies before it."),
    "W506": Code("A limit has expired and is no longer judged.", "Renew `expires` with its owner, or remove it."),
}
"""Every code there is; ``E…`` stop a run, ``W…`` warn."""


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
