"""Looks at a table, proposes a monitor of it, checks the proposal and tries it in a store of its own."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from watchkeeper.engines.base import Sample, TableRef
from watchkeeper.errors import Fault, Faulty
from watchkeeper.run.look_over import look_over
from watchkeeper.run.monitor import run_monitor
from watchkeeper.run.workplace import Workplace
from watchkeeper.settings import FILE, MONITORS
from watchkeeper.spec.load import load
from watchkeeper.spec.monitor import Monitor
from watchkeeper.spec.propose.found import Found
from watchkeeper.spec.propose.proposal import Look, Proposal, name_for, propose
from watchkeeper.spec.propose.text import file_text
from watchkeeper.store import incidents as incident_table
from watchkeeper.surfaces.check import Checked, against_tables
from watchkeeper.surfaces.elsewhere import elsewhere
from watchkeeper.windows import Duration

PREVIEWED = 5
"""Windows that a preview shows."""
MOST_WINDOWS = 60
"""Windows that a preview counts, at most."""
_MOST_LABELS = 500_000


@dataclass(frozen=True, slots=True)
class Previewed:
    """One window of a preview: rows, and its main numbers as ``(name, value)``; None where there is none."""

    start: datetime
    rows: int
    numbers: tuple[tuple[str, float | None], ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would say, from a run in a store that is gone again.

    Args:
        now: the moment it was run for: the clock, or just after the last row of a log that has ended.
        windows: how many were counted.
        rows: how many rows, and of how many of the table (``of``).
        last: the newest windows.
        breaches: verdicts of breach among all windows.
        incidents: titles of the incidents that a run would leave.
        notes: what the run said.
        seconds: how long it took.
        labelled: labels were tried too, where there are any; a large table of labels is not.
    """

    now: datetime
    windows: int
    rows: int
    of: int
    last: tuple[Previewed, ...]
    breaches: int
    incidents: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float
    labelled: bool


@dataclass(frozen=True)
class Proposed:
    """A monitor file, what was found for it, and how it did.

    Args:
        file: where it was written, else how it would be called.
        written: every file that was written.
        text: the monitor file.
        checked: what ``check`` says of it.
        preview: None where nothing can run.
        ended: the log has ended long before now: run it with ``--now`` as the preview was.
    """

    file: str
    text: str
    proposal: Proposal
    checked: Checked
    preview: Preview | None
    ended: bool
    folder: Path
    written: tuple[str, ...] = field(default=())

    @property
    def roles(self) -> list[Found]:
        """Columns with a role and why."""
        return self.proposal.roles

    @property
    def left_out(self) -> list[Found]:
        """Columns that are not watched and why."""
        return list(self.proposal.left_out)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to propose: the table, and what a person knows of it; names are meant from the working directory."""

    table: str
    output: Path | None = None
    name: str | None = None
    baseline: str | None = None
    labels: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where the file goes, and from which folder its tables are named."""

    file: Path | None
    folder: Path

    @classmethod
    def of(cls, wanted: Wanted, name: str, project: Path) -> Target:
        """A file as given; of a folder ``monitors/NAME.yaml`` in it, or in it if it is such a folder itself."""
        output = wanted.output
        if output is None:
            return cls(None, project)
        if output.suffix in (".yaml", ".yml"):
            parent = output.resolve().parent
            return cls(output, parent.parent if parent.name == MONITORS else project)
        folder = output.resolve()
        inside = folder if folder.name == MONITORS else folder / MONITORS
        return cls(inside / f"{name}.yaml", inside.parent)


def proposed(place: Workplace, wanted: Wanted, *, preview: bool = True) -> Proposed:
    """Propose a monitor; writes the files asked for, and nothing else outside a temporary folder.

    Raises:
        Faulty: E301 a table cannot be read, or the file is there already.
    """
    name = wanted.name or _name(wanted)
    target = Target.of(wanted, name, place.settings.directory)
    _refuse_existing(target)
    with elsewhere(place, target.folder) as scratch:
        look, sample = _look(scratch, wanted.table, target.folder)
        labels = _look(scratch, wanted.labels, target.folder) if wanted.labels else None
        baseline = _look(scratch, wanted.baseline, target.folder) if wanted.baseline else None
        found = propose(
            look,
            name,
            place.now,
            given_now=place.clock_given,
            labels=labels[0] if labels else None,
            baseline=baseline[0] if baseline else None,
        )
        rhythm = found.rhythm
        scratch = replace(scratch, now=rhythm.now if rhythm else place.now, clock_given=True)
        text = file_text(found)
        file = _shown(target, name)
        monitor, faults = _read(scratch, text, file)
        checked = _checked(scratch, monitor, faults, file)
        tried = None
        if preview and monitor is not None and checked.valid:
            tried = _preview(scratch, monitor, sample, labels[1] if labels else None)
    written = _write(target, text) if checked.resolved is not None else ()
    return Proposed(file, text, found, checked, tried, rhythm is not None and rhythm.ended, target.folder, written)


def _name(wanted: Wanted) -> str:
    if wanted.output is not None and wanted.output.suffix in (".yaml", ".yml"):
        return wanted.output.stem
    return name_for(wanted.table)


def _refuse_existing(target: Target) -> None:
    if target.file is not None and target.file.exists():
        fix = "Name another with --name or -o, or remove it."
        raise Faulty([Fault("E102", f"{target.file} is there already.", fix)])


def _shown(target: Target, name: str) -> str:
    if target.file is None:
        return f"{MONITORS}/{name}.yaml"
    try:
        return target.file.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(target.file)


def _look(place: Workplace, table: str, folder: Path) -> tuple[Look, Sample]:
    return look_over(place, TableRef(table, Path.cwd()), called=name_from(table, folder))


def name_from(table: str, folder: Path) -> str:
    """A table's name as a file of a project says it: from the project's folder where that is short.

    >>> name_from("data/loans.csv", Path.cwd())
    'data/loans.csv'
    """
    given = Path(table).expanduser()
    location = Path(os.path.normpath(Path.cwd() / given))
    from_folder = os.path.relpath(location, folder)
    far = from_folder.count("..") > 2
    return location.as_posix() if given.is_absolute() and far else Path(from_folder).as_posix()


def _read(place: Workplace, text: str, file: str) -> tuple[Monitor | None, list[Fault]]:
    found = place.settings.catalog
    return load(text, file, place.now, metrics=place.metrics, channels=(), scorers=found.names("scorers"))


def _checked(place: Workplace, monitor: Monitor | None, faults: list[Fault], file: str) -> Checked:
    if monitor is None:
        return Checked(Path(file).stem, file, False, None, None, tuple(faults))
    return against_tables(place, monitor, faults)


def _write(target: Target, text: str) -> tuple[str, ...]:
    if target.file is None:
        return ()
    target.file.parent.mkdir(parents=True, exist_ok=True)
    target.file.write_text(text, encoding="utf-8")
    settings = target.folder / FILE
    if target.file.resolve().parent.name != MONITORS or settings.exists():
        return (str(target.file),)
    settings.write_text(f"project: {name_for(target.folder.name)}\n", encoding="utf-8")
    return str(target.file), str(settings)


def _preview(place: Workplace, monitor: Monitor, sample: Sample, labels: Sample | None) -> Preview:
    """Run the monitor over the sample and its newest windows, without segments: bounded whatever the table's size."""
    tried, labelled = _newest(monitor), True
    if not sample.whole:
        tried = _over(place, tried, sample)
    if tried.labels is not None and labels is not None and labels.total > _MOST_LABELS:
        tried, labelled = replace(tried, labels=None), False
    result = run_monitor(place, tried)
    points = place.tables.current_points(monitor.name)
    with place.database.reading() as connection:
        incidents = incident_table.listed(connection)
    place.database.close()
    counted = result.windows
    return Preview(
        now=place.now,
        windows=counted.final + counted.open,
        rows=result.rows.read,
        of=sample.total,
        last=_last(points),
        breaches=result.verdicts.get("breach", 0),
        incidents=tuple(one.title for one in incidents if one.state.value != "resolved"),
        notes=result.notes,
        seconds=result.seconds,
        labelled=labelled,
    )


def _newest(monitor: Monitor) -> Monitor:
    """The same looking back over at most ``MOST_WINDOWS`` windows, and without segments."""
    days = math.ceil(MOST_WINDOWS * monitor.window.about / timedelta(days=1))
    since = min(monitor.source.since, Duration(days, "day"), key=lambda one: one.about)
    return replace(monitor, source=replace(monitor.source, since=since), segments=())


def _over(place: Workplace, monitor: Monitor, sample: Sample) -> Monitor:
    """The monitor over a copy of the sample in the scratch folder."""
    path = Path(place.settings.store).parent / "sample.parquet"
    pq.write_table(sample.rows, path)
    own = monitor.source.table
    labels = monitor.labels
    if labels is not None and labels.table == own:
        labels = replace(labels, table=str(path))
    return replace(monitor, source=replace(monitor.source, table=str(path)), labels=labels)


_SHOWN = (
    ("rows", "row_count", ""),
    ("mean score", "mean", "score"),
    ("yes", "category_share", "decision"),
    ("label", "category_share", "label"),
    ("AUC", "roc_auc", "score"),
)
"""Heading, metric and column of what a preview shows, where the monitor has it."""


def _last(points: pa.Table) -> tuple[Previewed, ...]:
    """The newest windows that hold rows, the newest first."""
    keep = pc.and_(pc.equal(points["model_version"], "*"), pc.equal(points["segment_key"], ""))
    rows = points.filter(keep).to_pylist()
    sizes = {row["window_start"]: row for row in rows if row["metric"].startswith("row_count@")}
    filled = sorted((at for at, row in sizes.items() if row["value"]), reverse=True)[:PREVIEWED]
    return tuple(
        Previewed(at, int(sizes[at]["value"]), tuple(_numbers(rows, at)), bool(sizes[at]["open"])) for at in filled
    )


def _numbers(rows: list[dict[str, object]], at: datetime) -> Iterator[tuple[str, float | None]]:
    for head, metric, column in _SHOWN[1:]:
        found = [row for row in rows if str(row["metric"]).startswith(f"{metric}@") and row["column"] == column]
        if metric == "category_share":
            found = [row for row in found if "1" in str(row["metric"]).partition("(")[2]]
        if found:
            here = [row["value"] for row in found if row["window_start"] == at]
            yield head, next((float(str(value)) for value in here if value is not None), None)
