"""Rows with the time at which they reach a table, which is later than what they speak of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from watchkeeper.simulate.applicants import Ints


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A table in order of arrival.

    Attributes:
        rows: what arrives.
        at: when, microseconds since 1970 in UTC, rising, shape (rows,).
    """

    rows: pa.Table
    at: Ints

    @classmethod
    def ordered(cls, rows: pa.Table, at: Ints) -> Arrivals:
        """Rows and their times in any order."""
        order = np.argsort(at, kind="stable")
        return cls(rows.take(pa.array(order)), at[order])

    def between(self, since: int, until: int) -> pa.Table:
        """Rows that arrive in ``[since, until)``, microseconds since 1970."""
        first, last = np.searchsorted(self.at, [since, until])
        return self.rows.slice(first, last - first)
