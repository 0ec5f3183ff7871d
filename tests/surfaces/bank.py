"""A small bank: 36 days of predictions in Parquet, one of whose columns changes on day 26."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2026, 9, 7, tzinfo=UTC)
DAYS, ROWS_A_DAY, CHANGED_ON = 36, 160, 26
NOW = "2026-10-13T02:00:00Z"
"""Two hours after the last day."""
REGIONS = ("north", "south")

MONITOR = """\
source:
  table: data/predictions
  since: 60 days
task: binary
columns: {id: id, time: at, score: score, decision: {threshold: 0.5}}
segments: [region]
baseline: {first: 14 days}
"""


def predictions() -> pa.Table:
    rng = np.random.default_rng(3)
    size = DAYS * ROWS_A_DAY
    day = np.arange(size) // ROWS_A_DAY
    income = rng.lognormal(10.5, 0.4, size) * np.where(day >= CHANGED_ON, 12.0, 1.0)
    seconds = rng.integers(0, 86_000, size)
    at = [START + timedelta(days=int(d), seconds=int(s)) for d, s in zip(day, seconds, strict=True)]
    return pa.table(
        {
            "id": [f"r{i}" for i in range(size)],
            "at": pa.array(at, pa.timestamp("us", "UTC")),
            "income": income,
            "age": rng.integers(18, 80, size),
            "region": pa.array(rng.choice(REGIONS, size)),
            "score": rng.beta(2, 5, size),
        }
    )


def build(folder: Path) -> Path:
    (folder / "monitors").mkdir(parents=True)
    (folder / "data" / "predictions").mkdir(parents=True)
    (folder / "watchkeeper.yaml").write_text("project: small-bank\n")
    (folder / "monitors" / "credit.yaml").write_text(MONITOR)
    pq.write_table(predictions(), folder / "data" / "predictions" / "part-0.parquet")
    return folder
