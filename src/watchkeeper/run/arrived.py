"""What came with a run, and what did not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from watchkeeper.terms import ParseStatus


@dataclass
class Arrived:
    """What came with this run; ``answered`` are the requests that could be read."""

    read: int = 0
    events: int = 0
    labels: int = 0
    untimed: int = 0
    answered: int = 0
    by_parse_status: Counter[str] = field(default_factory=Counter)
    unwatched: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def too_large(self) -> str | None:
        """What is missing since bodies were too large to be logged; None where none was.

        Such a request is one event without content. How many rows it held is not known; it is taken to have held as
        many as the others, which is the least to be expected of a large one.
        """
        dropped, rows = self.by_parse_status[ParseStatus.TOO_LARGE], self.by_parse_status[ParseStatus.OK]
        if not dropped:
            return None
        missing = dropped * max(rows / self.answered, 1.0) if self.answered else float(dropped)
        told = f"{dropped} requests were too large to be logged: what they said is missing, at least "
        return told + f"{missing / (missing + rows):.2%} of the predictions that came with this run"
