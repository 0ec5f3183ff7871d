"""One run of a bank in a process of its own, through the API, that kills itself at an announcement.

Arguments: folder, clock, stage, phase. The stage ``never`` runs to the end; ``READY`` is written when the run begins.
"""

from __future__ import annotations

import os
import signal
import sys

import watchkeeper as wk
from watchkeeper.run.workplace import Progress

READY = "ready"


class Killer(Progress):
    """Kills its process at one announcement."""

    def __init__(self, stage: str, phase: str) -> None:
        self.at = (stage, phase)

    def stage(self, stage: str, phase: str, monitor: str, seq: int) -> None:
        if (stage, phase) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder: str, now: str, stage: str, phase: str) -> None:
    project = wk.Project(folder, now=now, actor="killed", progress=Killer(stage, phase))
    assert project.monitors()
    print(READY, flush=True)
    for attempt in project.attempts():
        if attempt.error is not None:
            raise attempt.error


if __name__ == "__main__":
    main(*sys.argv[1:])
