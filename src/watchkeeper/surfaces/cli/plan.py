"""``watchkeeper plan``: what a run would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from watchkeeper.surfaces.cli.base import BACKFILL, MONITORS, SINCE, UNTIL, Session, declare
from watchkeeper.surfaces.cli.out import Answer, items
from watchkeeper.surfaces.cli.screen import Screen, counted

if TYPE_CHECKING:
    from watchkeeper.run.planned import Planned, PlannedScan


@declare("plan", short_help="Show what a run would do, and stop.")
@MONITORS
@SINCE
@UNTIL
@BACKFILL
def command(session: Session, monitors: tuple[str, ...], **asked: Any) -> Answer:
    """Show what a run would read, count and write, and stop. Writes nothing.

    watchkeeper plan                            every monitor under ./monitors
    watchkeeper plan credit_score --backfill    with the windows that were measured differently
    """
    project = session.project()
    found = project.plan(monitors, **asked)
    return Answer(
        items(found),
        lambda screen: "\n\n".join(_text(screen, one) for one in found),
        project=project.name,
        at=project.place.now,
    )


def _text(screen: Screen, planned: Planned) -> str:
    if not planned.due:
        return f"{planned.monitor}: nothing is due. Nothing has run."
    lines = [f"{planned.monitor}: {counted(planned.due, 'window')} due{_span(planned)}{_reasons(planned)}"]
    lines += [_scan(one) for one in planned.scan]
    cells = counted(planned.cells_per_window, "cell")
    lines += [f"counts {counted(planned.columns, 'column')}, up to {cells} a window"]
    lines += [f"computes {counted(planned.metrics, 'metric')} of them"]
    lines += [f"writes {', '.join(planned.writes)}"] if planned.writes else []
    lines += [*planned.notes, "Nothing has run."]
    return "\n".join([lines[0], *(screen.wrapped(line, indent="    ", first="  ") for line in lines[1:])])


def _span(planned: Planned) -> str:
    first, last = (at.removesuffix("T00:00:00Z") for at in (planned.windows[0], planned.windows[-1]))
    return f" ({first})" if first == last else f" ({first} to {last})"


def _reasons(planned: Planned) -> str:
    return ": " + ", ".join(f"{count} {reason}" for reason, count in planned.reasons.items())


def _scan(scan: PlannedScan) -> str:
    size = "" if scan.bytes is None else f", {scan.bytes / 1e6:,.1f} MB on disk"
    return f"scans {scan.table}: {counted(scan.columns, 'column')}{size}"
