"""``watchkeeper plugins list``."""

from __future__ import annotations

from dataclasses import asdict

from watchkeeper.surfaces.cli.base import Session, declare_below, declare_group
from watchkeeper.surfaces.cli.out import Answer, items
from watchkeeper.surfaces.cli.screen import Column, table


@declare_group("plugins")
def command() -> None:
    """Show what is plugged in."""


@declare_below(command, "list")
def listed(session: Session) -> Answer:
    """List every plug-in with its origin and version. Changes nothing.

    A file in the folder of its kind is a plug-in; other packages add theirs by entry points. Set
    WATCHKEEPER_PLUGINS=builtin to switch those off.

    watchkeeper plugins list
    """
    project = session.project()
    found = project.plugins()
    columns = [Column("KIND"), Column("NAME"), Column("ORIGIN"), Column("VERSION"), Column("MODULE", flex=True)]
    rows = [[one.kind, one.name, one.origin, one.version, one.module] for one in found]
    return Answer(
        items(asdict(one) for one in found), lambda screen: table(screen, columns, rows), project=project.name
    )
