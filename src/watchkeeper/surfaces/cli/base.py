"""What the files of the commands share: how one is declared, and the options that several have."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from watchkeeper.surfaces.cli.out import Answer
from watchkeeper.surfaces.cli.session import Session, current, global_options

Asked = Callable[..., Answer]


def declare(name: str, *, short_help: str | None = None) -> Callable[[Asked], click.Command]:
    """Declare a command: a function of the session and its own options that gives an answer."""
    return lambda asked: _declared(asked, click.command(name, short_help=short_help))


def declare_below(group: click.Group, name: str) -> Callable[[Asked], click.Command]:
    """The same below a group."""
    return lambda asked: _declared(asked, group.command(name))


def _declared(asked: Asked, made: Callable[[Callable[..., Any]], click.Command]) -> click.Command:
    @wraps(asked)
    def body(**options: Any) -> int:
        from watchkeeper.surfaces.cli.main import answered

        return answered(asked(current(), **options))

    body.__doc__ = with_examples(asked.__doc__)
    return made(global_options(body))


def with_examples(text: str | None) -> str:
    """Help in which lines of examples stay lines; a paragraph of examples begins with ``watchkeeper``."""
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(("\b\n" if part.startswith("watchkeeper ") else "") + part for part in paragraphs)


def declare_group(name: str) -> Callable[[Callable[..., Any]], click.Group]:
    """Declare a command of several words."""
    return lambda body: click.group(name)(global_options(body))


MONITORS = click.argument("monitors", nargs=-1, metavar="[MONITOR]...")
MONITOR = click.argument("monitor")
SINCE = click.option("--since", metavar="TIME", help="Only windows from TIME on (a date, or RFC 3339).")
UNTIL = click.option("--until", metavar="TIME", help="Only windows before TIME.")
BACKFILL = click.option("--backfill", is_flag=True, help="Also count stored windows that were measured differently.")
FAIL_ON = click.option(
    "--fail-on",
    type=click.Choice(("info", "warning", "critical")),
    help="Exit 3 when an unresolved incident is this severe or worse.",
)
ENGINE = click.option("--engine", type=click.Choice(("local", "spark")), help="What reads and writes the tables.")

__all__ = [
    "BACKFILL",
    "ENGINE",
    "FAIL_ON",
    "MONITOR",
    "MONITORS",
    "SINCE",
    "UNTIL",
    "Session",
    "declare",
    "declare_below",
    "declare_group",
]
