"""The page of the Python API."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

import watchkeeper
from watchkeeper.errors import Fault, WatchkeeperError
from watchkeeper.run.planned import Planned, PlannedScan
from watchkeeper.run.result import IncidentCounts, Rows, RunResult, WindowCounts
from watchkeeper.run.state import MonitorState
from watchkeeper.store.anchor import Anchor
from watchkeeper.store.chain import Break, Head
from watchkeeper.store.verification import Verified
from watchkeeper.surfaces.api import Attempt, Ledger
from watchkeeper.surfaces.check import Checked
from watchkeeper.surfaces.reference.markdown import block, code, prose, table
from watchkeeper.terms import Entry, Finding, Incident, Point, PointKey, Segment, Verdict, Window

_ACTING: tuple[type[Any], ...] = (watchkeeper.Project, Ledger)
_PLAIN: tuple[type[Any], ...] = (
    RunResult,
    Rows,
    WindowCounts,
    IncidentCounts,
    Attempt,
    Checked,
    Planned,
    PlannedScan,
    MonitorState,
    Incident,
    Finding,
    PointKey,
    Segment,
    Window,
    Point,
    Verdict,
    Entry,
    Verified,
    Break,
    Head,
    Anchor,
    Fault,
)
_WIDE = 100
_HEAD = """\
```python
import watchkeeper as wk

project = wk.Project(".")
```

The command line is a thin layer above it: the same nouns and verbs, the same values. `points` and `verdicts` are Arrow
tables with the columns of [the tables](tables.md); everything else is a frozen dataclass. A moment is a `datetime` with
a zone, a `date`, or text such as `2026-01-31`; a date is midnight UTC."""


def page() -> str:
    errors = [(code(each.__name__), prose(each)) for each in WatchkeeperError.__subclasses__()]
    return "\n\n".join(
        [
            _HEAD,
            *(part for each in _ACTING for part in _acting(each)),
            "## What they return",
            *(part for each in _PLAIN for part in _plain(each)),
            "## Errors",
            "All are `watchkeeper.errors.WatchkeeperError`:",
            table(["error", "when"], errors),
        ]
    )


def _acting(each: type[Any]) -> Iterator[str]:
    yield f"## {each.__name__}"
    yield block(f"{each.__name__}{_signature(each)}", "python")
    yield prose(each)
    for name, member in vars(each).items():
        function = getattr(member, "func", None) or getattr(member, "fget", None) or member
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        call = "" if function is not member else _signature(function)
        yield f"### {each.__name__}.{name}"
        yield block(f"{name}{call}{'' if call else ': ' + _returned(function)}", "python")
        yield prose(function)


def _plain(each: type[Any]) -> Iterator[str]:
    yield f"### {each.__name__}"
    yield prose(each) if not (each.__doc__ or "").startswith(f"{each.__name__}(") else ""
    rows = [(code(part.name), code(_shortened(str(part.type)))) for part in dataclasses.fields(each)]
    yield table(["field", "type"], rows)


def _signature(function: Any) -> str:
    signature = inspect.signature(function)
    kept = [part for part in signature.parameters.values() if part.name != "self"]
    returned = "" if isinstance(function, type) else f" -> {_shortened(signature.return_annotation)}"
    words = list(_words(kept))
    one = f"({', '.join(words)}){returned}"
    return one if len(one) <= _WIDE else "(\n" + "".join(f"    {word},\n" for word in words) + f"){returned}"


def _words(parameters: Iterable[inspect.Parameter]) -> Iterator[str]:
    """Parameters as a signature has them, with a star before those that need their name."""
    starred = False
    for part in parameters:
        if part.kind is part.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        made = "..." if "factory" in repr(part.default) else repr(part.default)
        yield f"{part.name}: {_shortened(part.annotation)}" + ("" if part.default is part.empty else f" = {made}")


def _returned(function: Any) -> str:
    return _shortened(inspect.signature(function).return_annotation)


def _shortened(type_: Any) -> str:
    """A type without module paths."""
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", str(type_))
