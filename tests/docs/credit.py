"""The project that how-to guides speak of: 36 days of credit scores, labels that come a week later, one monitor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2026, 9, 7, tzinfo=UTC)
DAYS, ROWS_A_DAY, CHANGED_ON, LABELLED_AFTER = 36, 120, 26, timedelta(days=7)
NOW = "2026-10-13T06:00:00Z"
"""Six hours into the day after the last."""
MONITOR = """\
source: data/predictions.parquet
columns: {id: request_id, time: predicted_at, score: score}
baseline: {first: 14 days}
"""


def build(folder: Path) -> None:
    """Write the project into a folder: from 3 October on, incomes are monthly instead of yearly."""
    (folder / "monitors").mkdir()
    (folder / "data").mkdir()
    (folder / "monitors" / "credit_score.yaml").write_text(MONITOR, encoding="utf-8")
    rows = predictions()
    pq.write_table(rows, folder / "data" / "predictions.parquet")
    pq.write_table(repayments(rows), folder / "data" / "repayments.parquet")
    pq.write_table(rows.slice(0, 14 * ROWS_A_DAY).drop_columns(["predicted_at"]), folder / "data" / "training.parquet")


def predictions() -> pa.Table:
    """One row for each prediction, in the order of time."""
    rng = np.random.default_rng(3)
    size = DAYS * ROWS_A_DAY
    day = np.arange(size) // ROWS_A_DAY
    income = rng.lognormal(10.5, 0.4, size)
    return pa.table(
        {
            "request_id": [f"r{i}" for i in range(size)],
            "predicted_at": [
                START + timedelta(days=int(d), seconds=int(s)) for d, s in zip(day, _seconds(rng), strict=True)
            ],
            "income": np.round(np.where(day >= CHANGED_ON, income / 12, income), 2),
            "age": rng.integers(18, 80, size),
            "region": rng.choice(["north", "south"], size),
            "score": np.round(rng.beta(2, 5, size), 4),
        }
    )


def _seconds(rng: np.random.Generator) -> list[int]:
    return np.sort(rng.integers(0, 86_400, (DAYS, ROWS_A_DAY)), axis=1).ravel().tolist()


def repayments(rows: pa.Table) -> pa.Table:
    """Who did not pay back, as known at the end of the story."""
    end = START + timedelta(days=DAYS)
    chance = np.random.default_rng(4).random(rows.num_rows)
    known = [at + LABELLED_AFTER for at in rows["predicted_at"].to_pylist()]
    found = {
        "request_id": rows["request_id"],
        "defaulted": (chance < rows["score"].to_numpy()).astype(int),
        "updated_at": known,
    }
    return pa.table(found).filter(pa.array([at < end for at in known]))
