"""Twenty stories and twenty quiet worlds: what is found of what was planted, and what opens without a reason.

Each world is written to a temporary folder and run once at its end. Prints a table and as its last line one JSON
object. `make bench NAME=stories`; about 25 seconds a world on one core.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from scipy import stats

from watchkeeper import Project
from watchkeeper.incidents.json import incident_json
from watchkeeper.incidents.project import open_problems
from watchkeeper.simulate.project import write_project
from watchkeeper.simulate.story import Story
from watchkeeper.simulate.truth import compare, truth

SEEDS = 20


@dataclass(frozen=True)
class Told:
    """What became of one world: causes that were planted, those found, those nobody planted; delays in days."""

    seed: int
    clean: bool
    planted: Sequence[str]
    found: Sequence[str]
    not_planted: Sequence[str]
    delays: Sequence[int]


def tell(seed: int, clean: bool, folder: Path) -> Told:
    """Write one world and run it once, at its end."""
    story = Story(seed, clean=clean)
    write_project(folder, story)
    project = Project(folder, now=story.told_at)
    (result,) = project.run()
    assert result.state == "done", result.error
    incidents = project.incidents()
    project.close()
    planted = truth(story)
    found = compare(planted, [incident_json(incident) for incident in incidents])
    named = {one.incident for one in found}
    others = [one for one in _problems(incidents) if one.id not in named]
    return Told(
        seed,
        clean,
        [one.kind for one in planted],
        [one.planted.kind for one in found],
        [f"{one.cause}: {one.title}" for one in others],
        [one.delay_windows for one in found],
    )


def _problems(incidents):
    """Incidents that count: a consequence is listed by the one it follows from."""
    followed = {child for one in incidents for child in one.consequences}
    return [one for one in incidents if one.id not in followed] or open_problems(incidents)


def _told(world: tuple[int, bool]) -> Told:
    with tempfile.TemporaryDirectory() as folder:
        return tell(*world, Path(folder) / "project")


def main(seeds: int = SEEDS) -> None:
    worlds = [(seed, clean) for seed in range(seeds) for clean in (False, True)]
    with ProcessPoolExecutor(2) as pool:
        told = list(pool.map(_told, worlds))
    stories, quiet = [t for t in told if not t.clean], [t for t in told if t.clean]
    planted, found = sum(len(t.planted) for t in stories), sum(len(t.found) for t in stories)
    print("| seed | planted | found | days | opened beside them | in the quiet world |\n|---|---|---|---|---|---|")
    for story, calm in zip(stories, quiet, strict=True):
        beside, alone = ("; ".join(t.not_planted) or "nothing" for t in (story, calm))
        found_here = f"{len(story.planted)} | {', '.join(story.found)} | {list(story.delays)}"
        print(f"| {story.seed} | {found_here} | {beside} | {alone} |")
    interval = stats.binomtest(found, planted).proportion_ci(method="exact")
    print(
        json.dumps(
            {
                "planted": planted,
                "found": found,
                "found_interval": [round(interval.low, 3), round(interval.high, 3)],
                "not_planted": sum(len(t.not_planted) for t in stories),
                "opened_in_quiet_worlds": sum(len(t.not_planted) for t in quiet),
                "quiet_worlds": len(quiet),
                "worlds": [asdict(t) for t in told if t.not_planted or len(t.found) < len(t.planted)],
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
