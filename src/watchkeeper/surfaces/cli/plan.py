"""``watchkeeper plan``: what a run would do."""

from __future__ import annotations

from typing import Any

from watchkeeper.surfaces.cli.base import BACKFILL, MONITORS, SINCE, UNTIL, Session, declare
from watchkeeper.surfaces.cli.out import Answer, items, plain
from watchkeeper.surfaces.cli.screen import Screen


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
    found = [plain(one) for one in project.plan(monitors, **asked)]
    return Answer(
        items(found),
        lambda screen: "\n\n".join(_text(screen, one) for one in found),
        project=project.name,
        at=project.place.now,
    )


def _text(screen: Screen, planned: dict[str, Any]) -> str:
    return str(planned)
