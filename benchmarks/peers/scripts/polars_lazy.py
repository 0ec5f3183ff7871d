"""Polars: one lazy plan for the statistics of every day, one for the cells of every column, on the streaming engine.

NaN and infinities are put aside by hand. Quantiles are exact, numbers of distinct values are estimates.
"""

from pathlib import Path

import polars as pl
from common import BASELINE_DAYS, CELLS, NUMBERS, WORDS, all_distances, run


def work(days: list[Path]) -> dict[str, int]:
    rows = pl.scan_parquet(days).with_columns(
        pl.col("at").dt.date().alias("day"),
        *(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in NUMBERS),
    )
    profile = rows.group_by("day").agg(_statistics()).collect(engine="streaming")
    counted = _cells(rows, pl.scan_parquet(days[:BASELINE_DAYS]))
    return {"windows": profile.height, "profiles": profile.height * len([*NUMBERS, *WORDS]), "distances": len(counted)}


def _statistics() -> list[pl.Expr]:
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    wanted = [pl.len()]
    for name in NUMBERS:
        one = pl.col(name)
        wanted += [one.count().alias(f"{name} count"), one.null_count().alias(f"{name} nulls")]
        wanted += [one.mean().alias(f"{name} mean"), one.std().alias(f"{name} sd")]
        wanted += [one.min().alias(f"{name} min"), one.max().alias(f"{name} max")]
        wanted += [one.quantile(share).alias(f"{name} {share}") for share in shares]
    wanted += [pl.col(name).null_count().alias(f"{name} nulls") for name in WORDS]
    return wanted + [pl.col(name).approx_n_unique().alias(f"{name} distinct") for name in [*NUMBERS, *WORDS]]


def _cells(rows: pl.LazyFrame, before: pl.LazyFrame) -> dict[tuple[int, str], tuple[float, ...]]:
    edges = _edges(before)
    cells = [_cut(name, edges[name]) for name in NUMBERS] + [pl.col(name).cast(pl.String) for name in WORDS]
    binned = rows.select("day", *cells)
    plans = [binned.group_by("day", name).len() for name in [*NUMBERS, *WORDS]]
    counted = pl.collect_all(plans, engine="streaming")
    days = counted[0]["day"].unique().sort().to_list()
    at = {day: {name: {} for name in [*NUMBERS, *WORDS]} for day in days}
    for name, counts in zip([*NUMBERS, *WORDS], counted, strict=True):
        for day, cell, count in counts.iter_rows():
            at[day][name][cell] = count
    return all_distances([at[day] for day in days])


def _edges(before: pl.LazyFrame) -> dict[str, list[float]]:
    """Sorted once a column: a quantile a share would sort it anew each time."""
    frame = before.select(NUMBERS).collect(engine="streaming")
    return {name: _spread(frame[name].filter(frame[name].is_finite()).sort()) for name in NUMBERS}


def _spread(values: pl.Series) -> list[float]:
    return values.gather([i * values.len() // CELLS for i in range(1, CELLS)]).unique().sort().to_list()


def _cut(name: str, edges: list[float]) -> pl.Expr:
    place = pl.lit(pl.Series(edges)).search_sorted(pl.col(name)).cast(pl.UInt8)
    return pl.when(pl.col(name).is_not_null()).then(place).alias(name)


if __name__ == "__main__":
    run("polars", work)
