"""``watchkeeper events``: the newest events of a monitor, their values masked unless asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from watchkeeper.surfaces.cli.base import MONITOR, Session, declare
from watchkeeper.surfaces.cli.out import Answer, items, plain
from watchkeeper.surfaces.cli.screen import Column, Screen, counted, table

if TYPE_CHECKING:
    from watchkeeper.surfaces.events import Listed

_SHOWN = 20
_STATUSES = (
    "ok",
    "empty",
    "too_large",
    "not_json",
    "unknown_shape",
    "feedback_row",
    "error_payload",
    "guardrail_block",
    "duplicate",
    "future",
)


@declare("events", short_help="Show the newest events of a monitor, values masked.")
@MONITOR
@click.option("--parse-status", type=click.Choice(_STATUSES), metavar="S", help="Only events that were read so.")
@click.option("--since", metavar="TIME", help="Only events from TIME on (a date, or RFC 3339).")
@click.option("--until", metavar="TIME", help="Only events before TIME.")
@click.option("--limit", type=click.IntRange(1), default=_SHOWN, show_default=True, metavar="N", help="At most N.")
@click.option("--show-values", is_flag=True, help="Show what was asked and answered; it may be personal data.")
def command(session: Session, monitor: str, show_values: bool, **wanted: Any) -> Answer:
    """Show events of a monitor, the newest first. Changes nothing.

    Of an inference table these are the events that runs have stored, of a table with one row per prediction its rows
    as they are now. Without --show-values a mask stands for each value (its kind, and how long a text is), and ids are
    cut. S is ok, empty, too_large, not_json, unknown_shape, feedback_row, error_payload, guardrail_block, duplicate
    or future. With --json a cut listing says under "next" where to go on: give it as --until.

    watchkeeper events credit_score
    watchkeeper events credit_score --parse-status not_json --since 2026-11-01
    watchkeeper events credit_score --limit 3 --show-values --json
    """
    from watchkeeper.surfaces.events import shown

    project = session.project()
    found = project.events(monitor, **wanted)
    rows = list(shown(found.rows, values=show_values))
    return Answer(
        items(rows, plain(found.following)),
        lambda screen: _text(screen, rows, found, show_values),
        project=project.name,
        at=project.place.now,
    )


def _text(screen: Screen, rows: list[dict[str, Any]], found: Listed, values: bool) -> str:
    if not rows:
        return "no events"
    heads = ("TIME", "READ", "HTTP", "REQUEST", "VERSION", "SCORE", "DECISION", "INPUTS")
    cells = [_row(row) for row in rows]
    filled = [at for at, head in enumerate(heads) if head in ("TIME", "READ") or any(one[at] for one in cells)]
    columns = [Column(heads[at], flex=heads[at] == "INPUTS") for at in filled]
    tones = ["" if row["parse_status"] == "ok" else "warning" for row in rows]
    text = table(screen, columns, [[one[at] for at in filled] for one in cells], tones)
    notes = [] if values else ["values are masked; --show-values shows them"]
    notes += [f"{len(rows)} of {counted(found.total, 'event')}; see --limit"] if found.total > len(rows) else []
    return "\n".join([text, *notes])


def _row(row: dict[str, Any]) -> list[str]:
    request = row["request_id"] or ""
    several = f" {row['row_index'] + 1}/{row['rows_in_request']}" if row["rows_in_request"] > 1 else ""
    return [
        f"{row['event_time']:%Y-%m-%d %H:%M:%S}",
        row["parse_status"].replace("_", " "),
        "" if row["status_code"] is None else str(row["status_code"]),
        _safe(request) + several,
        _safe(row["model_version"])[:8],
        _value(row["score"]),
        _value(row["decision"]),
        " ".join(f"{_safe(name)}={_value(value)}" for name, value in (row.get("inputs") or {}).items()),
    ]


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return _safe(str(value).lower() if isinstance(value, bool) else str(value))


def _safe(text: str) -> str:
    """Text of hostile origin on one line: what a terminal would obey or hide is named instead."""
    from watchkeeper.charts.words import visible

    return visible(text).replace("\n", "‹U+000A›").replace("\t", "‹U+0009›")
