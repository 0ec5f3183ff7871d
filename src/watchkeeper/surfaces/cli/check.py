"""``watchkeeper check``: every fault of the monitor files and of the tables they name, at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from watchkeeper.surfaces.cli.base import MONITORS, Session, declare
from watchkeeper.surfaces.cli.out import Answer, Exit
from watchkeeper.surfaces.cli.screen import Screen, counted

if TYPE_CHECKING:
    from watchkeeper.surfaces.check import Checked


@declare("check", short_help="Look for mistakes in the monitor files.")
@MONITORS
@click.option("--offline", is_flag=True, help="Look at the files only, not at the tables they name.")
def command(session: Session, monitors: tuple[str, ...], offline: bool) -> Answer:
    """Look for mistakes in the monitor files and the tables they name; all of them at once.

    Reads the first rows of each table, counts nothing and writes nothing. Exit 2 when something is wrong; warnings
    alone exit 0. With --json it also gives each file spelt out, every default filled in.

    watchkeeper check                            every monitor under ./monitors
    watchkeeper check credit_score --offline     one file, without opening its tables
    watchkeeper check --json                     the files with every default filled in
    """
    project = session.project()
    found = project.check(monitors, offline=offline)
    return Answer(
        {"monitors": [_row(one) for one in found]},
        lambda screen: _text(screen, found, offline),
        code=Exit.DONE if all(one.valid for one in found) else Exit.NOTHING_RAN,
        project=project.name,
        at=project.place.now,
        faults=[fault for one in found for fault in one.faults],
    )


def _row(one: Checked) -> dict[str, object]:
    return {
        "name": one.name,
        "file": one.file,
        "valid": one.valid,
        "version": one.version,
        "resolved": one.resolved,
        "columns": [dict(zip(("name", "role", "type"), column, strict=True)) for column in one.columns],
        "left_out": [{"column": name, "reason": reason} for name, reason in one.left_out],
    }


def _text(screen: Screen, found: Sequence[Checked], offline: bool) -> str:
    ordered = sorted(found, key=lambda one: one.valid)
    lines = [_line(screen, one, offline) for one in ordered]
    return "\n".join(lines)


def _line(screen: Screen, one: Checked, offline: bool) -> str:
    if not one.valid:
        faults = sum(not fault.is_warning for fault in one.faults)
        return screen.paint(f"{one.file}: {counted(faults, 'fault')}", "breach")
    said = [screen.paint(f"{one.file}: good", "ok")]
    if offline:
        return f"{said[0]} (its tables were not looked at)"
    roles = Counter(role for _, role, _ in one.columns if role != "service")
    said.append("watches " + ", ".join(_named(role, count) for role, count in roles.items()) if roles else "no columns")
    lines = [", ".join(said)]
    lines += [f"  {name} is not watched: {reason}" for name, reason in one.left_out]
    return "\n".join(lines)


def _named(role: str, count: int) -> str:
    return counted(count, "feature") if role == "feature" else f"the {role}"
