"""``watchkeeper status``: how every monitor stands, worst first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from watchkeeper.surfaces.cli.base import FAIL_ON, MONITORS, Session, declare
from watchkeeper.surfaces.cli.fail_on import is_met
from watchkeeper.surfaces.cli.out import Answer, items, plain
from watchkeeper.surfaces.cli.screen import Column, Screen, table
from watchkeeper.surfaces.cli.summary import SUMMARY, write_summaries

if TYPE_CHECKING:
    from watchkeeper.run.state import MonitorState

_WORST_FIRST = ("failed", "breach", "stale", "warning", "learning", "healthy")
_TONES = {"failed": "breach", "breach": "breach", "stale": "warning", "warning": "warning", "healthy": "ok"}
_MARKS = {
    "failed": "\N{MULTIPLICATION X}",
    "breach": "\N{BLACK DIAMOND}",
    "stale": "\N{BLACK UP-POINTING TRIANGLE}",
    "warning": "\N{BLACK UP-POINTING TRIANGLE}",
    "learning": "\N{WHITE CIRCLE}",
    "healthy": "\N{BLACK CIRCLE}",
}


@declare("status", short_help="Show how each monitor stands.")
@MONITORS
@FAIL_ON
@SUMMARY
def command(session: Session, monitors: tuple[str, ...], fail_on: str | None, summaries: tuple[Path, ...]) -> Answer:
    """Show how each monitor stands, the worst first. Changes nothing.

    failed: its last run failed. stale: windows are waiting to be counted. learning: the baseline is not complete.
    Else the worst unresolved incident, or healthy.

    watchkeeper status
    watchkeeper status credit_score --fail-on warning    exit 3 when something is wrong
    watchkeeper status --summary watchkeeper.md          the same as a page of Markdown
    """
    project = session.project()
    found = sorted(project.status(monitors), key=lambda one: (_WORST_FIRST.index(one.state), one.monitor))
    names = [one.monitor for one in found]
    write_summaries(project, names, summaries, fail_on)
    return Answer(
        items(plain(one) for one in found),
        lambda screen: _text(screen, found),
        code=is_met(project, names, fail_on),
        project=project.name,
        at=project.place.now,
    )


def _text(screen: Screen, found: Sequence[MonitorState]) -> str:
    columns = [
        Column("MONITOR"),
        Column("STATE"),
        Column("UNRESOLVED"),
        Column("JUDGED TO"),
        Column("NEWEST EVENT"),
        Column("LABELS UNTIL"),
        Column("LAST RUN"),
    ]
    return table(screen, columns, [_row(one) for one in found], [_TONES.get(one.state, "") for one in found])


def _row(one: MonitorState) -> list[str]:
    return [
        f"{_MARKS[one.state]} {one.monitor}",
        one.state,
        _unresolved(one),
        _time(one.last_final_window),
        _time(one.last_event),
        _time(one.labels_matured_until),
        _time(one.last_run),
    ]


def _unresolved(one: MonitorState) -> str:
    counts = [(one.open_incidents.get(severity, 0), severity) for severity in ("critical", "warning", "info")]
    return ", ".join(f"{count} {severity}" for count, severity in counts if count) or "none"


def _time(at: object) -> str:
    at = getattr(at, "start", at)
    if not isinstance(at, datetime):
        return "never"
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute) == (0, 0) else f"{at:%Y-%m-%d %H:%M}"
