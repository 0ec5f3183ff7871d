"""``watchkeeper``: reads the command line, runs one command, writes its answer, exits with its code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import click

from watchkeeper.errors import Fault, Faulty, WatchkeeperError
from watchkeeper.surfaces.cli.base import with_examples
from watchkeeper.surfaces.cli.codes import code_of, exit_of, fix_of
from watchkeeper.surfaces.cli.out import Answer, Exit, envelope, faults_text
from watchkeeper.surfaces.cli.screen import Screen
from watchkeeper.surfaces.cli.session import Session, current, global_options

COMMANDS = (
    "demo",
    "propose",
    "check",
    "plan",
    "run",
    "status",
    "points",
    "verdicts",
    "events",
    "incidents",
    "report",
    "metrics",
    "ledger",
    "plugins",
    "doctor",
    "version",
)
"""In the order people need them; each is a file of this folder with a function ``command``."""


class _Commands(click.Group):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"watchkeeper.surfaces.cli.{cmd_name}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from watchkeeper.spec.report import nearest

            raise click.UsageError(f"{error.message} {nearest(args[0], COMMANDS)}", ctx) from error


def _shared(command: Callable[..., Any]) -> Callable[..., Any]:
    return global_options(command, hidden=False)


_HELP = """Watch AI models after they are deployed.

watchkeeper demo      see it find three planted problems, in about two minutes
watchkeeper propose   write a first monitor file for a table of yours
watchkeeper check     look for mistakes in your own monitors/*.yaml
watchkeeper run       count, judge, open and close incidents; safe to repeat
watchkeeper status    how your models are
"""


@click.command(
    cls=_Commands,
    help=with_examples(_HELP),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="The options above may stand before or after the command. `watchkeeper COMMAND --help` shows examples.",
)
@_shared
def cli() -> None:
    """The command line as a whole."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    sys.exit(invoke(list(sys.argv[1:] if arguments is None else arguments)))


def invoke(arguments: list[str]) -> int:
    """Run one command; its answer goes to standard output, everything else to standard error.

    Returns:
        the exit code of contracts: 0 done, 1 some failed, 2 nothing ran, 3 fail-on met, 4 ledger broken, 5 lease
        held, 130 interrupted.
    """
    session = Session({"json": True} if "--json" in arguments else {})
    try:
        found = cli.main(arguments, prog_name="watchkeeper", standalone_mode=False)
    except click.UsageError as error:
        return _misused(session, arguments, error)
    except WatchkeeperError as error:
        return _failed(session, arguments, error)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return Exit.DONE
    return found if isinstance(found, int) else Exit.DONE


def answered(found: Answer) -> int:
    """Write the answer of the command that is running; give its exit code."""
    context = click.get_current_context()
    session = current(context)
    if session.json:
        click.echo(envelope(_words(context), found))
    else:
        screen = Screen.of(sys.stdout)
        text = found.text(screen)
        if text:
            click.echo(screen.letters(text))
    if found.faults and not session.quiet:
        _warn(faults_text(found.faults, closing=""))
    return found.code


def _words(context: click.Context) -> str:
    """The command's words, such as ``incidents list``."""
    return context.command_path.partition(" ")[2]


def _said(arguments: Sequence[str]) -> str:
    """The command's words as far as they can be told from the arguments."""
    words = [word for word in arguments if not word.startswith("-")]
    start = next((i for i, word in enumerate(words) if word in COMMANDS), None)
    if start is None:
        return ""
    group = import_module(f"watchkeeper.surfaces.cli.{words[start]}").command
    below = words[start + 1 : start + 2] if isinstance(group, click.Group) else []
    return " ".join([words[start], *(word for word in below if word in group.commands)])


def _misused(session: Session, arguments: Sequence[str], error: click.UsageError) -> int:
    if session.json:
        fix = f"`{error.ctx.command_path if error.ctx else 'watchkeeper'} --help` shows what is possible."
        fault = Fault("E100", error.format_message(), fix)
        click.echo(envelope(_said(arguments), Answer({}, _nothing, faults=[fault])))
    error.show()
    return Exit.NOTHING_RAN


def _failed(session: Session, arguments: Sequence[str], error: WatchkeeperError) -> int:
    faults = list(error.faults) if isinstance(error, Faulty) else [Fault(code_of(error), str(error), fix_of(error))]
    if session.json:
        click.echo(envelope(_said(arguments), Answer({}, _nothing, faults=faults)))
    _warn(faults_text(faults))
    return exit_of(error)


def _nothing(_: Screen) -> str:
    return ""


def _warn(text: str) -> None:
    click.echo(Screen.of(sys.stderr).letters(text), err=True)
