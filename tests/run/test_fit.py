"""Grids are fitted on a sample that does not depend on the order or the split of the rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from tests.run.build import Bank
from tests.statistics.random_rows import CALENDAR, random_rows

from watchkeeper.run.fit import SAMPLE_ROWS, Fitted, fit
from watchkeeper.spec.resolve import Column, Resolved
from watchkeeper.statistics.measure import Measure, MeasuredColumn
from watchkeeper.terms import Role

COLUMNS = (Column("amount", Role.FEATURE, "numeric"), Column("colour", Role.FEATURE, "category"))
MEASURE = Measure(CALENDAR, (MeasuredColumn("amount", ("moments@1",)), MeasuredColumn("colour", ("categories@1",))), ())


@pytest.fixture
def resolved(bank: Bank) -> Resolved:
    return Resolved(bank.monitor(), COLUMNS, (), ())


def fitted(rows: list[pa.RecordBatch], resolved: Resolved) -> Fitted:
    return fit([rows], resolved, MEASURE)


def many(rows: int) -> pa.RecordBatch:
    """Rows of many different amounts."""
    batch = random_rows(3, rows=rows)
    amounts = np.random.default_rng(8).lognormal(3, 1, rows)
    return batch.set_column(batch.schema.get_field_index("amount"), "amount", pa.array(amounts))


def test_neither_order_nor_split_matters_also_beyond_the_sample(resolved):
    rows = many(3 * SAMPLE_ROWS)
    mixed = rows.take(pa.array(np.random.default_rng(1).permutation(len(rows))))
    parts = [mixed.slice(start, 41_000) for start in range(0, len(mixed), 41_000)]
    assert fitted([rows], resolved) == fitted(parts, resolved)


def test_duplicates_and_rows_of_the_future_are_left_out(resolved):
    rows = many(2_000)
    counted = [status not in ("duplicate", "future") for status in rows["parse_status"].to_pylist()]
    found = fitted([rows], resolved)
    assert found.rows == sum(counted)
    assert found.grids == fitted([rows.filter(pa.array(counted))], resolved).grids


def test_another_row_in_the_sample_is_another_grid(resolved):
    rows = many(2_000)
    assert fitted([rows], resolved).grids["amount"] != fitted([rows.slice(200)], resolved).grids["amount"]


def test_categories_are_counted_exactly_with_their_shares(resolved):
    found = fitted([many(2_000)], resolved)
    assert sum(found.shares["colour"].values()) == pytest.approx(1.0)
    assert set(found.shares["colour"]) == set(found.grids["colour"].categories)


def test_nothing_to_fit_on_gives_empty_grids(resolved):
    found = fitted([], resolved)
    assert (found.rows, found.grids["amount"].edges, found.grids["colour"].categories) == (0, (), ())
