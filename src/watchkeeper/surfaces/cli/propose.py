"""``watchkeeper propose``: a first monitor file for a table that nothing is known of, with its reasons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watchkeeper.surfaces.cli.base import Session, declare
from watchkeeper.surfaces.cli.out import Answer, Exit, plain, shown_path
from watchkeeper.surfaces.cli.screen import Column, Screen, counted, table

if TYPE_CHECKING:
    from watchkeeper.surfaces.propose import Preview, Proposed

_NAMED = ("time", "id", "score", "decision", "label", "label time", "version", "weight", "segment")


@declare("propose", short_help="Write a first monitor file for a table, with reasons.")
@click.argument("table", metavar="TABLE")
@click.option(
    "-o", "--output", metavar="FILE|DIR", type=click.Path(path_type=Path), help="A .yaml file, or a project's folder."
)
@click.option("--name", metavar="N", help="Name of the monitor (default: that of the table).")
@click.option("--baseline", metavar="TABLE", help="Compare with this table, such as the training data.")
@click.option("--labels", metavar="TABLE", help="The table in which the truth arrives later.")
def command(session: Session, table: str, output: Path | None, **known: str | None) -> Answer:
    """Look at a table and write a first monitor file for it; each key has its reason beside it.

    TABLE is a Delta folder, Parquet or CSV files, or an inference table. At most 200,000 rows are read, spread over
    the table (CSV is read through once). The proposal is checked, and its newest windows are tried in a temporary
    store. Needs no project, and writes nothing but what -o names: the monitor, and watchkeeper.yaml where a project
    has none; a file that is there already is left alone. Exit 1 when something is missing that only you can add.

    watchkeeper propose data/predictions                 print the file
    watchkeeper propose predictions.parquet -o .         ./monitors/predictions.yaml
    watchkeeper propose log.csv --labels truth.csv -o credit
    """
    from watchkeeper.surfaces.propose import Wanted

    project = session.project()
    found = project.propose(Wanted(table, output, **known))
    if output is None and not session.json and not session.quiet:
        _beside(found)
    return Answer(
        _json(found),
        lambda screen: _text(screen, found) if output is not None else found.text.rstrip("\n"),
        code=Exit.DONE if found.checked.valid else Exit.SOME_FAILED,
        project=project.name,
        at=project.place.now,
        faults=found.checked.faults,
    )


def _beside(found: Proposed) -> None:
    """What is told of the proposal, on standard error: standard output holds the file."""
    import sys

    screen = Screen.of(sys.stderr)
    click.echo(screen.letters(_text(screen, found)), err=True)


def _json(found: Proposed) -> dict[str, Any]:
    return {
        "file": found.file,
        "text": found.text,
        "roles": [{"column": one.column, "role": one.role, "reason": one.reason} for one in found.roles],
        "left_out": [{"column": one.column, "reason": one.reason} for one in found.left_out],
        "valid": found.checked.valid,
        "written": list(found.written),
        "preview": plain(found.preview),
    }


def _text(screen: Screen, found: Proposed) -> str:
    parts = [_seen(screen, found), _roles(screen, found), _left_out(screen, found)]
    if found.preview is not None:
        parts.append(_preview(screen, found.preview))
    parts.append(_next(screen, found))
    return "\n\n".join(part for part in parts if part)


def _seen(screen: Screen, found: Proposed) -> str:
    look = found.proposal.look
    size = "all" if look.whole else f"{look.sample.num_rows:,} of"
    kind = f"a log of {look.total:,} requests" if look.format != "rows" else counted(look.total, "row")
    said = f"{size} {look.total:,} rows" if look.format == "rows" else kind
    columns = counted(len(look.sample.schema.names), "column" if look.format == "rows" else "feature")
    return screen.paint(screen.wrapped(f"{look.table}: looked at {said}, {columns}"), "strong")


def _roles(screen: Screen, found: Proposed) -> str:
    named = [one for one in found.roles if one.role in _NAMED]
    named.sort(key=lambda one: _NAMED.index(one.role))
    rows = [(one.role, one.column, one.reason) for one in named]
    watched = sum(one.role == "feature" for one in found.roles)
    rows.append(("features", counted(watched, "column"), ""))
    rows += _beat(found)
    return _reasons(screen, rows)


def _beat(found: Proposed) -> list[tuple[str, str, str]]:
    rhythm = found.proposal.rhythm
    if rhythm is None:
        return [("time", "none found", "add a column with the time of each prediction; without one nothing can run")]
    baseline = (found.proposal.baseline, "as asked for")
    if baseline[0] is None:
        baseline = (f"first {rhythm.baseline}", rhythm.baseline_reason)
    return [("window", str(rhythm.window), rhythm.window_reason), ("baseline", str(baseline[0]), baseline[1])]


def _reasons(screen: Screen, rows: list[tuple[str, str, str]]) -> str:
    """A word, a name and a reason a line; a reason that is long goes on below itself."""
    first = max(len(word) for word, _, _ in rows)
    second = min(28, max(len(name) for _, name, _ in rows))
    indent = " " * (first + second + 4)
    lines = []
    for word, name, reason in rows:
        head = f"{word:<{first}}  {_cut(name, second):<{second}}"
        lines.append(screen.wrapped(reason, indent=indent, first=f"{head}  ") if reason else head.rstrip())
    return "\n".join(lines)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _left_out(screen: Screen, found: Proposed) -> str:
    """Columns that are not watched by reason, so that a reason that many share is said once."""
    by_reason: dict[str, list[str]] = {}
    for one in found.left_out:
        by_reason.setdefault(one.reason, []).append(one.column)
    lines = [
        screen.wrapped(f"{', '.join(names)}: {reason}", indent="    ", first="  ")
        for reason, names in by_reason.items()
    ]
    return "\n".join(["not watched", *lines]) if lines else ""


def _preview(screen: Screen, preview: Preview) -> str:
    heads = [name for name, _ in preview.last[0].numbers] if preview.last else []
    columns = [Column("WINDOW"), Column("ROWS", right=True), *(Column(head.upper(), right=True) for head in heads)]
    rows = [_window(one) for one in preview.last]
    said = f"tried on {_tried(preview)} in {preview.seconds:.0f} s: {_outcome(preview)}"
    return "\n".join(
        [screen.wrapped(said), *([table(screen, columns, rows)] if rows else []), *_titles(screen, preview)]
    )


def _tried(preview: Preview) -> str:
    part = "" if preview.rows == preview.of else f" of {preview.of:,}"
    labels = "" if preview.labelled else ", without labels"
    return f"{counted(preview.windows, 'window')} with {preview.rows:,}{part} rows{labels}, without segments"


def _outcome(preview: Preview) -> str:
    if not preview.incidents:
        return "no incident would be open at the end"
    return f"{counted(len(preview.incidents), 'incident')} would be open at the end"


def _window(one: Any) -> list[str]:
    from watchkeeper.charts import numbers

    when = f"{one.start:%Y-%m-%d}" if one.start.hour == one.start.minute == 0 else f"{one.start:%Y-%m-%d %H:%M}"
    return [
        when + (" (open)" if one.open else ""),
        f"{one.rows:,}",
        *(numbers.number(value) for _, value in one.numbers),
    ]


_MOST_TITLES = 3


def _titles(screen: Screen, preview: Preview) -> list[str]:
    shown = [screen.wrapped(title, indent="    ", first="  ") for title in preview.incidents[:_MOST_TITLES]]
    more = len(preview.incidents) - len(shown)
    return [*shown, f"  and {more} more"] if more > 0 else shown


def _next(screen: Screen, found: Proposed) -> str:
    """What to do now."""
    written = [f"wrote {shown_path(Path(path))}" for path in found.written]
    if not found.checked.valid:
        return "\n".join([*written, screen.paint("not ready to run: see what is missing below", "warning")])
    place = "" if found.folder == Path.cwd() else f" -C {shown_path(found.folder)}"
    when = f" --now {found.preview.now:%Y-%m-%dT%H:%M:%SZ}" if found.ended and found.preview is not None else ""
    name = found.proposal.name
    lines = [*written, screen.paint("check: good", "ok")]
    if not found.written:
        return "\n".join([*lines, "keep it: the same with -o ."])
    ended = ["the log has ended, so it is run as of its end:"] if when else []
    return "\n".join([*lines, *ended, f"next:  watchkeeper{place}{when} run {name}"])
