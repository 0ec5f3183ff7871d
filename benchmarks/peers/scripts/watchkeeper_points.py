"""watchkeeper: what a run does between reading and writing, as ``benchmarks.profile`` does it, grids and all.

Runs in this project's own environment. Weighted, and with points against the baseline and against the day before.
"""

import tempfile
from pathlib import Path

from benchmarks.profile import WINDOWS, Profiled
from common import run


def work(days: list[Path]) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as project:
        points = Profiled.of(Path(project), days[0].parent, ()).points()
    return {"windows": len(WINDOWS), "points": points}


if __name__ == "__main__":
    run("watchkeeper", work)
