"""``watchkeeper points``: the numbers of one monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from watchkeeper.surfaces.cli.base import MONITOR, SINCE, UNTIL, Session, declare
from watchkeeper.surfaces.cli.listing import cut, when
from watchkeeper.surfaces.cli.out import Answer, items
from watchkeeper.surfaces.cli.screen import Column, Screen, counted, table

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = 40


@declare("points", short_help="Show the numbers of a monitor.")
@MONITOR
@click.option("--metric", metavar="M", help="A name (psi) or an identity (quantile@1(p=0.95)).")
@click.option("--column", metavar="C", help="One column; '' for metrics of the whole table.")
@click.option("--segment", metavar="K=V", help="One segment; '' for all rows.")
@click.option("--version", "version_", metavar="V", help="A model version or how it begins; '*' for all together.")
@click.option("--baseline", metavar="B", help="fixed, previous, rolling:28d, or '' for none.")
@SINCE
@UNTIL
@click.option("--history", is_flag=True, help="Every stored state of each point, not only the current one.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help=f"At most N rows (as text {_SHOWN} by default).")
def command(session: Session, monitor: str, version_: str | None, limit: int | None, **wanted: Any) -> Answer:
    """Show stored points with their intervals, the newest windows first. Changes nothing.

    With --json a cut listing says under "next" where to go on: give it as --until.

    watchkeeper points credit_score --metric psi --column score
    watchkeeper points credit_score --column income --segment region=south --since 2026-11-01
    watchkeeper points credit_score --json > points.json
    """
    project = session.project()
    found = project.points(monitor, version=version_, **wanted)
    shown, following = cut(found, limit)
    return Answer(
        items(shown.to_pylist() if session.json else [], following),
        lambda screen: _text(screen, shown if limit else found.slice(0, _SHOWN), found.num_rows),
        project=project.name,
        at=project.place.now,
    )


def _text(screen: Screen, rows: pa.Table, total: int) -> str:
    if not total:
        return "no points"
    columns = [
        Column("WINDOW"),
        Column("METRIC", flex=True),
        Column("VALUE", right=True),
        Column("95 % INTERVAL"),
        Column("BASELINE", right=True),
        Column("STATUS"),
        Column("WHERE", flex=True),
        Column("ROWS", right=True),
        Column("AGAINST"),
    ]
    text = table(screen, columns, [_row(row) for row in rows.to_pylist()])
    return text if rows.num_rows == total else f"{text}\n{rows.num_rows} of {counted(total, 'point')}; see --limit"


def _row(row: dict[str, Any]) -> list[str]:
    from watchkeeper.charts import numbers
    from watchkeeper.surfaces.cli.words import place, quantity

    return [
        when(row),
        quantity(row["metric"], row["column"]),
        numbers.number(row["value"]),
        numbers.interval(row["low"], row["high"]),
        numbers.number(row["baseline_value"]),
        row["status"] + (" (open)" if row["open"] else ""),
        place(row["model_version"], row["segment_key"], row["segment_value"]),
        numbers.count(row["n"]),
        row["baseline"] or "nothing",
    ]
