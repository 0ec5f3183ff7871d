import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.store.current import newest

ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["x", "", None]), st.integers(0, 3)), max_size=30
)


@given(ROWS)
def test_each_key_keeps_the_last_row_of_its_highest_seq(rows):
    table = pa.table(
        {
            "k": pa.array([row[0] for row in rows], pa.string()),
            "l": pa.array([row[1] for row in rows], pa.string()).dictionary_encode(),
            "seq": pa.array([row[2] for row in rows], pa.int64()),
            "at": list(range(len(rows))),
        }
    )
    best = {}
    for at, (k, l, seq) in enumerate(rows):  # noqa: E741
        if (k, l) not in best or seq >= best[k, l][0]:
            best[k, l] = (seq, at)
    assert newest(table, ["k", "l"])["at"].to_pylist() == sorted(at for _, at in best.values())


def test_keys_of_many_wide_columns_do_not_run_over():
    columns = {f"c{n}": [f"{n}-{row}" for row in range(3000)] for n in range(8)}
    table = pa.table({**columns, "seq": [1] * 3000})
    doubled = pa.concat_tables([table, table])
    assert newest(doubled, list(columns)).num_rows == 3000
