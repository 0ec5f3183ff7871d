"""Points laid out as series."""

import numpy as np
import pyarrow as pa
from tests.rules.point_tables import DAILY, START, series

from watchkeeper.rules.series import blocks
from watchkeeper.windows import micros


def test_one_row_a_series_one_column_a_window_of_the_monitor():
    tables = [
        series("mean@1", [1.0, 2.0], column="age"),
        series("mean@1", [5.0], column="income", first=1),
        series("null_share@1", [0.5], column="age", first=3),
    ]
    found = blocks(pa.concat_tables(tables), DAILY)
    assert set(found) == {("mean", 1), ("null_share", 1)}
    block = found["mean", 1]
    assert block.columns.tolist() == ["age", "income"]
    assert block.starts.tolist() == [micros(START) + i * 86_400_000_000 for i in (0, 1, 3)]
    assert np.array_equal(block.value, [[1, 2, np.nan], [np.nan, 5, np.nan]], equal_nan=True)
    assert block.present.tolist() == [[True, True, False], [False, True, False]]


def test_merged_windows_are_a_block_of_their_own():
    tables = [series("mean@1", [1.0] * 14), series("mean@1", [1.0] * 2, joins=7)]
    found = blocks(pa.concat_tables(tables), DAILY)
    assert {key: block.shape for key, block in found.items()} == {("mean", 1): (1, 14), ("mean", 7): (1, 2)}


def test_the_row_of_the_highest_batch_is_the_current_one():
    tables = [series("mean@1", [9.0], seq=5), series("mean@1", [1.0], seq=4)]
    for order in (tables, tables[::-1]):
        assert blocks(pa.concat_tables(order), DAILY)["mean", 1].value.tolist() == [[9.0]]


def test_identities_of_one_metric_share_a_block_and_keep_their_options():
    tables = [series("quantile@1", [1.0]), series("quantile@1(p=0.95)", [1.0])]
    block = blocks(pa.concat_tables(tables), DAILY)["quantile", 1]
    assert block.shape == (2, 1)


def test_no_points_no_blocks():
    assert blocks(series("mean@1", [1.0]).slice(0, 0), DAILY) == {}
