from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.statistics.grid import NUMERIC, Grid
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.statistics.score_bins import ScoreBins

GRID = Grid("score", NUMERIC, edges=(0.25, 0.5, 0.75))


def score_bins(pairs: list[tuple[float | None, str | None]]) -> ScoreBins:
    columns = [pa.array([pair[0] for pair in pairs], pa.float64()), pa.array([pair[1] for pair in pairs], pa.string())]
    values = pa.StructArray.from_arrays(columns, names=["score", "label"])
    return ScoreBins.of(values, np.zeros(len(pairs), np.int64), None, 1, GRID)


def test_negatives_come_before_positives() -> None:
    counted = score_bins([(0.1, "0"), (0.3, "1"), (0.9, "1"), (0.9, "0"), (0.9, "0")])
    assert counted.negatives.n.tolist() == [[1, 0, 0, 2]]
    assert counted.positives.n.tolist() == [[0, 1, 0, 1]]


def test_rows_without_score_or_label_are_left_out() -> None:
    assert score_bins([(None, "1"), (np.nan, "1"), (0.1, None), (0.1, "2")]).rows[0] == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from(["0", "1"])), max_size=50))
def test_both_labels_together_are_the_histogram_of_the_score(pairs: list[tuple[float, str]]) -> None:
    counted = score_bins(pairs)
    scores = pa.array([score for score, _ in pairs], pa.float64())
    histogram = Histogram.of(scores, np.zeros(len(pairs), np.int64), None, 1, GRID)
    np.testing.assert_array_equal(counted.negatives.n + counted.positives.n, histogram.counts.n)
