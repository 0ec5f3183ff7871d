"""``--summary``: what ``run`` and ``status`` leave for continuous integration to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchkeeper.surfaces.cli.written import writing

if TYPE_CHECKING:
    from watchkeeper.run.result import RunResult
    from watchkeeper.surfaces.api import Project

SUFFIXES = (".xml", ".md")


def _known(_context: click.Context, _option: click.Parameter, paths: tuple[Path, ...]) -> tuple[Path, ...]:
    wrong = next((path for path in paths if path.suffix.lower() not in SUFFIXES), None)
    if wrong is not None:
        raise click.BadParameter(f"'{wrong}' ends neither in .xml (JUnit) nor in .md (Markdown)")
    return paths


SUMMARY = click.option(
    "--summary",
    "summaries",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    callback=_known,
    help="Also write how the monitors stand: JUnit to FILE.xml, Markdown to FILE.md. May be repeated.",
)


def write_summaries(
    project: Project,
    monitors: Sequence[str],
    paths: Sequence[Path],
    fail_on: str | None,
    results: Mapping[str, RunResult] | None = None,
) -> None:
    """Write each file; without ``fail_on`` every unresolved incident fails what it speaks of."""
    if not paths:
        return
    from watchkeeper.surfaces.summary.collect import summarise
    from watchkeeper.surfaces.summary.write import write
    from watchkeeper.terms import Severity

    told = summarise(project, monitors, results or {}, Severity(fail_on or Severity.INFO))
    for path in paths:
        with writing(path):
            write(told, path)
