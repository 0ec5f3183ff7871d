"""Shows the stages of a run on standard error: a bar on a terminal, JSON lines for a supervisor."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from watchkeeper.run.workplace import Progress


class JsonProgress(Progress):
    """One JSON line before and after each stage."""

    def stage(self, stage: str, phase: str, monitor: str, seq: int) -> None:
        said = {"stage": stage, "phase": phase, "monitor": monitor, "seq": seq}
        print(json.dumps(said), file=sys.stderr, flush=True)


class BarProgress(Progress):
    """A line that spins with the stage under way and disappears afterwards."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR")))
        self._status: Any = None

    def stage(self, stage: str, phase: str, monitor: str, seq: int) -> None:  # noqa: ARG002
        if phase == "before":
            self._stop()
            self._status = self._console.status(f"{monitor}: {_WORDS.get(stage, stage)}", spinner="line")
            self._status.start()
        else:
            self._stop()

    def _stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


_WORDS = {
    "source.begin": "looking at the log",
    "source.finish": "closing the log",
    "monitor.begin": "planning",
    "events.commit": "reading the log",
    "annotations.commit": "reading the labels",
    "grids.commit": "fitting the baseline",
    "statistics.commit": "counting",
    "points.commit": "computing",
    "verdicts.commit": "judging",
    "ledger.commit": "writing the ledger",
    "status.commit": "noting the run",
}


def progress(form: str | None, *, quiet: bool) -> Progress:
    """The progress asked for; a bar by default, and only where standard error is a terminal."""
    if form == "json":
        return JsonProgress()
    if form == "none" or quiet or not sys.stderr.isatty():
        return Progress()
    return BarProgress()
