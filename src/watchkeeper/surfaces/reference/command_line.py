"""The page of the command line."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from watchkeeper.surfaces.cli.main import cli
from watchkeeper.surfaces.cli.out import EXIT_CODES
from watchkeeper.surfaces.reference.markdown import block, code, table

_HEAD = """\
```
watchkeeper [OPTIONS] COMMAND [ARGS]...
```

The options of the first table may stand before or after the command. MONITOR is the name or the file of a monitor;
where none is given, all of `monitors/*.yaml` are meant. TIME is a date or RFC 3339 with a zone.

With `--json`, standard output holds one object and nothing else:

```json
{"format": "watchkeeper/1", "command": "...", "at": "...", "project": "...", "data": {}, "errors": []}
```

A listing has `data: {"items": [...], "next": null}`. What is missing is `null`, never left out; keys are only ever
added within `watchkeeper/1`. Logs and progress go to standard error."""


def page() -> str:
    codes = table(["exit code", "meaning"], [(str(number), about) for number, about in EXIT_CODES.items()])
    shared = table(_OPTION_HEAD, [_option(option) for option in cli.params if isinstance(option, click.Option)])
    context = cli.make_context("watchkeeper", [], resilient_parsing=True)
    return "\n\n".join([_HEAD, "## Options of every command", shared, "## Exit codes", codes, *_commands(cli, context)])


_OPTION_HEAD = ["option", "value", "default", "meaning"]


def _commands(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        below = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from _commands(command, below)
        else:
            yield from _section(command, below)


def _section(command: click.Command, context: click.Context) -> Iterator[str]:
    path = context.command_path
    yield f"## {path}"
    yield block(f"{path} {' '.join(_usage(command, context))}")
    yield from map(_paragraph, inspect.cleandoc(command.help or "").split("\n\n"))
    options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    if options:
        yield table(_OPTION_HEAD, [_option(option) for option in options])


def _usage(command: click.Command, context: click.Context) -> list[str]:
    words = [word for word in command.collect_usage_pieces(context) if word != "[OPTIONS]"]
    needed = [each for each in command.params if isinstance(each, click.Option) and each.required]
    options = [f"{each.opts[-1]} {each.make_metavar(context)}" for each in needed]
    return [*words, *options, "[OPTIONS]"]


def _paragraph(text: str) -> str:
    return block(text.removeprefix("\b\n")) if text.startswith("\b\n") else text


def _option(option: click.Option) -> tuple[str, ...]:
    names = ", ".join(map(code, option.opts))
    value = "" if option.is_flag else code(option.make_metavar(click.Context(cli)))
    default = code(option.default) if option.show_default else ""
    return names, value, default, option.help or ""
