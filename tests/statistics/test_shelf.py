from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from tests.statistics.laws import assert_same
from tests.statistics.random_rows import AMOUNT, BARE, CALENDAR, COLOUR, DAY, SCORE, measure, random_rows

from watchkeeper import schemas
from watchkeeper.errors import GridMismatch
from watchkeeper.statistics.cells import NO_WINDOW
from watchkeeper.statistics.kernel import count, to_table, with_marginals
from watchkeeper.statistics.shelf import Shelf

GRIDS = {grid.grid_id: grid for grid in (AMOUNT, BARE, COLOUR, SCORE)}
MONDAY = 19_996 * DAY  # 2024-09-30


def shelf(seed: int = 1, days: int = 3) -> Shelf:
    return with_marginals(count(random_rows(seed, days=days), measure()))


def table(counted: Shelf, **flags: list[int]) -> pa.Table:
    return to_table(counted, monitor="credit", measure_digest="abc", calendar=CALENDAR, batch_seq=7, **flags)


def same(left: Shelf, right: Shelf) -> None:
    assert left.stacks.keys() == right.stacks.keys()
    for key, (cells, statistic) in left.stacks.items():
        other_cells, other = right.stacks[key]
        at = other_cells.find(cells)
        assert len(cells) == len(other_cells)
        assert (at >= 0).all()
        assert_same(statistic, other.take(at))


def test_what_was_stored_comes_back() -> None:
    counted = shelf()
    same(Shelf.from_table(table(counted), GRIDS), counted)


def test_rows_follow_the_schema_and_say_what_they_are() -> None:
    stored = table(shelf(), open_windows=[20_002 * DAY], partial_windows=[20_000 * DAY])
    assert stored.schema == schemas.STATISTICS
    row = next(r for r in stored.to_pylist() if r["column"] == "amount" and r["kind"] == "histogram@1")
    assert (row["monitor"], row["measure_digest"], row["role"], row["batch_seq"]) == ("credit", "abc", "input", 7)
    assert row["grid_id"] == AMOUNT.grid_id
    assert (row["window_end"] - row["window_start"]).days == 1
    assert row["window_date"] == row["window_start"].date()
    assert row["rows"] == sum(row["ints"])
    assert {r["window_start"].day for r in stored.to_pylist() if r["open"]} == {6}
    assert {r["window_start"].day for r in stored.to_pylist() if r["partial"]} == {4}


def test_no_statistics_are_an_empty_table_with_the_schema() -> None:
    assert table(Shelf({})).schema == schemas.STATISTICS
    assert Shelf.from_table(table(Shelf({})), {}).stacks == {}


def test_a_baseline_has_no_window() -> None:
    baseline = shelf().total()
    assert set(baseline.window_starts) == {NO_WINDOW}
    stored = to_table(
        baseline, monitor="m", measure_digest="", calendar=CALENDAR, batch_seq=1, role="baseline", baseline_id="b1"
    )
    assert stored["window_start"].null_count == stored.num_rows
    assert stored["window_date"].null_count == stored.num_rows
    same(Shelf.from_table(stored, GRIDS), baseline)


def test_the_total_holds_every_row_once() -> None:
    counted = shelf()
    for key, (cells, statistic) in counted.stacks.items():
        whole_cells, whole = counted.total().stacks[key]
        at = np.flatnonzero((cells.version == "*") & (cells.segment_key == ""))
        one = np.flatnonzero((whole_cells.version == "*") & (whole_cells.segment_key == ""))
        assert whole.take(one).rows.tolist() == [statistic.take(at).rows.sum()]


def test_blocks_are_aligned_runs_of_windows() -> None:
    counted = shelf(days=20)
    weeks = counted.blocks(CALENDAR, 7)
    assert set((weeks.window_starts - MONDAY) % (7 * DAY)) == {0}
    same(
        weeks,
        Shelf.joined([counted.within(start, start + 7 * DAY).blocks(CALENDAR, 7) for start in weeks.window_starts]),
    )


def test_shelves_of_one_cell_are_merged() -> None:
    left, right = shelf(1), shelf(2)
    both = Shelf.joined([left, right])
    stack, other = both.stack("amount", "moments@1"), left.stack("amount", "moments@1")
    assert stack is not None
    assert other is not None
    assert len(stack[0]) == len(other[0])
    same(both, Shelf.joined([right, left]))


def test_a_shelf_lists_its_columns_and_windows() -> None:
    counted = shelf()
    assert counted.columns("histogram@1") == ("amount", "count", "score")
    assert counted.window_starts.tolist() == [20_000 * DAY, 20_001 * DAY, 20_002 * DAY]
    assert counted.within(20_001 * DAY, 20_002 * DAY).window_starts.tolist() == [20_001 * DAY]
    assert counted.stack("nowhere", "moments@1") is None


def test_a_grid_that_is_not_stored_is_named() -> None:
    with pytest.raises(GridMismatch, match=r"'amount'.*not stored"):
        Shelf.from_table(table(shelf()), {})
