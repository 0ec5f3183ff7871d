"""``watchkeeper ledger …``: the record of what happened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watchkeeper.errors import Fault, Faulty
from watchkeeper.surfaces.cli.base import Session, declare_below, declare_group
from watchkeeper.surfaces.cli.out import Answer, Exit, items, shown_path
from watchkeeper.surfaces.cli.screen import Column, Screen, counted, table
from watchkeeper.surfaces.cli.written import writing

if TYPE_CHECKING:
    from watchkeeper.store.chain import Head
    from watchkeeper.store.verification import Verified
    from watchkeeper.terms import Entry

OUTPUT = click.option(
    "-o", "--output", required=True, metavar="FILE", type=click.Path(path_type=Path), help="Where to."
)


@declare_group("ledger")
def command() -> None:
    """Read, check and export the append-only record of what happened."""


@declare_below(command, "list")
@click.option("--kind", metavar="K", help="One kind, or a family such as 'incident.*'.")
@click.option("--subject", metavar="S", help="What the entries are about, such as the id of an incident.")
@click.option("--since", metavar="TIME", help="Only entries from TIME on.")
def listed(session: Session, **wanted: Any) -> Answer:
    """List the entries in their order. Changes nothing.

    watchkeeper ledger list --kind 'incident.*'
    watchkeeper ledger list --subject 3f2a90c1d7-1 --json
    """
    project = session.project()
    found = project.ledger().entries(**wanted)
    return Answer(items(found), lambda screen: _table(screen, found), project=project.name, at=project.place.now)


@declare_below(command, "verify")
@click.option("--anchor", metavar="FILE", type=click.Path(path_type=Path), help="What `ledger anchor` wrote earlier.")
def verified(session: Session, anchor: Path | None) -> Answer:
    """Check every link of the chain; exit 4 when one is broken. Changes nothing.

    Whoever can rewrite the whole database can forge a chain; an anchor kept elsewhere tells that too.

    watchkeeper ledger verify
    watchkeeper ledger anchor -o anchor.json          keep this in another place
    watchkeeper ledger verify --anchor anchor.json
    """
    project = session.project()
    known = None if anchor is None else _anchor(anchor)
    found = project.ledger().verify(known)
    return Answer(
        verified_json(found, known),
        lambda screen: _verdict(screen, found),
        code=Exit.DONE if found.intact else Exit.LEDGER_BROKEN,
        project=project.name,
        at=project.place.now,
    )


@declare_below(command, "export")
@OUTPUT
def exported(session: Session, output: Path) -> Answer:
    """Write all entries as JSON lines that check themselves; an older file of that name is replaced.

    watchkeeper ledger export -o ledger.jsonl
    """
    project = session.project()
    with writing(output):
        count = project.ledger().export(output)
    data = {"path": str(output), "entries": count}
    said = f"{counted(count, 'entry', 'entries')} written to {shown_path(output)}"
    return Answer(data, lambda _: said, project=project.name, at=project.place.now)


@declare_below(command, "anchor")
@OUTPUT
def anchored(session: Session, output: Path) -> Answer:
    """Verify the ledger and write down where it ends; an older file of that name is replaced.

    Keep the file where those who can write the database cannot write: no later change of what is there today passes
    `ledger verify --anchor` then. A broken ledger gives exit 4 and no file.

    watchkeeper ledger anchor -o anchor.json
    """
    project = session.project()
    made = project.ledger().anchor()
    with writing(output):
        output.write_text(json.dumps(made.json(), indent=2) + "\n", encoding="utf-8")
    said = f"{counted(made.count, 'entry', 'entries')} anchored in {shown_path(output)}: head {made.head.hash[:16]}"
    data = {"path": str(output), **made.json()}
    return Answer(data, lambda _: said, project=project.name, at=project.place.now)


@declare_below(command, "verifier")
@OUTPUT
def verifier(session: Session, output: Path) -> Answer:  # noqa: ARG001
    """Write the verifier, a program of one file; an older file of that name is replaced.

    It verifies an export or the SQLite database where there is Python and nothing else: give it to an auditor with
    the export and the anchor.

    watchkeeper ledger verifier -o verify_ledger.py
    python verify_ledger.py ledger.jsonl --anchor anchor.json
    """
    from watchkeeper.store import verify_ledger

    with writing(output):
        output.write_bytes(Path(verify_ledger.__file__).read_bytes())
    said = f"the verifier is in {shown_path(output)}: python {shown_path(output)} ledger.jsonl"
    return Answer({"path": str(output)}, lambda _: said)


def _anchor(path: Path) -> Head:
    from watchkeeper.store.anchor import read_anchor

    try:
        return read_anchor(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        fix = "Give what `watchkeeper ledger anchor -o FILE` wrote earlier."
        raise Faulty([Fault("E301", f"no anchor can be read: {error}.", fix, str(path))]) from error


def verified_json(found: Verified, anchor: Head | None) -> dict[str, Any]:
    """What a check of the chain found, as the contract has it."""
    broken = found.first_broken
    return {
        "intact": found.intact,
        "entries": found.entries,
        "head": {"seq": found.head.seq, "hash": found.head.hash},
        "first_broken": None if broken is None else {"seq": broken.seq, "reason": broken.reason},
        "anchor": {"checked": anchor is not None, "matches": found.matches},
    }


def _verdict(screen: Screen, found: Verified) -> str:
    if found.first_broken is None:
        said = f"the ledger is intact: {counted(found.entries, 'entry', 'entries')}, head {found.head.hash[:16]}"
        return screen.paint(said, "ok")
    return screen.paint(f"the ledger is broken: {found.first_broken.reason}", "breach")


def _table(screen: Screen, entries: list[Entry]) -> str:
    if not entries:
        return "no entries"
    columns = [
        Column("SEQ", right=True),
        Column("AT"),
        Column("KIND"),
        Column("SUBJECT"),
        Column("BY"),
        Column("WHAT", flex=True),
    ]
    rows = [[str(e.seq), f"{e.at:%Y-%m-%d %H:%M} UTC", e.kind, e.subject, e.actor, _what(e.body)] for e in entries]
    return table(screen, columns, rows)


def _what(body: dict[str, Any]) -> str:
    return next((str(body[key]) for key in ("title", "note", "reason", "text", "owner") if body.get(key)), "")
