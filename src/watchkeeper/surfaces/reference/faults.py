"""The page of the fault codes."""

from __future__ import annotations

from watchkeeper.errors import CODES
from watchkeeper.surfaces.reference.markdown import table

_HEAD = """\
A fault names the file, the line, the key, what is wrong there and what mends it; all faults come at once. `--json`
lists them under `errors` as `{code, file, line, path, message, fix}`. Codes `E…` stop a run, `W…` warn and exit 0."""


def page() -> str:
    rows = [(f"`{code}`", said.meaning, said.fix) for code, said in CODES.items()]
    return f"{_HEAD}\n\n{table(['code', 'meaning', 'what mends it'], rows)}"
