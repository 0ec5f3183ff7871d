"""``watchkeeper demo``: a simulated bank, its weeks replayed, and what was found of what was planted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watchkeeper.surfaces.cli.base import ENGINE, Session, declare
from watchkeeper.surfaces.cli.out import Answer, Exit, plain, shown_path
from watchkeeper.surfaces.cli.screen import Screen, counted

if TYPE_CHECKING:
    from watchkeeper.simulate.story import Planted
    from watchkeeper.surfaces.replay import Replayed, Week

_OWN = """\
Watch a table of your own: in a new folder, write monitors/my_model.yaml

    source: path/to/predictions     # a folder of Delta or Parquet, or CSV files
    columns: {id: request_id, time: created_at, score: prediction}  # your names

then  watchkeeper check,  watchkeeper run,  watchkeeper report"""


@declare("demo", short_help="Watch a simulated bank and find what was planted.")
@click.argument("directory", default="watchkeeper-demo", metavar="[DIR]", type=click.Path(path_type=Path))
@click.option("--seed", default=0, show_default=True, metavar="N", help="Another seed is another story.")
@click.option("--weeks", default=8, show_default=True, metavar="N", help="Length of the story, 8 or more.")
@click.option("--clean", is_flag=True, help="The same traffic with nothing planted: nothing should be reported.")
@ENGINE
def command(session: Session, directory: Path, seed: int, weeks: int, clean: bool, engine: str | None) -> Answer:
    """Simulate a bank's scoring endpoint, plant three problems in it, watch it, and compare.

    Writes the project into DIR (watchkeeper-demo by default) and replays its weeks as they would have come, running
    once a week. The runs never see what was planted. Exit 1 when a planted problem was not found, or something was
    reported that was not planted. A folder that an earlier demo made is made anew; any other that holds something is
    left alone.

    watchkeeper demo                      about two minutes; writes ./watchkeeper-demo
    watchkeeper demo --seed 7             another story
    watchkeeper demo --clean              a quiet bank: nothing should be reported
    """
    from watchkeeper.surfaces.replay import Replay

    replay = Replay(directory, seed=seed, weeks=weeks, clean=clean, progress=session.progress(), engine=engine)
    screen = Screen.of(sys.stderr if session.json else sys.stdout)
    session.say(_opening(directory, weeks, clean))
    replay.prepare()
    for week in replay.weeks_as_they_came():
        session.say(_week(screen, week))
    session.say("")
    found = replay.finish()
    return Answer(
        _json(found),
        lambda screen: _text(screen, found),
        code=Exit.DONE if found.is_right else Exit.SOME_FAILED,
        project=found.project,
        at=found.now,
    )


def _opening(directory: Path, weeks: int, clean: bool) -> str:
    planted = "Nothing is planted in it" if clean else "Three problems are planted in it"
    return (
        f"A bank scores applications for credit. {weeks} weeks of its serving log are simulated\n"
        f"in {shown_path(directory)}/. {planted}. watchkeeper is not told,\n"
        "and runs once a week on what has arrived by then.\n"
    )


def _week(screen: Screen, week: Week) -> str:
    """One line of rows and seconds, and below it what the run found."""
    quiet = "learning what is normal" if week.learning else "nothing new to report"
    news = [f"found: {one.title}" for one in week.opened] + [f"over:  {one.title}" for one in week.resolved]
    head = f"week {week.number:<2} {week.result.rows.new:>7,} new rows in {week.result.seconds:.0f} s"
    if not news:
        return f"{head}: {quiet}"
    return "\n".join([head, *(screen.wrapped(line, indent=" " * 15, first=" " * 8) for line in news)])


def _json(found: Replayed) -> dict[str, Any]:
    return {
        "planted": [one.to_json() for one in found.planted],
        "found": [one.to_json() for one in found.found],
        "not_found": [one.to_json() for one in found.missed],
        "not_planted": [plain({"incident": one.id, "cause": one.cause, "title": one.title}) for one in found.unplanted],
        "second_run": {
            "state": found.second.state.value,
            "points": found.second.points,
            "seconds": found.second.seconds,
        },
        "ledger": {"intact": found.verified.intact, "entries": found.verified.entries},
        "report": str(found.report),
        "project": str(found.directory),
    }


def _text(screen: Screen, found: Replayed) -> str:
    parts = [*(_planted(screen, found, one) for one in found.planted), _verdict(screen, found), ""]
    return "\n".join([*parts, *_checks(found), "", _OWN])


def _planted(screen: Screen, told: Replayed, planted: Planted) -> str:
    """What was planted, and below it how it was found."""
    one = next((one for one in told.found if one.planted is planted), None)
    indent = " " * 18
    when = f"{planted.start.day} {planted.start:%b}"
    head = screen.wrapped(f"planted  {when:9}{planted.what}", indent=indent, first="")
    if one is None:
        return f"{head}\n{screen.paint('not found', 'breach')}\n"
    after = "the same day" if one.delay_windows == 0 else f"{counted(one.delay_windows, 'day')} later"
    kind, _, name = one.cause.partition(":")
    week = f"week {told.week_of(one.incident)}"
    said = f"found    {week:9}{kind} {name[:8] if kind == 'version' else name}, seen from {after} on"
    said += "; the labels of a day take two weeks" if kind == "version" else ""
    return f"{head}\n{screen.wrapped(said, indent=indent, first='')}\n"


def _verdict(screen: Screen, found: Replayed) -> str:
    planted = f"{len(found.found)} of {len(found.planted)} found" if found.planted else "Nothing was planted"
    rest = "nothing else" if found.planted else "nothing"
    said = f"{planted}, and {rest} was reported."
    if found.unplanted:
        names = "; ".join(f"{one.title} ({one.id})" for one in found.unplanted)
        said = f"{planted}.\nReported although nothing of the kind was planted: {names}"
    lines = [screen.wrapped(line) for line in said.split("\n")]
    return screen.paint("\n".join(lines), "ok" if found.is_right else "breach")


def _checks(found: Replayed) -> list[str]:
    again = "nothing new" if found.second.state.value == "nothing_new" else "it wrote something again"
    intact = "intact" if found.verified.intact else "broken"
    return [
        f"second run    {again}, {found.second.seconds:.1f} s",
        f"ledger        {intact}, {counted(found.verified.entries, 'entry', 'entries')}",
        f"report        {shown_path(found.report)}   (open it in a browser)",
        f"look around   watchkeeper -C {shown_path(found.directory)} incidents list",
    ]
