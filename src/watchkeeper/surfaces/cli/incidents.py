"""``watchkeeper incidents …``: what is wrong, and what people do about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from watchkeeper.surfaces.cli.base import Session, declare_below, declare_group
from watchkeeper.surfaces.cli.out import Answer, items
from watchkeeper.surfaces.cli.screen import Column, Screen, counted, table

if TYPE_CHECKING:
    from watchkeeper.surfaces.api import Project
    from watchkeeper.terms import Entry, Finding, Incident

_SEVERITIES = click.Choice(("info", "warning", "critical"))
_STATES = click.Choice(("open", "acknowledged", "resolved"))
_ID = click.argument("id", metavar="ID")


@declare_group("incidents")
def command() -> None:
    """Show incidents, and say what you do about them."""


@declare_below(command, "list")
@click.option("--monitor", metavar="M", help="Only incidents of one monitor.")
@click.option("--state", type=_STATES, help="Only incidents in this state.")
@click.option("--severity", type=_SEVERITIES, help="Only incidents of this severity.")
@click.option("--since", metavar="TIME", help="Only incidents that changed since TIME.")
def listed(session: Session, **wanted: Any) -> Answer:
    """List the incidents, unresolved and severe ones first. Changes nothing.

    watchkeeper incidents list
    watchkeeper incidents list --state open --severity critical
    watchkeeper incidents show 3f2a                 the beginning of an id is enough
    """
    project = session.project()
    found = project.incidents(**wanted)
    entries = _entries(project)
    rows = [_json(one, entries[one.id]) for one in found]
    return _answer(project, items(rows), lambda screen: _list(screen, found))


@declare_below(command, "show")
@_ID
def shown(session: Session, id: str) -> Answer:
    """Show one incident: what, where, since when, its findings and what was done. Changes nothing.

    watchkeeper incidents show 3f2a90c1d7-1
    """
    project = session.project()
    return _told(project, project.incident(id))


@declare_below(command, "acknowledge")
@_ID
@click.option("--note", required=True, metavar="TEXT", help="What you are going to do.")
def acknowledged(session: Session, id: str, note: str) -> Answer:
    """Say that somebody works on an incident; writes one entry to the ledger.

    Sent twice it is one entry. An acknowledged incident still recovers by itself.

    watchkeeper incidents acknowledge 3f2a --note "asking the payments team"
    """
    project = session.project()
    return _told(project, project.acknowledge(id, note))


@declare_below(command, "resolve")
@_ID
@click.option("--as", "resolution", required=True, type=click.Choice(("confirmed", "dismissed")), help="Was it one?")
@click.option("--reason", required=True, metavar="TEXT", help="Why, for whoever reads it next year.")
def resolved(session: Session, id: str, resolution: str, reason: str) -> Answer:
    """Close an incident as a real problem or as none; writes one entry to the ledger.

    A new breach within 7 days opens a confirmed incident again. Sent twice it is one entry.

    watchkeeper incidents resolve 3f2a --as confirmed --reason "unit fixed upstream, ticket 812"
    """
    project = session.project()
    return _told(project, project.resolve(id, resolution, reason))


@declare_below(command, "assign")
@_ID
@click.argument("who", metavar="WHO")
def assigned(session: Session, id: str, who: str) -> Answer:
    """Name who works on an incident; writes one entry to the ledger.

    watchkeeper incidents assign 3f2a ana@bank.example
    """
    project = session.project()
    return _told(project, project.assign(id, who))


@declare_below(command, "comment")
@_ID
@click.argument("text", metavar="TEXT")
def commented(session: Session, id: str, text: str) -> Answer:
    """Add words to an incident; writes one entry to the ledger.

    watchkeeper incidents comment 3f2a "only batch requests, the app is fine"
    """
    project = session.project()
    return _told(project, project.comment(id, text))


@declare_below(command, "reopen")
@_ID
@click.option("--reason", required=True, metavar="TEXT", help="What makes you think so.")
def reopened(session: Session, id: str, reason: str) -> Answer:
    """Say that a resolved incident is not over; writes one entry to the ledger.

    watchkeeper incidents reopen 3f2a --reason "back since this morning"
    """
    project = session.project()
    return _told(project, project.reopen(id, reason))


def _answer(project: Project, data: Any, text: Any) -> Answer:
    return Answer(data, text, project=project.name, at=project.place.now)


def _told(project: Project, incident: Incident) -> Answer:
    entries = project.entries_of(incident.id)
    return _answer(
        project, _json(incident, [entry.seq for entry in entries]), lambda screen: _page(screen, incident, entries)
    )


def _json(incident: Incident, entries: Sequence[int]) -> dict[str, Any]:
    from watchkeeper.incidents.json import incident_json

    return incident_json(incident, entries)


def _entries(project: Project) -> Mapping[str, list[int]]:
    """Numbers of the entries about each incident."""
    found: dict[str, list[int]] = defaultdict(list)
    for entry in project.ledger().entries(kind="incident.*"):
        found[entry.subject].append(entry.seq)
    return found


def ordered(incidents: Sequence[Incident]) -> list[Incident]:
    """Unresolved first, then by severity and age."""
    from watchkeeper.terms import IncidentState

    return sorted(
        incidents, key=lambda one: (one.state is IncidentState.RESOLVED, -one.severity.rank, one.first_window, one.id)
    )


def tone(incident: Incident) -> str:
    """How an incident is painted."""
    if incident.state.value == "resolved":
        return "quiet"
    return "breach" if incident.severity.value == "critical" else "warning"


def _list(screen: Screen, incidents: Sequence[Incident]) -> str:
    """Two lines an incident: what it is called, and what it says."""
    return "\n".join(_lines(screen, one) for one in ordered(incidents)) or "no incidents"


def _lines(screen: Screen, one: Incident) -> str:
    owner = f"  {one.owner}" if one.owner else ""
    head = f"{one.id}  {one.severity.value:8}  {_state(one)}{owner}"
    return f"{screen.paint(head, tone(one))}\n{screen.wrapped(one.title, indent='    ')}"


def _state(incident: Incident) -> str:
    return incident.state.value if incident.resolution is None else incident.resolution.value


def _page(screen: Screen, incident: Incident, entries: Sequence[Entry]) -> str:
    from watchkeeper.charts import numbers

    sentence = next((e.body["sentence"] for e in reversed(entries) if e.body.get("sentence")), incident.title)
    facts = [
        ("state", f"{incident.severity.value}, {incident.state.value}" + _resolution(incident)),
        ("cause", f"{incident.cause} of {incident.model}"),
        ("first seen", numbers.minute(incident.first_window.start)),
        ("last seen", numbers.minute(incident.last_window.start)),
        ("opened", numbers.minute(incident.opened_at)),
        ("owner", incident.owner or "nobody"),
        *((("with it", ", ".join(_suspect(one) for one in incident.suspects)),) if incident.suspects else ()),
        *((("followed by", ", ".join(incident.consequences)),) if incident.consequences else ()),
    ]
    head = [screen.paint(incident.id, "strong"), screen.wrapped(sentence), ""]
    body = [screen.wrapped(f"{name:12}{value}", indent=" " * 12, first="") for name, value in facts]
    return "\n".join([*head, *body, "", _findings(screen, incident), "", *_history(screen, entries)])


def _resolution(incident: Incident) -> str:
    return f" as {incident.resolution.value}" if incident.resolution is not None else ""


def _suspect(suspect: tuple[str, float]) -> str:
    from watchkeeper.charts import numbers

    return f"{suspect[0]} ({numbers.percent(suspect[1])} of the effect)"


_SHOWN = 8


def _findings(screen: Screen, incident: Incident) -> str:
    strongest = sorted(incident.findings, key=lambda finding: -finding.effect)
    columns = [
        Column("BEYOND ITS LIMIT", flex=True),
        Column("VALUE", right=True),
        Column("BASELINE", right=True),
        Column("LIMIT", right=True),
        Column("SINCE"),
        Column("WHERE", flex=True),
    ]
    text = table(screen, columns, [_finding(one) for one in strongest[:_SHOWN]])
    more = len(strongest) - _SHOWN
    return text + (f"\n{counted(more, 'more finding')}; --json has all" if more > 0 else "")


def _finding(finding: Finding) -> list[str]:
    from watchkeeper.charts import numbers
    from watchkeeper.surfaces.cli.words import place, quantity

    point = finding.point
    return [
        quantity(point.metric, point.column),
        numbers.number(finding.value),
        numbers.number(finding.baseline_value),
        numbers.number(finding.limit),
        numbers.day(finding.first.start),
        place(point.model_version, point.segment.key, point.segment.value),
    ]


def _history(screen: Screen, entries: Sequence[Entry]) -> list[str]:
    from watchkeeper.charts import numbers

    lines = []
    for entry in entries:
        words = entry.kind.partition(".")[2].replace("_", " ")
        said = next((str(entry.body[k]) for k in ("note", "reason", "text", "owner") if entry.body.get(k)), "")
        line = f"{numbers.minute(entry.at):24}{words} by {entry.actor}" + (f": {said}" if said else "")
        lines.append(screen.wrapped(line, indent=" " * 24, first=""))
    return lines
