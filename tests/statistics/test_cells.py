from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.statistics.cells import Cell, Cells

texts = st.sampled_from(["", "a", "a\0", "b", "é"])
cells = st.lists(st.builds(Cell, st.integers(0, 3), texts, texts, texts), max_size=20)


@given(cells)
def test_columns_give_the_cells_back(given_cells: list[Cell]) -> None:
    columns = Cells.of(given_cells)
    assert [columns[i] for i in range(len(columns))] == given_cells


@given(cells)
def test_grouping_gives_each_cell_once_in_order_and_says_where_each_went(given_cells: list[Cell]) -> None:
    distinct, into = Cells.of(given_cells).grouped()
    listed = [distinct[i] for i in range(len(distinct))]
    assert listed == sorted(set(given_cells))
    assert [listed[i] for i in into] == given_cells


@given(cells, cells)
def test_cells_are_found_among_others(known: list[Cell], asked: list[Cell]) -> None:
    known = sorted(set(known))
    found = Cells.of(known).find(Cells.of(asked))
    assert found.tolist() == [known.index(cell) if cell in known else -1 for cell in asked]


def test_cells_may_be_taken_by_a_mask() -> None:
    columns = Cells.of([Cell(1), Cell(2)])
    assert columns.take(columns.window_start == 2)[0] == Cell(2)
    assert len(columns.take(np.array([], np.int64))) == 0
