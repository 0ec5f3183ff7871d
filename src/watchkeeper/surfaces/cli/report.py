"""``watchkeeper report``: one page to read and to send."""

from __future__ import annotations

from pathlib import Path

import click

from watchkeeper.surfaces.cli.base import MONITORS, SINCE, Session, declare
from watchkeeper.surfaces.cli.out import Answer, shown_path


@declare("report", short_help="Write one self-contained page.")
@MONITORS
@click.option(
    "-o",
    "--output",
    default="report.html",
    metavar="FILE",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Where to write it.",
)
@SINCE
def command(session: Session, monitors: tuple[str, ...], output: Path, since: str | None) -> Answer:
    """Write one self-contained HTML page: incidents, timeline, and a chart of every column.

    Reads what runs have stored. Safe to repeat: an older file of that name is replaced. The page loads nothing from
    anywhere and can be sent by mail.

    watchkeeper report
    watchkeeper report credit_score -o credit.html --since 2026-11-01
    """
    project = session.project()
    path = project.report(output, monitors, since)
    return Answer(
        {"path": str(path)},
        lambda _: f"report written to {shown_path(path)}",
        project=project.name,
        at=project.place.now,
    )
