"""The table of the speed measurement: 34 columns and a weight, a file a day, as Parquet and as Delta."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake
from numpy.typing import NDArray

START, DAYS = datetime(2026, 1, 1, tzinfo=UTC), 30
NUMBERS = tuple(f"x{i:02}" for i in range(20))
WORDS = {f"c{i}": size for i, size in enumerate((5, 8, 10, 20, 50, 100, 200, 500, 1_000, 5_000))}
SEGMENTS = tuple(list(WORDS)[:2])
COLUMNS = (*NUMBERS, *WORDS, "at", "score", "label", "version", "weight")
GROUP_ROWS = 122_880
KINDS = ("zstd", "snappy", "delta")
_SEED, _NULLS, _DAY = 20261124, 0.02, 86_400_000_000


def make(folder: Path, rows: int, kind: str) -> Path:
    """The table of so many rows below a folder; what is there already is kept.

    Args:
        kind: ``zstd`` or ``snappy`` Parquet files, or ``delta``: a Delta table that names deletion vectors in its
            protocol (none are written), whose rows therefore come through ``DeltaTable.scan``.
    """
    place = folder / f"{rows}-{kind}"
    done = place.with_suffix(".done")
    if not done.exists():
        for number in range(DAYS):
            _write(place, kind, number, _day(number, rows // DAYS + (number < rows % DAYS)))
        done.touch()
    return place


def _write(place: Path, kind: str, number: int, rows: pa.Table) -> None:
    if kind == "delta":
        write_deltalake(place, rows, mode="append", configuration={"delta.enableDeletionVectors": "true"})
        return
    place.mkdir(parents=True, exist_ok=True)
    day = (START + timedelta(days=number)).date()
    pq.write_table(rows, place / f"{day}.parquet", compression=kind, row_group_size=GROUP_ROWS)


def first_day() -> date:
    return START.date()


def _day(number: int, size: int) -> pa.Table:
    """Rows of one day in no order of time; every fifth word is rare, two columns hold NaN and infinities."""
    rng = np.random.default_rng([_SEED, number])
    columns = {name: _number(rng, i, number, size) for i, name in enumerate(NUMBERS)}
    columns |= {name: _word(rng, i, values, size) for i, (name, values) in enumerate(WORDS.items())}
    start = int(START.timestamp()) * 1_000_000 + number * _DAY
    score = rng.beta(2, 5, size)
    columns["at"] = pa.array(start + rng.integers(0, _DAY, size)).cast(pa.timestamp("us", "UTC"))
    columns["score"] = pa.array(score)
    columns["label"] = pa.array((rng.random(size) < score).astype(np.int64), mask=rng.random(size) < _NULLS)
    columns["version"] = pa.array(["v1", "v2"]).take(pa.array((rng.random(size) < 0.4).astype(np.int32)))
    columns["weight"] = pa.array(1.0 + (rng.random(size) < 0.5))
    return pa.table({name: columns[name] for name in COLUMNS})


def _number(rng: np.random.Generator, i: int, day: int, size: int) -> pa.Array:
    values = _DRAWN[i % len(_DRAWN)](rng, size)
    if i in (3, 13) and day == DAYS - 3:
        values = values * 1000
    if i in (4, 14):
        values[rng.random(size) < 0.001] = np.nan
        values[rng.random(size) < 0.001] = np.inf
        values[rng.random(size) < 0.001] = -np.inf
    return pa.array(values, mask=rng.random(size) < _NULLS if i % 2 else None)


_DRAWN = (
    lambda rng, size: rng.normal(0, 1, size),
    lambda rng, size: rng.lognormal(10, 0.5, size),
    lambda rng, size: rng.normal(2000, 10, size),
    lambda rng, size: np.where(rng.random(size) < 0.4, 0.0, rng.gamma(2, 100, size)),
    lambda rng, size: np.round(rng.exponential(50, size), 2),
)


def _word(rng: np.random.Generator, i: int, values: int, size: int) -> pa.Array:
    codes: NDArray[np.int32] = np.minimum(rng.exponential(values / 4, size), values - 1).astype(np.int32)
    words = pa.array([f"value {number:05}" for number in range(values)])
    return words.take(pa.array(codes, mask=rng.random(size) < _NULLS if i % 2 else None))
