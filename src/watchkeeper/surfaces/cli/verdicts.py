"""``watchkeeper verdicts``: what the rules say of the points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from watchkeeper.surfaces.cli.base import MONITOR, SINCE, Session, declare
from watchkeeper.surfaces.cli.listing import cut, when
from watchkeeper.surfaces.cli.out import Answer, items
from watchkeeper.surfaces.cli.screen import Column, Screen, counted, table

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = 40
_TONES = {"breach": "breach", "warning": "warning", "ok": "ok"}


@declare("verdicts", short_help="Show what the rules say of them.")
@MONITOR
@click.option(
    "--outcome", type=click.Choice(("ok", "warning", "breach", "not_judged")), help="Only verdicts of this outcome."
)
@SINCE
@click.option("--limit", type=click.IntRange(1), metavar="N", help=f"At most N rows (as text {_SHOWN} by default).")
def command(session: Session, monitor: str, limit: int | None, **wanted: Any) -> Answer:
    """Show what the rules say of each point and why, the newest windows first. Changes nothing.

    watchkeeper verdicts credit_score --outcome breach
    watchkeeper verdicts credit_score --since 2026-11-01 --json
    """
    project = session.project()
    found = project.verdicts(monitor, **wanted)
    shown, following = cut(found, limit)
    return Answer(
        items(shown.to_pylist() if session.json else [], following),
        lambda screen: _text(screen, shown if limit else found.slice(0, _SHOWN), found.num_rows),
        project=project.name,
        at=project.place.now,
    )


def _text(screen: Screen, rows: pa.Table, total: int) -> str:
    if not total:
        return "no verdicts"
    columns = [
        Column("OUTCOME"),
        Column("WINDOW"),
        Column("METRIC", flex=True),
        Column("VALUE", right=True),
        Column("LIMIT", right=True),
        Column("WHY"),
        Column("WHERE", flex=True),
        Column("RULE"),
    ]
    listed = rows.to_pylist()
    text = table(screen, columns, [_row(row) for row in listed], [_TONES.get(row["outcome"], "") for row in listed])
    return text if rows.num_rows == total else f"{text}\n{rows.num_rows} of {counted(total, 'verdict')}; see --limit"


def _row(row: dict[str, Any]) -> list[str]:
    from watchkeeper.charts import numbers
    from watchkeeper.surfaces.cli.words import place, quantity

    return [
        row["outcome"].replace("_", " "),
        when(row),
        quantity(row["metric"], row["column"]),
        numbers.number(row["value"]),
        numbers.number(row["limit"]),
        row["why"].replace("_", " "),
        place(row["model_version"], row["segment_key"], row["segment_value"]),
        row["rule"][:14],
    ]
