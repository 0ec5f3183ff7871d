"""DuckDB: SUMMARIZE of every day, and histograms of all days in one GROUP BY, on cells of equal count in the baseline.

SUMMARIZE takes no GROUP BY, so it is asked once a day. NaN and infinities are put aside by hand, because one of them
makes a mean NaN. Categories are counted in full.
"""

from pathlib import Path

import duckdb
from common import BASELINE_DAYS, CELLS, NUMBERS, WORDS, all_distances, run


def work(days: list[Path]) -> dict[str, int]:
    found = day_distances(days)
    with duckdb.connect() as base:
        rows = sum(len(base.execute(f"SUMMARIZE SELECT {_finite()} FROM '{day}'").fetchall()) for day in days)
    return {"windows": len(days), "profiles": rows, "distances": len(found)}


def day_distances(days: list[Path]) -> dict[tuple[int, str], tuple[float, ...]]:
    with duckdb.connect() as base:
        edges = _edges(base, days[:BASELINE_DAYS])
        wanted = [f"histogram({name}, {edge})" for name, edge in zip(NUMBERS, edges, strict=True)]
        wanted += [f"histogram({name})" for name in WORDS]
        rows = base.execute(
            f"SELECT date_trunc('day', \"at\" AT TIME ZONE 'UTC') AS day, {', '.join(wanted)} "
            f"FROM (SELECT {_finite()} FROM {_files(days)}) GROUP BY day ORDER BY day"
        ).fetchall()
    return all_distances([dict(zip([*NUMBERS, *WORDS], row[1:], strict=True)) for row in rows])


def _edges(base: duckdb.DuckDBPyConnection, days: list[Path]) -> list[list[float]]:
    shares = [i / CELLS for i in range(1, CELLS)]
    wanted = ", ".join(f"approx_quantile({name}, {shares})" for name in NUMBERS)
    row = base.execute(f"SELECT {wanted} FROM (SELECT {_finite()} FROM {_files(days)})").fetchone()
    return [sorted(set(edges)) for edges in row or ()]


def _finite() -> str:
    numbers = [f"CASE WHEN isfinite({name}) THEN {name} END AS {name}" for name in NUMBERS]
    return ", ".join([*numbers, *WORDS, '"at"'])


def _files(days: list[Path]) -> str:
    return f"read_parquet({[str(day) for day in days]})"


if __name__ == "__main__":
    run("duckdb", work)
