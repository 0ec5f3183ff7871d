"""The options that every command has, before or after its name, and the project they point at."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watchkeeper.surfaces.cli.screen import Screen

if TYPE_CHECKING:
    from watchkeeper.surfaces.api import Project

_META = "watchkeeper.options"
PROGRESS = ("bar", "json", "none")


@dataclass
class Session:
    """What the global options say."""

    given: dict[str, Any] = field(default_factory=dict)

    @property
    def json(self) -> bool:
        return bool(self.given.get("json"))

    @property
    def quiet(self) -> bool:
        return bool(self.given.get("quiet"))

    @property
    def verbose(self) -> bool:
        return bool(self.given.get("verbose")) and not self.quiet

    def project(self, engine: str | None = None) -> Project:
        """The project that the options point at."""
        from watchkeeper.surfaces.api import Project

        told = {name: self.given.get(name) for name in ("store", "database", "now")}
        return Project(self.given.get("folder"), **told, engine=engine, progress=self.progress())

    def progress(self) -> Any:
        """What shows the stages of a run: a bar on a terminal, JSON lines, or nothing."""
        from watchkeeper.surfaces.cli.progress import progress

        return progress(self.given.get("progress"), quiet=self.quiet)

    def say(self, text: str) -> None:
        """A line for people while a command works: on standard output, or on standard error beside JSON."""
        stream = sys.stderr if self.json else sys.stdout
        if not self.quiet:
            click.echo(Screen.of(stream).letters(text), file=stream)

    def log(self) -> Any:
        """The log, on standard error."""
        from watchkeeper.surfaces.cli.logs import logger

        return logger(self.given.get("log"), quiet=self.quiet, verbose=self.verbose)


def current(context: click.Context | None = None) -> Session:
    """The session of the command that is being read or run."""
    meta = (context or click.get_current_context()).meta
    session = meta.setdefault(_META, Session())
    assert isinstance(session, Session)
    return session


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if parameter.name is not None and value not in (None, False):
        current(context).given[parameter.name] = value


def global_options(command: Callable[..., Any], *, hidden: bool = True) -> Callable[..., Any]:
    """Add the global options to a command; they are shown in the help of ``watchkeeper`` alone."""
    shared: dict[str, Any] = {"callback": _keep, "expose_value": False, "hidden": hidden}
    options = [
        click.option("-C", "folder", type=click.Path(path_type=Path), metavar="DIR", help=_DIRECTORY, **shared),
        click.option("--store", metavar="URI", help="Where the tables lie (default .watchkeeper).", **shared),
        click.option("--database", metavar="URL", help="Where the ledger lies (default SQLite beside them).", **shared),
        click.option(
            "--json", "json", is_flag=True, default=None, help="One JSON object on standard output.", **shared
        ),
        click.option("-q", "--quiet", is_flag=True, default=None, help="Only the answer and errors.", **shared),
        click.option("-v", "--verbose", is_flag=True, default=None, help="Also say what happens inside.", **shared),
        click.option("--log", type=click.Choice(("text", "json")), help="Form of the log on standard error.", **shared),
        click.option(
            "--progress", type=click.Choice(PROGRESS), help="How stages are shown on standard error.", **shared
        ),
        click.option("--now", metavar="TIME", help="Act as if it were TIME; every entry says so.", **shared),
    ]
    for option in reversed(options):
        command = option(command)
    return command


_DIRECTORY = "The project's folder (default: the one at or above this folder that holds watchkeeper.yaml)."
