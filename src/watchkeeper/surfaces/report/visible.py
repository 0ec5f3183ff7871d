"""The smallest lasting change that a series can see, in words: silence is not health."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa

from watchkeeper.charts import numbers
from watchkeeper.schemas import SERIES_KEY

Name = tuple[str, ...]
"""What names a series: the columns of ``schemas.SERIES_KEY``."""


class Visible(NamedTuple):
    """The values from which a change is seen, ``low`` or below and ``high`` or above, and the usual value."""

    low: float | None
    high: float | None
    usual: float | None


def by_series(table: pa.Table) -> Mapping[Name, Visible]:
    """Rows of ``rules.sees.SEES``, the newest of each series."""
    return {
        tuple(row[name] for name in SERIES_KEY): Visible(row["low"], row["high"], row["baseline_value"])
        for row in table.sort_by("window_start").to_pylist()
    }


def words(visible: Visible | None, unit: str) -> str:
    """What is seen, "" where nothing is known of it.

    >>> words(Visible(None, 0.081, 0.05), "share"), words(Visible(38.5, 41.0, 40.0), "")
    ('sees rises of 3.1 points or more', 'sees changes of 1.5 or more')
    >>> words(Visible(None, 0.13, None), "nats"), words(Visible(800.0, 1250.0, None), "rows")
    ('sees 0.13 or more', 'sees 800 or fewer and 1,250 or more')
    """
    low, high, usual = visible or (None, None, None)
    if low is None and high is None:
        return ""
    if usual is None:
        return "sees " + " and ".join(_levels(low, high, unit))
    if low is not None and high is not None:
        return f"sees changes of {_size(max(usual - low, high - usual), unit)} or more"
    if high is not None:
        return f"sees rises of {_size(high - usual, unit)} or more"
    return f"sees falls of {_size(usual - (low or 0.0), unit)} or more"


def _levels(low: float | None, high: float | None, unit: str) -> list[str]:
    fewer = "fewer" if unit == "rows" else "less"
    said = [] if low is None or math.isnan(low) else [f"{numbers.amount(low, unit)} or {fewer}"]
    return said if high is None or math.isnan(high) else [*said, f"{numbers.amount(high, unit)} or more"]


def _size(change: float, unit: str) -> str:
    if unit != "share":
        return numbers.amount(change, unit)
    return f"{numbers.number(change * 100, 2)} points"
