"""``watchkeeper run``: count what is due, judge it, open and close incidents."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watchkeeper.errors import Fault, Faulty, LeaseHeld, LedgerBroken, StoreBehind
from watchkeeper.surfaces.cli.base import BACKFILL, ENGINE, FAIL_ON, MONITORS, SINCE, UNTIL, Session, declare
from watchkeeper.surfaces.cli.codes import code_of, fix_of
from watchkeeper.surfaces.cli.fail_on import is_met
from watchkeeper.surfaces.cli.out import Answer, Exit, items, plain
from watchkeeper.surfaces.cli.screen import Screen, counted
from watchkeeper.surfaces.cli.summary import SUMMARY, write_summaries

if TYPE_CHECKING:
    from watchkeeper.run.result import RunResult
    from watchkeeper.surfaces.api import Attempt, Project


@declare("run", short_help="Count what is due, judge it, open and close incidents.")
@MONITORS
@SINCE
@UNTIL
@BACKFILL
@click.option("--recompute", is_flag=True, help="Count every window of the span again, whatever is stored.")
@ENGINE
@click.option("--every", metavar="DURATION", help="Run again and again, for instance --every '1 hour', until stopped.")
@FAIL_ON
@SUMMARY
def command(session: Session, monitors: tuple[str, ...], every: str | None, **options: Any) -> Answer:
    """Compute the windows that are due, store the points, open and close incidents.

    Safe to repeat: a stored window is skipped unless its rows or labels changed, and nothing is opened twice. A
    monitor that fails does not stop the others. Exit 1 when some monitor failed, 2 when nothing could run, 3 with
    --fail-on, 5 when another process is at work on the same monitor.

    watchkeeper run                                    every monitor under ./monitors
    watchkeeper run credit_score --since 2026-11-01    only windows from the first of November on
    watchkeeper run --fail-on critical                 for a scheduler: exit 3 on critical incidents
    watchkeeper run --summary watchkeeper.xml          for continuous integration: a JUnit report
    watchkeeper plan credit_score                      show what would run, and stop
    """
    if every is None:
        return _once(session, monitors, **options)
    return _again_and_again(session, monitors, every, **options)


def _once(
    session: Session,
    monitors: Sequence[str],
    *,
    engine: str | None,
    fail_on: str | None,
    summaries: Sequence[Path],
    **asked: Any,
) -> Answer:
    project = session.project(engine=engine)
    attempts = []
    log = session.log()
    for attempt in project.attempts(monitors, **asked):
        log.info("run", **plain({"monitor": attempt.result.monitor, "state": attempt.result.state}))
        if attempt.error is not None:
            log.debug("failed", monitor=attempt.result.monitor, exc_info=attempt.error)
        attempts.append(attempt)
    results = [attempt.result for attempt in attempts]
    names = [result.monitor for result in results]
    write_summaries(project, names, summaries, fail_on, dict(zip(names, results, strict=True)))
    answer = Answer(
        items(_row(result) for result in results),
        lambda screen: _text(screen, project, results),
        code=_code(attempts) or is_met(project, names, fail_on),
        project=project.name,
        at=project.place.now,
        faults=[fault for attempt in attempts for fault in _faults(attempt)],
    )
    project.close()
    return answer


def _again_and_again(session: Session, monitors: Sequence[str], every: str, **options: Any) -> Answer:
    from watchkeeper.surfaces.cli.main import answered
    from watchkeeper.windows import Duration

    try:
        pause = Duration.parse(every).about.total_seconds()
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--every") from error
    if session.given.get("now"):
        raise click.UsageError("--every goes by the clock; leave out --now")
    if options["fail_on"] is not None:
        raise click.UsageError("--every does not end, and --fail-on says how a run ends; leave out one of them")
    while True:
        begun = time.monotonic()
        answered(_once(session, monitors, **options))
        time.sleep(max(0.0, pause - (time.monotonic() - begun)))


def _row(result: RunResult) -> dict[str, Any]:
    said: dict[str, Any] = plain(result)
    outcomes = ("ok", "warning", "breach", "not_judged")
    return {**said, "verdicts": {name: said["verdicts"].get(name, 0) for name in outcomes}}


def _code(attempts: Sequence[Attempt]) -> int:
    errors = [attempt.error for attempt in attempts if attempt.error is not None]
    if not errors:
        return Exit.DONE
    if any(isinstance(error, LedgerBroken) for error in errors):
        return Exit.LEDGER_BROKEN
    if len(errors) == len(attempts):
        if all(isinstance(error, LeaseHeld) for error in errors):
            return Exit.LEASE_HELD
        if all(isinstance(error, Faulty | StoreBehind) for error in errors):
            return Exit.NOTHING_RAN
    return Exit.SOME_FAILED


def _faults(attempt: Attempt) -> list[Fault]:
    if attempt.error is None:
        return []
    if isinstance(attempt.error, Faulty):
        return list(attempt.error.faults)
    return [Fault(code_of(attempt.error), f"{attempt.result.monitor}: {attempt.result.error}", fix_of(attempt.error))]


def _text(screen: Screen, project: Project, results: Sequence[RunResult]) -> str:
    order = ("failed", "done", "nothing_new")
    ordered = sorted(results, key=lambda result: (order.index(result.state.value), result.monitor))
    return "\n".join(run_text(screen, project, result) for result in ordered)


def run_text(screen: Screen, project: Project, result: RunResult) -> str:
    """One run in a few lines."""
    if result.state.value == "failed":
        return screen.paint(f"{result.monitor}: failed", "breach")
    if result.state.value == "nothing_new":
        return f"{result.monitor}: nothing new ({result.seconds:.1f} s)"
    head = [counted(result.rows.new, "new row"), counted(result.windows.final, "window") + " judged"]
    head += [f"{counted(result.windows.open, 'window')} still open"] if result.windows.open else []
    head += [f"{counted(result.windows.restated, 'window')} restated"] if result.windows.restated else []
    head += [counted(result.verdicts.get("breach", 0), "breach", "breaches")]
    lines = [f"{result.monitor}: {', '.join(head)} ({result.seconds:.1f} s)"]
    lines += [f"  {screen.paint(line, 'strong')}" for line in _changes(project, result)]
    return "\n".join([*lines, *(screen.wrapped(note, indent="  ") for note in result.notes)])


def _changes(project: Project, result: RunResult) -> list[str]:
    counts = result.incidents
    if not any((counts.opened, counts.resolved, counts.corrected)):
        return []
    at = project.place.now
    changed = [one for one in project.incidents(monitor=result.monitor) if one.changed_at == at]
    return [f"{one.state.value} {one.id}: {one.title}" for one in changed]
