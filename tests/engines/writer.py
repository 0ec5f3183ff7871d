"""A process that writes batches: ``writer.py STORE FIRST LAST``; each batch is one row, written by one hop."""

import sys

import pyarrow as pa

from watchkeeper.engines.base import TableRef, Txn
from watchkeeper.engines.local import Local


def main(store: str, first: int, last: int) -> None:
    engine = Local()
    for seq in range(first, last + 1):
        rows = pa.table({"seq": pa.array([seq], pa.int64())})
        engine.write(TableRef("numbers", store), rows, txn=Txn("watchkeeper/numbers/test", seq))
        print(seq, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
