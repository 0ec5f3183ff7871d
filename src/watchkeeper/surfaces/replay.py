"""Replays a simulated story week by week as a schedule would have seen it, and compares with what was planted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from watchkeeper.errors import Fault, Faulty
from watchkeeper.incidents.json import incident_json
from watchkeeper.run.result import RunResult, RunState
from watchkeeper.run.workplace import Progress
from watchkeeper.simulate.deliver import Delivery
from watchkeeper.simulate.project import write_project
from watchkeeper.simulate.story import BASELINE_DAYS, Planted, Story
from watchkeeper.simulate.truth import Found, compare, expected_cause, truth
from watchkeeper.store.verification import Verified
from watchkeeper.surfaces.api import Project
from watchkeeper.terms import Incident, IncidentState

_MADE = frozenset(("watchkeeper.yaml", "monitors", "truth.json", "data", ".watchkeeper", "report.html"))
"""What a replay writes into its folder."""
_OURS = "made by `watchkeeper demo`"


@dataclass(frozen=True, slots=True)
class Week:
    """One weekly run: what it counted, which incidents it opened and which it saw end.

    ``learning``: the baseline was not complete at the time.
    """

    number: int
    learning: bool
    result: RunResult
    opened: list[Incident]
    resolved: list[Incident]


@dataclass(frozen=True, slots=True)
class Replayed:
    """The story's end.

    Args:
        missed: planted changes without an incident of their cause.
        unplanted: incidents that tell of nothing planted and do not follow from one that does.
        second: the run that was made once more and should have found nothing new.
    """

    directory: Path
    project: str
    now: datetime
    planted: list[Planted]
    found: list[Found]
    missed: list[Planted]
    unplanted: list[Incident]
    second: RunResult
    verified: Verified
    report: Path
    opened: Mapping[str, datetime]
    start: datetime

    def week_of(self, incident: str) -> int:
        """The number of the weekly run that opened an incident."""
        return (self.opened[incident] - self.start) // timedelta(weeks=1)

    @property
    def is_right(self) -> bool:
        """All that was planted was found, nothing else reported, nothing written twice, the ledger intact."""
        told_right = not self.missed and not self.unplanted
        return told_right and self.second.state is RunState.NOTHING_NEW and self.verified.intact


class Replay:
    """One replay into one folder.

    Args:
        directory: made if it is not there; one that an earlier replay made is made anew.
        requests: about how many requests the whole story has; the simulation's own number where None.
    """

    def __init__(
        self,
        directory: Path,
        *,
        seed: int = 0,
        weeks: int = 8,
        clean: bool = False,
        requests: int | None = None,
        progress: Progress | None = None,
        engine: str | None = None,
    ) -> None:
        self.directory = directory
        self.story = Story(seed, clean=clean, weeks=weeks)
        self._requests = {} if requests is None else {"requests": requests}
        self._progress = progress or Progress()
        self._engine = engine
        self._delivery: Delivery | None = None

    def prepare(self) -> None:
        """Write the project with empty tables.

        Raises:
            Faulty: E102 the folder holds something that no replay made.
        """
        _clear(self.directory)
        self._delivery = write_project(self.directory, self.story, until=self.story.start, **self._requests)

    def weeks_as_they_came(self) -> Iterator[Week]:
        """Deliver and run, once a week."""
        assert self._delivery is not None
        for number, at in enumerate(self._delivery.moments(), 1):
            self._delivery.write_until(at)
            project = self._project(at)
            before = {one.id: one.state for one in project.incidents()}
            result = _of_one(project)
            after = project.incidents()
            opened = [one for one in after if before.get(one.id) in (None, IncidentState.RESOLVED) and _is_open(one)]
            resolved = [one for one in after if before.get(one.id) is not None and not _is_open(one)]
            ended = [one for one in resolved if before[one.id] is not IncidentState.RESOLVED]
            project.close()
            yield Week(number, at < self.story.at(BASELINE_DAYS), result, opened, ended)

    def finish(self) -> Replayed:
        """Run once more, check the ledger, write the report, and compare with the truth."""
        project = self._project(self.story.told_at)
        second = _of_one(project)
        incidents = project.incidents()
        told = Replayed(
            directory=self.directory,
            project=project.name,
            now=project.place.now,
            planted=self._planted,
            found=self._found(incidents),
            missed=[one for one in self._planted if one not in [found.planted for found in self._found(incidents)]],
            unplanted=self._unplanted(incidents),
            second=second,
            verified=project.ledger().verify(),
            report=project.report(self.directory / "report.html"),
            opened={one.id: one.opened_at for one in incidents},
            start=self.story.start,
        )
        project.close()
        return told

    @cached_property
    def _planted(self) -> list[Planted]:
        return truth(self.story)

    def _found(self, incidents: list[Incident]) -> list[Found]:
        return compare(self._planted, [incident_json(one) for one in incidents])

    def _unplanted(self, incidents: list[Incident]) -> list[Incident]:
        causes = {expected_cause(one) for one in self._planted}
        own = [one for one in incidents if one.cause in causes]
        follow = {consequence for one in own for consequence in one.consequences}
        return [one for one in incidents if one.cause not in causes and one.id not in follow]

    def _project(self, at: datetime) -> Project:
        return Project(self.directory, now=at, progress=self._progress, engine=self._engine, actor="demo")


def _of_one(project: Project) -> RunResult:
    attempt = next(project.attempts())
    if attempt.error is not None:
        raise attempt.error
    return attempt.result


def _is_open(incident: Incident) -> bool:
    return incident.state is not IncidentState.RESOLVED


def _clear(directory: Path) -> None:
    """Remove what an earlier replay made, and only that."""
    if not directory.exists() or not any(directory.iterdir()):
        return
    if not _is_ours(directory):
        fix = "Name another folder, or empty this one."
        raise Faulty([Fault("E102", f"'{directory}' holds something that no demo made.", fix)])
    for name in _MADE:
        path = directory / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _is_ours(directory: Path) -> bool:
    settings, told = directory / "watchkeeper.yaml", directory / "truth.json"
    if not settings.is_file() or _OURS not in settings.read_text("utf-8", "replace"):
        return False
    monitors = {path.name for path in (directory / "monitors").glob("*")}
    alone = {path.name for path in directory.iterdir()} <= _MADE and monitors <= {"credit_score.yaml"}
    try:
        return alone and "planted" in json.loads(told.read_text("utf-8"))
    except (OSError, ValueError):
        return False
