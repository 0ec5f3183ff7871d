"""Stored points and verdicts → one drawable series per key."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.charts.series import Dot
from watchkeeper.schemas import SERIES_KEY
from watchkeeper.terms import ALL_ROWS, ANY_VERSION, Maturity, Outcome, PointKey, Window


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


def drawn(
    points: pa.Table, verdicts: pa.Table, history: pa.Table, wanted: Collection[PointKey] = ()
) -> dict[Key, Drawn]:
    """The series of a monitor that a page shows, windows in order.

    Those over all rows, the rows of each version, and the series of the ``wanted`` points.
    """
    points, verdicts, history = (_shown(table, wanted) for table in (points, verdicts, history))
    said = {(_key(row), row["window_start"]): row for row in _rows(verdicts, ("outcome", "limit", "effect"))}
    former = _former(history)
    rows: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(points.sort_by("window_start"), _DRAWN):
        rows[_key(row)].append(row)
    return {key: _series(key, own, said, former) for key, own in rows.items()}


_DRAWN = ("value", "baseline_value", "low", "high", "noise_floor", "open", "maturity")


def _rows(table: pa.Table, columns: Sequence[str]) -> list[dict[str, Any]]:
    named: list[dict[str, Any]] = table.select([*SERIES_KEY, "window_start", "window_end", *columns]).to_pylist()
    return named


def _shown(table: pa.Table, wanted: Collection[PointKey]) -> pa.Table:
    """A page draws a small part of what is stored, and reading rows one by one is slow: leave out the rest first."""
    every = pc.equal(table["segment_key"], ALL_ROWS)
    broad = pc.and_(every, pc.equal(table["model_version"], ANY_VERSION))
    served = pc.and_(every, pc.starts_with(table["metric"], "row_count@"))
    asked = pc.is_in(_named(*(table[name] for name in SERIES_KEY)), pa.array(_names(wanted), pa.string()))
    return table.filter(pc.or_(pc.or_(broad, served), asked))


def _names(wanted: Collection[PointKey]) -> list[str]:
    return [
        _MARK.join((p.metric, p.column, p.model_version, p.segment.key, p.segment.value, p.baseline)) for p in wanted
    ]


def _named(*columns: Any) -> Any:
    return pc.binary_join_element_wise(*columns, _MARK)


_MARK = "\x1f"


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
    for row in _rows(history.sort_by("seq"), ("value", "open", "maturity")):
        place = (_key(row), row["window_start"])
        before = last.get(place)
        if before is not None and _was_final(before) and _moved(before["value"], row["value"]):
            found[place] = before["value"]
        last[place] = row
    return found


def _was_final(row: dict[str, Any]) -> bool:
    """A window still open, or waiting for labels, was expected to change."""
    return not row["open"] and row["maturity"] != Maturity.DEVELOPING


def _moved(before: float | None, now: float | None) -> bool:
    if before is None or now is None:
        return False
    return not math.isclose(before, now, rel_tol=1e-9, abs_tol=1e-12)
