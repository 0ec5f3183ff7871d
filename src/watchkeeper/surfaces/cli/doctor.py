"""``watchkeeper doctor``: what may keep it from working here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchkeeper.surfaces.cli.base import Session, declare
from watchkeeper.surfaces.cli.out import Answer, Exit
from watchkeeper.surfaces.cli.screen import Screen, counted

if TYPE_CHECKING:
    from watchkeeper.surfaces.doctor import Check

_MARKS = {True: "\N{HEAVY CHECK MARK}", False: "\N{MULTIPLICATION X}", None: "\N{EN DASH}"}
_TONES = {True: "ok", False: "breach", None: "quiet"}


@declare("doctor", short_help="Find out what keeps it from working here.")
def command(session: Session) -> Answer:
    """Look at the installation and the project, one line each, with what to do. Changes nothing.

    Looks at Python and the packages, the settings, plug-ins, store, database, ledger, clock, key of hashed ids, and
    whether the table of each monitor can be read. Secrets are named, never shown. A file is written into the store's
    folder and removed again. Exit 1 when something is wrong.

    watchkeeper doctor
    watchkeeper doctor --json
    """
    from watchkeeper.surfaces import doctor

    project = session.project()
    found = doctor.examined(lambda: project.place)
    failed = [one for one in found if one.ok is False]
    settled = not any(one.name == "settings" for one in failed)
    return Answer(
        {"checks": [_row(one) for one in found]},
        lambda screen: _text(screen, found, len(failed)),
        code=Exit.SOME_FAILED if failed else Exit.DONE,
        project=project.name if settled else None,
        at=project.place.now if settled else None,
    )


def _row(one: Check) -> dict[str, object]:
    return {"name": one.name, "ok": one.ok, "detail": one.detail, "fix": None if one.ok else one.fix or None}


def _text(screen: Screen, found: list[Check], failed: int) -> str:
    wide = max(len(one.name) for one in found)
    lines = [line for one in found for line in _lines(screen, one, wide)]
    tone = "breach" if failed else "ok"
    said = f"{counted(failed, 'thing')} to put right" if failed else "all is well"
    return "\n".join([*lines, screen.paint(said, tone)])


def _lines(screen: Screen, one: Check, wide: int) -> list[str]:
    indent = " " * (wide + 4)
    body = screen.wrapped(one.detail, indent=indent, first=f"  {one.name:<{wide}}  ")
    lines = [screen.paint(_MARKS[one.ok], _TONES[one.ok]) + body[1:]]
    return [*lines, screen.wrapped(one.fix, indent=indent)] if one.fix and one.ok is not True else lines
