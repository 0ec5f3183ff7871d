"""A small monitor, made up: three weeks of days, a column that changed, an incident about it."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from watchkeeper import schemas
from watchkeeper.surfaces.report.model import Watched
from watchkeeper.surfaces.report.page import render
from watchkeeper.surfaces.report.visible import Visible
from watchkeeper.terms import (
    Finding,
    Incident,
    IncidentState,
    PointKey,
    Resolution,
    Role,
    Segment,
    Severity,
    Window,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS, CHANGED_ON, LEARNED = 21, 17, 14
NOW = START + timedelta(days=DAYS, hours=2)


def day(index: int, days: int = 1) -> Window:
    return Window(START + timedelta(days=index), START + timedelta(days=index + days))


@dataclass(frozen=True)
class Line:
    """One series; from the day of the change on it stands at ``after``."""

    metric: str
    column: str
    before: float
    after: float
    version: str = "*"
    segment: tuple[str, str] = ("", "")
    baseline: str = "fixed"

    def value(self, index: int) -> float:
        return self.after if index >= CHANGED_ON else self.before * (1 + 0.01 * (index % 3))


def lines(column: str = "income", segment: tuple[str, str] = ("region", "south")) -> list[Line]:
    return [
        Line("row_count@1", "", 1000.0, 1010.0),
        Line("row_count@1", "", 1000.0, 1010.0, version="v1"),
        Line("mean@1", column, 40.0, 60.0),
        Line("mean@1", column, 41.0, 66.0, segment=segment),
        Line("null_share@1", column, 0.01, 0.01),
        Line("mean@1", "age", 43.0, 43.1),
        Line("mean@1", "score", 0.20, 0.20),
        Line("roc_auc@1", "score", 0.80, 0.79),
        Line("quantile@1(p=0.95)", "latency_ms", 80.0, 82.0),
    ]


def points(told: Sequence[Line]) -> pa.Table:
    rows = [_point(line, i) for line in told for i in range(DAYS)]
    return pa.Table.from_pylist(rows, schema=schemas.POINTS)


def verdicts(told: Sequence[Line]) -> pa.Table:
    rows = [_verdict(line, i) for line in told for i in range(LEARNED, DAYS)]
    return pa.Table.from_pylist(rows, schema=schemas.VERDICTS)


def _key(line: Line, index: int) -> dict[str, Any]:
    window = day(index)
    return {
        "monitor": "credit",
        "metric": line.metric,
        "column": line.column,
        "model_version": line.version,
        "segment_key": line.segment[0],
        "segment_value": line.segment[1],
        "window_start": window.start,
        "window_end": window.end,
        "baseline": line.baseline,
        "monitor_version": "m1",
    }


def _point(line: Line, index: int) -> dict[str, Any]:
    value = line.value(index)
    return {
        **_key(line, index),
        "value": value,
        "baseline_value": line.before,
        "status": "ok",
        "reason": "",
        "n": 1000,
        "n_eff": 1000.0,
        "low": value * 0.95,
        "high": value * 1.05,
        "level": 0.95,
        "method": "normal",
        "guarantee": "G1",
        "open": index == DAYS - 1,
        "partial": False,
        "seq": 1,
    }


def _verdict(line: Line, index: int) -> dict[str, Any]:
    beyond = line.after > line.before * 1.2 and index >= CHANGED_ON
    return {
        **_key(line, index),
        "rule": "change@1",
        "outcome": "breach" if beyond else "ok",
        "severity": "warning",
        "why": "above_limit" if beyond else "within_limits",
        "value": line.value(index),
        "limit": line.before * 1.1,
        "effect": 2.0 if beyond else 0.2,
        "guarantee": "G1",
        "seq": 1,
    }


def incident(line: Line, cause: str) -> Incident:
    key = PointKey(
        "credit", line.metric, line.column, line.version, Segment(*line.segment), day(DAYS - 2), line.baseline
    )
    finding = Finding(
        "change@1", key, day(CHANGED_ON), day(DAYS - 2), line.after, line.before, line.before * 1.1, effect=2
    )
    return Incident(
        id="c1a9f2-1",
        fingerprint="c1a9f2",
        episode=1,
        model="credit_score",
        monitor="credit",
        cause=cause,
        severity=Severity.WARNING,
        state=IncidentState.OPEN,
        resolution=None,
        title=f"{line.column} moved up",
        opened_at=NOW,
        changed_at=NOW,
        first_window=day(CHANGED_ON),
        last_window=day(DAYS - 2),
        findings=(finding,),
    )


def watched(column: str = "income", segment: tuple[str, str] = ("region", "south")) -> Watched:
    told = lines(column, segment)
    one = incident(told[2], f"column:{column}")
    return Watched(
        monitor="credit",
        model="credit_score",
        state="warning",
        roles={column: Role.FEATURE, "age": Role.FEATURE, "score": Role.SCORE, "latency_ms": Role.SERVICE},
        points=points(told),
        verdicts=verdicts(told),
        history=points(told),
        incidents=[one],
        units={"null_share": "share", "row_count": "rows"},
        sentences={one.id: f"{column} moved up by 0.5 sd since 19 Mar; 1 of 2 columns changed."},
        baseline_span=day(0, LEARNED),
        now=NOW,
        visible={
            ("mean@1", column, "*", "", "", "fixed"): Visible(37.5, 42.0, 40.0),
            ("null_share@1", column, "*", "", "", "fixed"): Visible(None, 0.034, 0.01),
            ("roc_auc@1", "score", "*", "", "", "fixed"): Visible(0.77, None, 0.80),
        },
    )


def resolved(one: Incident) -> Incident:
    return replace(one, state=IncidentState.RESOLVED, resolution=Resolution.RECOVERED)


def page(*told: Watched, project: str = "small-bank") -> str:
    return render(project, told, "Made by watchkeeper from entry 3 of the ledger.", NOW)


def words(text: str) -> str:
    """What a reader of the page reads: without tags, styles and pictures."""
    text = re.sub(r"<(style|svg)\b.*?</\1>", "", text, flags=re.DOTALL)
    text = re.sub(r"</(p|h1|h2|h3|li|td|th|summary|caption|span|b|div)>", "\n", text)
    read = [" ".join(line.split()) for line in html.unescape(re.sub(r"<[^>]+>", "", text)).splitlines()]
    return "\n".join(line for line in read if line) + "\n"
