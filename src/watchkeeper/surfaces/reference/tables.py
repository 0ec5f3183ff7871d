"""The page of the tables and of the words that stand in them."""

from __future__ import annotations

import re

import pyarrow as pa

from watchkeeper import schemas, terms
from watchkeeper.surfaces.reference.markdown import code, table
from watchkeeper.terms import IncidentState, Maturity, Outcome, ParseStatus, Resolution, Status, Why

_HEAD = """\
Analytic tables are Delta tables in the store (`.watchkeeper` beside `monitors/` by default), one folder each; any
reader of Delta can read them. Times are `timestamp[us, UTC]`. A column marked *needed* is never null. What people do
and what was decided stands in the [ledger](../explanation/ledger.md), a SQL database.

A state is never overwritten silently: of points and verdicts with equal keys, the one of the highest `seq` is
current, and the older ones stay (`watchkeeper points --history`)."""

_TABLES = {
    "events": (
        schemas.events(pa.struct([("amount", pa.float64())]), pa.struct([("reason", pa.string())])),
        "one row is one prediction of a payload log; tables of rows are read in place",
    ),
    "annotations": (schemas.ANNOTATIONS, "labels as they arrived"),
    "grids": (schemas.GRIDS, "the bins that columns are counted on, frozen with the baseline"),
    "statistics": (schemas.STATISTICS, "what was counted, one row per window, version, segment value, column and kind"),
    "points": (schemas.POINTS, "one number with its interval"),
    "verdicts": (schemas.VERDICTS, "what a rule says of a point"),
}
_WORDS = {
    "parse_status": ParseStatus,
    "status": Status,
    "outcome": Outcome,
    "why": Why,
    "guarantee": terms.Guarantee,
    "maturity": Maturity,
    "state of an incident": IncidentState,
    "resolution of an incident": Resolution,
}
_OPEN = {"inputs": "struct of the features", "outputs": "struct of what else the model returned"}


def page() -> str:
    parts = [_HEAD]
    for name, (schema, about) in _TABLES.items():
        rows = [_row(name, field) for field in schema]
        parts.append(
            f"## {name}\n\n{about[:1].upper() + about[1:]}.\n\n{table(['column', 'type', '', 'meaning'], rows)}"
        )
    parts.append("## The words")
    for title, kind in _WORDS.items():
        words = [(code(word), about) for word, about in terms.ABOUT[kind].items()]
        parts.append(f"### {title}\n\n{table(['word', 'meaning'], words)}")
    return "\n\n".join(parts)


def _row(name: str, field: pa.Field) -> tuple[str, str, str, str]:
    said = _OPEN.get(field.name, code(named(field.type)))
    return code(field.name), said, "" if field.nullable else "needed", schemas.ABOUT[name][field.name]


def named(type_: pa.DataType) -> str:
    """A type in a few words; a struct is named, its fields are not."""
    text = re.sub(r"struct<.*>(?=>|$)", "struct", str(type_))
    return re.sub(r"list<element: (\w+)>", r"list<\1>", text)
