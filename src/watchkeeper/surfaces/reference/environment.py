"""The page of the environment variables."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.surfaces.reference.markdown import table

VARIABLES: Mapping[str, str] = {
    "WATCHKEEPER_PROJECT": "name of the project, as `project` of watchkeeper.yaml",
    "WATCHKEEPER_STORE": "where the tables lie, as `--store`",
    "WATCHKEEPER_DATABASE": "where the ledger lies, as `--database`",
    "WATCHKEEPER_ENGINE": "what reads and writes the tables, as `--engine`",
    "WATCHKEEPER_ACTOR": "who acts, as the ledger names them; the user's name by default",
    "WATCHKEEPER_NOW": "act as if it were this time, as `--now`",
    "WATCHKEEPER_LOG": "form of the log, as `--log`: `text` or `json`",
    "WATCHKEEPER_PLUGINS": "`builtin` switches plug-ins of other packages off",
    "NO_COLOR": "set to anything: no colours",
    "COLUMNS": "width of text output where it is not a terminal; 100 by default",
    "TERM": "`dumb`: no colours",
}
_HEAD = """\
A flag goes before the environment, the environment before [watchkeeper.yaml](watchkeeper-yaml.md), the file before the
default. Of other variables only those that the file names as `${NAME}` are read."""


def page() -> str:
    rows = [(f"`{name}`", about) for name, about in VARIABLES.items()]
    return f"{_HEAD}\n\n{table(['variable', 'meaning'], rows)}"
