"""Stored points and verdicts → one drawable series per key."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pyarrow as pa

from watchkeeper.charts.series import Dot
from watchkeeper.terms import ANY_VERSION, Maturity, Outcome, Window


class Key(NamedTuple):
    """What names a drawn series; ``length`` tells single windows from merged ones."""

    metric: str
    column: str
    model_version: str
    segment_key: str
    segment_value: str
    baseline: str
    length: timedelta

    @property
    def name(self) -> str:
        return self.metric.partition("@")[0]

    @property
    def options(self) -> str:
        """What stands in the brackets of the identity, such as ``p=0.95``."""
        return self.metric.partition("(")[2].rstrip(")")

    @property
    def is_broad(self) -> bool:
        """All rows of all versions."""
        return self.model_version == ANY_VERSION and not self.segment_key


@dataclass(frozen=True, slots=True)
class Drawn:
    """A series with what its rule said of it."""

    key: Key
    dots: Sequence[Dot]
    baseline: float | None
    effect: float

    @property
    def worst(self) -> Outcome:
        """The worst outcome of its last three judged windows."""
        judged = [dot.outcome for dot in self.dots if dot.outcome is not Outcome.NOT_JUDGED][-3:]
        return max(judged, key=_RANK.index, default=Outcome.NOT_JUDGED)

    @property
    def has_values(self) -> bool:
        return any(dot.value is not None for dot in self.dots)


_RANK = [Outcome.NOT_JUDGED, Outcome.OK, Outcome.WARNING, Outcome.BREACH]


def drawn(points: pa.Table, verdicts: pa.Table, history: pa.Table) -> dict[Key, Drawn]:
    """All series of a monitor, windows in order."""
    said = {(_key(row), row["window_start"]): row for row in verdicts.to_pylist()}
    former = _former(history)
    rows: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for row in points.sort_by("window_start").to_pylist():
        rows[_key(row)].append(row)
    return {key: _series(key, own, said, former) for key, own in rows.items()}


def _key(row: dict[str, Any]) -> Key:
    return Key(
        row["metric"],
        row["column"],
        row["model_version"],
        row["segment_key"],
        row["segment_value"],
        row["baseline"],
        row["window_end"] - row["window_start"],
    )


_Said = dict[tuple[Key, datetime], dict[str, Any]]
_Former = dict[tuple[Key, datetime], float]


def _series(key: Key, rows: list[dict[str, Any]], said: _Said, former: _Former) -> Drawn:
    dots = [_dot(row, said.get((key, row["window_start"])), former.get((key, row["window_start"]))) for row in rows]
    baselines = [row["baseline_value"] for row in rows if row["baseline_value"] is not None]
    effects = [v["effect"] for row in rows if (v := said.get((key, row["window_start"]))) and v["effect"] is not None]
    return Drawn(key, dots, baselines[-1] if baselines else None, max(effects, default=0.0))


def _dot(row: dict[str, Any], verdict: dict[str, Any] | None, former: float | None) -> Dot:
    return Dot(
        Window(row["window_start"], row["window_end"]),
        _number(row["value"]),
        _number(row["low"]),
        _number(row["high"]),
        _number(verdict["limit"]) if verdict else None,
        _number(row["noise_floor"]),
        Outcome(verdict["outcome"]) if verdict else Outcome.NOT_JUDGED,
        row["open"],
        Maturity(row["maturity"]) if row["maturity"] else None,
        former,
    )


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def _former(history: pa.Table) -> _Former:
    """The last value of a final window before its current one, where the two differ."""
    last: dict[tuple[Key, datetime], dict[str, Any]] = {}
    found: _Former = {}
    for row in history.sort_by("seq").to_pylist():
        place = (_key(row), row["window_start"])
        before = last.get(place)
        if before is not None and not before["open"] and _moved(before["value"], row["value"]):
            found[place] = before["value"]
        last[place] = row
    return found


def _moved(before: float | None, now: float | None) -> bool:
    if before is None or now is None:
        return False
    return not math.isclose(before, now, rel_tol=1e-9, abs_tol=1e-12)
