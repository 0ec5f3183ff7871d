"""The page of ``watchkeeper.yaml``."""

from __future__ import annotations

from watchkeeper import settings
from watchkeeper.surfaces.reference.keys import lines
from watchkeeper.surfaces.reference.markdown import block, code, table

EXAMPLE = """\
# watchkeeper.yaml
project: credit
store: .watchkeeper
database: sqlite:///.watchkeeper/ledger.db
plugins: builtin
"""
_DEFAULTS = {
    "project": "the folder's name",
    "store": code(settings.STORE),
    "database": code(settings.DATABASE),
    "engine": code(settings.ENGINES[0]),
    "channels": "",
    "endpoints": "",
    "privacy.key": f"`{settings.STORE}/{settings.KEY_FILE}`, made at first use with mode 600",
}
_HEAD = """\
The settings of a project, in the folder that holds `monitors/`. The file may be missing; every key has a default.
Relative paths are meant from its folder. `${NAME}` is filled in from the environment in `database`, `channels` and
`endpoints`, nowhere else; a password or token in plain text there is a fault. `channels` and `endpoints` are read and
checked; nothing is sent to them yet. Of the engines `local` is there."""


def page() -> str:
    rows = [
        (code(line.path), line.takes, _DEFAULTS.get(line.path, line.default), line.about)
        for line in lines(settings.shape({}))
    ]
    return f"{_HEAD}\n\n{block(EXAMPLE, 'yaml')}\n\n{table(['key', 'what it takes', 'default', 'meaning'], rows)}"
