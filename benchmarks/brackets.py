"""How far the distances that are read off fine bins can be from those of the rows, on real tables.

Each numeric column of a table is cut by its first half and its second half compared with it: exact Kolmogorov-Smirnov
and Wasserstein distance of the rows, and the limits that the bins leave them.

Run: python -m benchmarks.brackets
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray
from scipy import stats

from watchkeeper.metrics.drift.ks import ks
from watchkeeper.metrics.drift.wasserstein import wasserstein
from watchkeeper.statistics.grid import fit_numeric
from watchkeeper.statistics.histogram import Histogram

Floats = NDArray[np.float64]

FOLDER = Path(__file__).resolve().parents[1].parent / "shared" / "data"
"""Real tables beside the checkout; read in place."""
SETS = ("hotel_bookings", "bank_marketing", "bike_sharing", "acs_employment_ma", "credit_default_taiwan", "air_quality")
FEWEST = 200


@dataclass(frozen=True)
class Bracket:
    """One column of one table: the exact distances and the limits from the bins; Wasserstein's in its own unit."""

    table: str
    column: str
    rows: int
    ks: float
    ks_low: float
    ks_high: float
    wasserstein: float
    wasserstein_value: float
    wasserstein_low: float
    wasserstein_high: float

    @property
    def holds(self) -> bool:
        """Whether both exact distances lie within their limits, rounding aside; unknown ones do."""
        near = 1e-9 * max(1.0, self.wasserstein)
        inside = self.wasserstein_low - near <= self.wasserstein <= self.wasserstein_high + near
        return self.ks_low - 1e-9 <= self.ks <= self.ks_high + 1e-9 and bool(inside or np.isnan(self.wasserstein_value))


def columns(table: str) -> Iterator[tuple[str, Floats]]:
    """The numeric columns of a real table with rows enough, in the order of its rows."""
    found = sorted([*(FOLDER / table).rglob("*.parquet"), *(FOLDER / table).rglob("*.csv")])
    if not found:
        return
    path = found[0]
    rows = pa.parquet.read_table(path) if path.suffix == ".parquet" else pa.csv.read_csv(path)
    for name in rows.column_names:
        if pa.types.is_integer(rows[name].type) or pa.types.is_floating(rows[name].type):
            values = pc.cast(rows[name].combine_chunks(), pa.float64()).drop_null().to_numpy()
            values = values[np.isfinite(values)]
            if len(values) >= FEWEST:
                yield name, values


def bracket(table: str, column: str, values: Floats) -> Bracket:
    """The second half of a column against its first."""
    then, now = np.array_split(values, 2)
    grid = fit_numeric(column, then)
    base, current = (Histogram.of(pa.array(side), np.zeros(len(side), np.int64), None, 1, grid) for side in (then, now))
    by_rank, moved = ks(current, base), wasserstein(current, base)
    return Bracket(
        table,
        column,
        len(values),
        float(stats.ks_2samp(now, then, method="asymp").statistic),
        float(by_rank.low[0]),
        float(by_rank.high[0]),
        float(stats.wasserstein_distance(now, then)),
        float(moved.value[0]),
        float(moved.low[0]),
        float(moved.high[0]),
    )


def brackets() -> list[Bracket]:
    return [bracket(table, name, values) for table in SETS for name, values in columns(table)]


def main() -> int:
    if not FOLDER.is_dir():
        print(json.dumps({"brackets": [], "skipped": "the real tables are not beside this checkout"}))
        return 0
    found = brackets()
    print("| table | columns | KS width, median | widest | inside | W1 width / W1, median | W1 value off, median |")
    print("|---|---|---|---|---|---|---|")
    for table in SETS:
        own = [one for one in found if one.table == table]
        if own:
            print(_line(table, own))
    print(json.dumps({"columns": len(found), "hold": int(sum(one.holds for one in found))}))
    return 0


def _line(table: str, own: list[Bracket]) -> str:
    width = [one.ks_high - one.ks_low for one in own]
    known = [one for one in own if np.isfinite(one.wasserstein_value) and one.wasserstein > 0]
    moved = [(one.wasserstein_high - one.wasserstein_low) / one.wasserstein for one in known]
    off = [abs(one.wasserstein_value / one.wasserstein - 1) for one in known]
    cells: list[Any] = [table, len(own), f"{np.median(width):.4f}", f"{max(width):.4f}"]
    cells += [f"{sum(one.holds for one in own)} of {len(own)}"]
    cells += [f"{np.median(moved):.1%}" if moved else "–", f"{np.median(off):.2%}" if off else "–"]
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    sys.exit(main())
