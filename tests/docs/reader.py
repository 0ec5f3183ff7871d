"""Follows a page as a reader would: writes its files, types its commands, runs its Python, compares what it shows."""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import subprocess
import sys
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.docs import credit
from tests.docs.page import SHOWN, Block, Command, agrees, blocks, commands

WITH_CREDIT = "<!-- with: credit -->"
"""Stands in pages that speak of a project which is there already."""
_PIP = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Differs(AssertionError):
    """A page says something else than what comes out."""


class Shell:
    """One bash that keeps its folder and variables from command to command."""

    def __init__(self, folder: Path) -> None:
        kept = {name: os.environ[name] for name in ("LANG", "PYTHONPATH") if name in os.environ}
        told = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder), "USER": "ana"}
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env={**kept, **told, "LOGNAME": "ana", "LC_ALL": "C.UTF-8", **_PIP},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str) -> tuple[int, str]:
        """The exit code and everything that a command wrote."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        mark = uuid4().hex
        keep = "__code=$?"
        self._process.stdin.write(f'{command}\n{keep}; printf "\\n%s %d\\n" {mark} $__code; (exit $__code)\n')
        self._process.stdin.flush()
        said: list[str] = []
        for line in self._process.stdout:
            if line.startswith(mark):
                return int(line.split()[1]), "".join(said)
            said.append(line)
        raise Differs(f"the shell ended at: {command}")

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@dataclass
class Reader:
    """Follows one page in a folder."""

    page: Path
    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "page"})

    def follow(self) -> int:
        """Do everything that the page says; give the number of blocks that were done.

        Raises:
            Differs: an output is not what the page shows, a command fails without being said to, or a block could
                not be told apart.
        """
        shell = Shell(self.folder)
        if WITH_CREDIT in self.page.read_text("utf-8"):
            credit.build(self.folder)
            shell.run(f"export WATCHKEEPER_NOW={credit.NOW}")
        try:
            return sum(self._do(block, shell) for block in blocks(self.page))
        finally:
            shell.close()

    def _do(self, block: Block, shell: Shell) -> bool:
        if block.file is not None:
            self._write(block)
        elif block.language == "console":
            self._type(block, shell)
        elif block.language == "python":
            self._execute(block)
        elif block.language == "pycon":
            self._converse(block)
        elif block.language not in SHOWN:
            raise Differs(f"{self._place(block.line)}: say what a block is: console, python, pycon, a named file, text")
        return block.language not in SHOWN or block.file is not None

    def _write(self, block: Block) -> None:
        path = self.folder / str(block.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text + "\n", encoding="utf-8")

    def _type(self, block: Block, shell: Shell) -> None:
        typed = commands(block)
        for each, following in zip(typed, [*typed[1:], None], strict=True):
            code, said = shell.run(each.command)
            if code and (following is None or following.command != "echo $?"):
                raise Differs(f"{self._place(each.line)}: `{each.command}` exits with {code}\n{said}")
            if each.output and not agrees(each.output, said):
                raise Differs(self._difference(each, said))

    def _execute(self, block: Block) -> None:
        with contextlib.chdir(self.folder):
            exec(compile(block.text, self._place(block.line), "exec"), self.names)

    def _converse(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(
            block.text + "\n", self.names, self.page.name, str(self.page), block.line - 1
        )
        told = io.StringIO()
        with contextlib.chdir(self.folder):
            failed = doctest.DocTestRunner(optionflags=_FLAGS).run(test, out=told.write, clear_globs=False).failed
        self.names.update(test.globs)
        if failed:
            raise Differs(told.getvalue())

    def _difference(self, each: Command, said: str) -> str:
        shown, came = each.output.strip().splitlines(), said.strip().splitlines()
        lines = "\n".join(unified_diff(shown, came, "the page shows", "what came", lineterm=""))
        return f"{self._place(each.line)}: `{each.command}`\n{lines}"

    def _place(self, line: int) -> str:
        return f"{self.page.name}:{line}"
