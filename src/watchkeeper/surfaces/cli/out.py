"""What a command answers, and how it is written: one JSON object, or text for people."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from watchkeeper.errors import Fault
from watchkeeper.surfaces.cli.screen import Screen
from watchkeeper.terms import Window

FORMAT = "watchkeeper/1"
"""Name of the envelope; keys are only ever added to it."""


class Exit:
    """Exit codes of every command."""

    DONE = 0
    SOME_FAILED = 1
    NOTHING_RAN = 2
    FAIL_ON_MET = 3
    LEDGER_BROKEN = 4
    LEASE_HELD = 5
    INTERRUPTED = 130


EXIT_CODES: Mapping[int, str] = {
    Exit.DONE: "done",
    Exit.SOME_FAILED: "a monitor failed, the others finished; of `demo`: not everything planted was found",
    Exit.NOTHING_RAN: "nothing ran: wrong usage, or files or tables that cannot be used",
    Exit.FAIL_ON_MET: "`--fail-on` is met: an unresolved incident is this severe or worse",
    Exit.LEDGER_BROKEN: "the chain of the ledger is broken",
    Exit.LEASE_HELD: "another process works on the same monitors; try again",
    Exit.INTERRUPTED: "interrupted",
}
"""What each exit code means."""


@dataclass(frozen=True)
class Answer:
    """What a command has found.

    Args:
        data: the content of the envelope; anything ``plain`` knows.
        text: writes the same for people.
        project: the project's name; None where the command needs none.
        at: the moment the answer speaks of; None means the clock.
        faults: what is wrong, listed under ``errors`` and on standard error.
    """

    data: Mapping[str, Any]
    text: Callable[[Screen], str]
    code: int = Exit.DONE
    project: str | None = None
    at: datetime | None = None
    faults: Sequence[Fault] = field(default=())


def items(rows: Iterable[Any], following: str | None = None) -> dict[str, Any]:
    """The data of a listing; ``following`` says where the rest begins, None where there is none."""
    return {"items": list(rows), "next": following}


def envelope(command: str, answer: Answer) -> str:
    """The one JSON object of a command, on one line."""
    said = {
        "format": FORMAT,
        "command": command,
        "at": answer.at or datetime.now(UTC),
        "project": answer.project,
        "data": answer.data,
        "errors": [fault_json(fault) for fault in answer.faults],
    }
    return json.dumps(plain(said), ensure_ascii=False, allow_nan=False)


def fault_json(fault: Fault) -> dict[str, Any]:
    """A fault with every key of the contract."""
    return {name: getattr(fault, name) for name in ("code", "file", "line", "path", "message", "fix")}


def plain(value: Any) -> Any:
    """A value of ours as JSON has it.

    Times are RFC 3339 in UTC, a window is named by its start, what is not a number is null.

    >>> plain({"at": datetime(2026, 2, 3, tzinfo=UTC), "value": float("nan"), "names": ("a",)})
    {'at': '2026-02-03T00:00:00Z', 'value': None, 'names': ['a']}
    """
    if value is None or (isinstance(value, bool | int) and not isinstance(value, Enum)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _compound(value)


def _compound(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Window):
        return plain(value.start)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else str(value)


def faults_text(faults: Sequence[Fault], closing: str = "nothing was run") -> str:
    """Faults by file, aligned, each with its line and its fix.

    >>> print(faults_text([Fault("E201", "no metric 'psii'.", "Did you mean 'psi'?", "m.yaml", 7, "metrics[1]")]))
    m.yaml: 1 fault, nothing was run
      line 7  metrics[1]  no metric 'psii'. Did you mean 'psi'?  [E201]
    """
    by_file: dict[str | None, list[Fault]] = {}
    for fault in faults:
        by_file.setdefault(fault.file, []).append(fault)
    blocks = [_block(file, own, closing) for file, own in by_file.items()]
    return "\n".join(blocks)


def _block(file: str | None, faults: Sequence[Fault], closing: str) -> str:
    errors = sum(not fault.is_warning for fault in faults)
    counts = [_counted(errors, "fault")] if errors else []
    counts += [_counted(len(faults) - errors, "warning")] if len(faults) > errors else []
    if file is None and len(faults) == 1:
        return _said(faults[0])
    head = f"{', '.join(counts)}{f', {closing}' if errors and closing else ''}"
    lines = [f"line {fault.line}" if fault.line else "" for fault in faults]
    paths = [fault.path or "" for fault in faults]
    wide = max(map(len, lines)), max(map(len, paths))
    body = [
        "  " + "  ".join(p for p in (f"{a:{wide[0]}}" if wide[0] else "", f"{b:{wide[1]}}" if wide[1] else "", c) if p)
        for a, b, c in zip(lines, paths, map(_said, faults), strict=True)
    ]
    return "\n".join([f"{file}: {head}" if file else head, *body])


def _said(fault: Fault) -> str:
    stop = "." if fault.fix and not fault.message.endswith((".", "?", ":")) else ""
    return " ".join(part for part in (fault.message + stop, fault.fix) if part) + f"  [{fault.code}]"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


def shown_path(path: Path) -> str:
    """A path as a person would type it from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
