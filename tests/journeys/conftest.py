"""What the journeys over real data need: the data beside the checkout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

CHECKOUT = Path(__file__).parents[2]
Read = Callable[[str], pa.Table]


@pytest.fixture(scope="session")
def real_data() -> Read:
    """Reads a Parquet file of the real data; a test that asks for it is skipped where they are not there."""
    folder = CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data sets are not there: this checkout has no shared/data beside it")

    def read(path: str) -> pa.Table:
        file = folder / path
        if not file.is_file():
            pytest.skip(f"the real data set {path} is not in shared/data beside this checkout")
        return pq.read_table(file)

    return read
