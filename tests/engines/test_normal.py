"""The cast at an engine's edge."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.engines.normal import normal, plain, rebatched


@pytest.mark.parametrize(
    ("values", "plainer"),
    [
        (pa.array(["a", None], pa.string_view()), pa.array(["a", None])),
        (pa.array(["a", None], pa.large_string()), pa.array(["a", None])),
        (pa.array([b"a", None], pa.binary_view()), pa.array([b"a", None])),
        (pa.array([255, None], pa.uint8()), pa.array([255, None], pa.int16())),
        (pa.array([2**32 - 1], pa.uint32()), pa.array([2**32 - 1], pa.int64())),
        (pa.array([Decimal("1.5"), None]), pa.array([1.5, None])),
        (pa.array([1_234_567], pa.timestamp("ns", "Asia/Tokyo")), pa.array([1234], pa.timestamp("us", "UTC"))),
        (pa.array([1], pa.timestamp("s")), pa.array([1_000_000], pa.timestamp("us"))),
        (pa.nulls(2), pa.array([None, None], pa.string())),
        (pa.array([1.5, 2.5]).dictionary_encode(), pa.array([1.5, 2.5])),
        (pa.array([["a"], None], pa.large_list(pa.large_string())), pa.array([["a"], None], pa.list_(pa.string()))),
        (pa.array([[1, 2]], pa.list_(pa.int32(), 2)), pa.array([[1, 2]], pa.list_(pa.int32()))),
        (
            pa.array([{"q": "x"}, None], pa.struct([("q", pa.string_view())])),
            pa.array([{"q": "x"}, None], pa.struct([("q", pa.string())])),
        ),
    ],
    ids=lambda array: str(array.type),
)
def test_a_column_leaves_with_its_plain_type(values, plainer):
    batch = normal(pa.RecordBatch.from_arrays([values], names=["c"]))
    assert batch.schema.field("c").type == plain(values.type)
    assert batch.column("c").to_pylist() == plainer.to_pylist()
    assert batch.column("c").type.equals(plainer.type) or pa.types.is_list(plainer.type)


def test_text_in_a_dictionary_stays_in_one():
    batch = pa.RecordBatch.from_arrays([pa.array(["a", None, "a"], pa.large_string()).dictionary_encode()], names=["c"])
    column = normal(batch).column("c")
    assert column.type == pa.dictionary(pa.int32(), pa.string())
    assert column.to_pylist() == ["a", None, "a"]


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(1, 20))
def test_batches_joined_and_cut_hold_the_same_rows_in_order(sizes, wanted):
    numbers = iter(range(1000))
    parts = [pa.RecordBatch.from_pydict({"n": pa.array([next(numbers) for _ in range(size)])}) for size in sizes]
    found = list(rebatched(parts, wanted))
    assert [n for batch in found for n in batch.column("n").to_pylist()] == list(range(sum(sizes)))
    assert all(0 < batch.num_rows <= wanted for batch in found)


def test_batches_with_different_dictionaries_are_joined_by_value():
    parts = [
        pa.RecordBatch.from_pydict({"w": pa.array(words).dictionary_encode()}) for words in (["a", "b"], ["c", "a"])
    ]
    (batch,) = rebatched([*parts, pa.RecordBatch.from_pydict({"w": pa.array(["d"])})], 100)
    assert batch.column("w").to_pylist() == ["a", "b", "c", "a", "d"]
