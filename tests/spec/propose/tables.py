"""Small logs for proposals: eight weeks of a bank's decisions, with whatever else a test wants to see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper.spec.propose.proposal import Look, Proposal, propose

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS, A_DAY = 56, 250
ROWS = DAYS * A_DAY
NOW = START + timedelta(days=DAYS, hours=2)
TIME = pa.timestamp("us", "UTC")


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def times(rows: int = ROWS, a_day: int = A_DAY) -> pa.Array:
    """Steady times in order."""
    step = 86_400_000_000 // a_day
    first = int(START.timestamp() * 1_000_000)
    return pa.array(first + np.arange(rows) * step + 1_000_000, pa.int64()).cast(TIME)


def log(**more: Any) -> pa.Table:
    """An id, a time, features, a score that is calibrated on the label, and a decision cut from it at 0.3."""
    draw = rng()
    score = draw.beta(2, 5, ROWS)
    columns = {
        "loan": [f"L{i:06d}-{i * 7919 % 10_007:05d}" for i in range(ROWS)],
        "made": more.pop("made", times()),
        "income": draw.lognormal(10, 0.5, ROWS),
        "age": draw.integers(18, 80, ROWS),
        "region": draw.choice(["north", "south", "west"], ROWS),
        **more,
        "risk": score,
        "declined": (score >= 0.3).astype(int),
        "defaulted": (draw.random(ROWS) < score).astype(int),
    }
    return pa.table(columns)


def look(table: pa.Table, **more: Any) -> Look:
    """A look at a whole table, its timestamps read as such."""
    stamps = {f.name: table[f.name].combine_chunks().cast(TIME) for f in table.schema if pa.types.is_timestamp(f.type)}
    return Look("data/log", table, stamps, table.num_rows, **more)


def proposal(table: pa.Table, now: datetime = NOW, **more: Any) -> Proposal:
    return propose(look(table), "log", now, **more)


def reasons(found: Proposal) -> dict[str, str]:
    """Why each column that is left out is."""
    return {one.column: one.reason for one in found.left_out}
