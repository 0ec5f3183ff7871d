from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.engines.base import TableRef
from watchkeeper.engines.local import Local
from watchkeeper.engines.sampling import FEWEST_GROUPS, every_kth

TABLE = pa.table({"at": list(range(10_000)), "text": [f"t{i % 7}" for i in range(10_000)]})


@given(st.lists(st.integers(0, 50), max_size=12), st.integers(1, 60))
def test_a_pass_keeps_every_kth_row_in_order_and_counts_all(sizes, most):
    rows = pa.RecordBatch.from_pydict({"at": pa.array(range(sum(sizes)), pa.int64())})
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    found = every_kth([rows.slice(a, n) for a, n in zip(starts, sizes, strict=True)], rows.schema, most)
    kept = found.rows["at"].to_pylist()
    assert found.total == sum(sizes)
    assert len(kept) <= most
    steps = {b - a for a, b in pairwise(kept)}
    assert len(steps) <= 1
    assert not kept or kept[0] == 0


@pytest.mark.parametrize("most", [10_000, 1_000, 7])
@pytest.mark.parametrize("kind", ["parquet", "csv", "delta"])
def test_a_sample_is_spread_over_the_table_whatever_keeps_it(tmp_path, kind, most):
    if kind == "parquet":
        pq.write_table(TABLE, tmp_path / "t.parquet", row_group_size=900)
        name = "t.parquet"
    elif kind == "csv":
        pa.csv.write_csv(TABLE, tmp_path / "t.csv")
        name = "t.csv"
    else:
        write_deltalake(tmp_path / "t", TABLE)
        name = "t"
    found = Local().sample(TableRef(name, tmp_path), most)
    at = found.rows["at"].to_pylist()
    assert (found.total, found.even) == (10_000, True)
    assert found.whole == (most == 10_000)
    assert most / 3 <= len(at) <= max(most, FEWEST_GROUPS)
    assert max(at) - min(at) >= 10_000 * 0.7


def test_of_many_row_groups_some_are_read_and_it_is_said(tmp_path):
    pq.write_table(TABLE, tmp_path / "t.parquet", row_group_size=20)
    found = Local().sample(TableRef("t.parquet", tmp_path), 20)
    assert (found.total, found.even) == (10_000, False)
    at = found.rows["at"].to_pylist()
    assert min(at) < 500
    assert max(at) >= 9_500
