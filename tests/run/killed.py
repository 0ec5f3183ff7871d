"""One run of a bank in a process of its own that kills itself at an announcement.

Arguments: folder, clock, stage, phase.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from watchkeeper.engines.local import Local
from watchkeeper.run.monitor import run_monitor
from watchkeeper.run.workplace import Progress, Workplace
from watchkeeper.settings import read_settings
from watchkeeper.spec.load import load


class Killer(Progress):
    """Kills its process at one announcement."""

    def __init__(self, stage: str, phase: str) -> None:
        self.at = (stage, phase)

    def stage(self, stage: str, phase: str, monitor: str, seq: int) -> None:
        if (stage, phase) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder: str, now: str, stage: str, phase: str) -> None:
    file = Path(folder) / "monitors" / "credit.yaml"
    moment = datetime.fromisoformat(now)
    monitor, _ = load(file.read_text(), str(file), moment)
    assert monitor is not None
    place = Workplace(read_settings(Path(folder), {}, {}), Local(), moment, True, Killer(stage, phase))
    run_monitor(place, monitor)


if __name__ == "__main__":
    main(*sys.argv[1:])
