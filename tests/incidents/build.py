"""Builders of verdict tables, findings and ledgers: what is special stands in the test, the rest here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from watchkeeper import schemas
from watchkeeper.incidents.cause import Context
from watchkeeper.incidents.draft import Draft
from watchkeeper.incidents.lifecycle import advance
from watchkeeper.incidents.project import fold
from watchkeeper.terms import Entry, Finding, Incident, PointKey, Segment, Severity, Window

DAY = timedelta(days=1)
START = datetime(2026, 2, 2, tzinfo=UTC)  # a Monday
FEATURES = ("age", "annual_income", "debt", "region")
CONTEXT = Context(FEATURES)
ALL = ("", "")
NORTH, SOUTH, EAST = ("region", "North"), ("region", "South"), ("region", "East")

_OUTCOMES = {".": "ok", "w": "warning", "B": "breach", "-": "not_judged", "l": "not_judged"}
_WHY = {".": "within_limits", "w": "beyond_noise", "B": "beyond_noise", "-": "no_value", "l": "labels_immature"}
_EFFECTS = {"ok": 0.1, "warning": 1.5, "breach": 2.0, "not_judged": None}


def window(index: int, days: int = 1) -> Window:
    """The window that starts ``index`` days after the start."""
    return Window(START + index * DAY, START + (index + days) * DAY)


def series(
    outcomes: str,
    column: str = "age",
    metric: str = "mean@1",
    *,
    segment: tuple[str, str] = ALL,
    version: str = "*",
    days: int = 1,
    from_day: int = 0,
    effect: float | None = None,
    value: float = 3.0,
    severity: str = "warning",
    rule: str = "change@1",
    monitor: str = "credit",
    seq: int = 1,
) -> list[dict[str, Any]]:
    """Verdicts of one series, a letter a window: ``.`` ok, ``w`` warning, ``B`` breach, ``-`` not judged,
    ``l`` not yet judged since its labels are to come.

    The evidence of a breach are the windows marked w or B among the last three.
    """
    windows = [window(from_day + i * days, days) for i in range(len(outcomes))]
    return [
        {
            "rule": rule,
            "monitor": monitor,
            "metric": metric,
            "column": column,
            "model_version": version,
            "segment_key": segment[0],
            "segment_value": segment[1],
            "window_start": windows[i].start,
            "window_end": windows[i].end,
            "baseline": "fixed",
            "monitor_version": "m1",
            "outcome": _OUTCOMES[letter],
            "severity": severity,
            "why": _WHY[letter],
            "value": value,
            "limit": 0.5,
            "effect": effect if effect is not None and letter in "wB" else _EFFECTS[_OUTCOMES[letter]],
            "guarantee": "G2",
            "evidence": [
                windows[j].start for j in range(max(0, i - 2), i + 1) if outcomes[j] in "wB" and letter == "B"
            ],
            "seq": seq,
        }
        for i, letter in enumerate(outcomes)
    ]


def verdicts(*parts: Iterable[dict[str, Any]], until: int | None = None) -> pa.Table:
    """One table of several series, cut to the windows that ended within the first ``until`` days."""
    rows = [row for part in parts for row in part]
    kept = [row for row in rows if until is None or row["window_end"] <= START + until * DAY]
    return pa.Table.from_pylist(kept, schema=schemas.VERDICTS)


def point(
    column: str = "age",
    metric: str = "mean@1",
    *,
    day: int = 0,
    baseline_value: float = 1.0,
    sd: float | None = None,
    **key: Any,
) -> dict[str, Any]:
    """A point with what it is compared with; its baseline has 10,000 rows."""
    segment = key.get("segment", ALL)
    return {
        "monitor": "credit",
        "metric": metric,
        "column": column,
        "model_version": key.get("version", "*"),
        "segment_key": segment[0],
        "segment_value": segment[1],
        "window_start": window(day).start,
        "window_end": window(day).end,
        "baseline": "fixed",
        "monitor_version": "m1",
        "value": 3.0,
        "baseline_value": baseline_value,
        "status": "ok",
        "reason": "",
        "n": 1000,
        "n_eff": 1000.0,
        "baseline_n": 10_000.0,
        "baseline_se": None if sd is None else sd / 100,
        "level": 0.95,
        "method": "",
        "guarantee": "G2",
        "open": False,
        "partial": False,
        "seq": 1,
    }


def points(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=schemas.POINTS)


def finding(
    column: str = "age",
    metric: str = "mean@1",
    *,
    segment: tuple[str, str] = ALL,
    version: str = "*",
    first: int = 0,
    last: int | None = None,
    days: int = 1,
    effect: float = 2.0,
    value: float | None = 3.0,
    baseline_value: float | None = 1.0,
    limit: float | None = 0.5,
    severity: Severity = Severity.WARNING,
) -> Finding:
    """A finding over the windows ``first`` to ``last``."""
    span = range(first, (first if last is None else last) + 1, days)
    evidence = tuple(window(i, days) for i in span)
    key = PointKey("credit", metric, column, version, Segment(*segment), evidence[-1], "fixed")
    return Finding("change@1", key, evidence[0], evidence[-1], value, baseline_value, limit, severity, effect, evidence)


class Ledger:
    """A ledger in memory that refuses a key twice, and runs that write into it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    @property
    def keys(self) -> set[str]:
        return {entry.key for entry in self.entries}

    @property
    def incidents(self) -> list[Incident]:
        return fold(self.entries)

    @property
    def kinds(self) -> list[str]:
        return [entry.kind.removeprefix("incident.") for entry in self.entries]

    def run(
        self, table: pa.Table, *, day: float, context: Context = CONTEXT, known: bool = True, **given: Any
    ) -> list[Draft]:
        """One run at noon of a day, which appends what it drafts."""
        at = START + day * DAY + timedelta(hours=12)
        drafts = advance(
            table,
            self.incidents,
            project="bank",
            model="credit",
            monitor="credit",
            context=context,
            now=at,
            told=self.keys if known else frozenset(),
            **given,
        )
        self.append(drafts, at)
        return drafts

    def act(self, draft: Draft, *, day: float) -> None:
        """What a person did at noon of a day."""
        self.append([draft], START + day * DAY + timedelta(hours=12), actor_kind="person")

    def append(self, drafts: Sequence[Draft], at: datetime, actor_kind: str = "run") -> None:
        for draft in drafts:
            if draft.key not in self.keys:
                number = len(self.entries) + 1
                self.entries.append(
                    Entry(number, at, "someone", actor_kind, draft.kind, draft.subject, draft.key, draft.body)
                )
