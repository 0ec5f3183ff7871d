from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
from tests.statistics.random_rows import DAY, random_rows

from watchkeeper.engines.local import Local
from watchkeeper.run.count import Scan
from watchkeeper.statistics.kernel import Measure, MeasuredColumn
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.windows import Calendar, Duration

MEASURE = Measure(
    Calendar(Duration(1, "day"), "UTC"),
    (
        MeasuredColumn("amount", ("moments@1", "distinct@1")),
        MeasuredColumn("count", ("moments@1", "distinct@1")),
        MeasuredColumn("colour", ("categories@1", "distinct@1")),
    ),
    ("region", "plan"),
)
NOW = datetime.fromtimestamp((20_000 * DAY + 10 * DAY) / 1e6, UTC)
PARTS = [random_rows(seed, 4000) for seed in range(2)]


def counted(last: int) -> Shelf:
    """Two parts counted by two threads, of which one waits for the other."""
    done = [Event(), Event()]

    def part(number: int) -> Iterator[pa.RecordBatch]:
        if number == last:
            assert done[1 - last].wait(60)
        yield PARTS[number].slice(0, 1500)
        yield PARTS[number].slice(1500)
        done[number].set()

    scan = Scan(Local(), cast("Any", None), MEASURE, None, NOW)  # counting reads the measure alone
    return scan.count(part(number) for number in range(2))


def test_it_does_not_matter_which_thread_is_done_first() -> None:
    first, second = counted(last=0), counted(last=1)
    assert list(first.stacks) == list(second.stacks)
    for key, (cells, statistic) in first.stacks.items():
        others, other = second.stacks[key]
        np.testing.assert_array_equal(cells.find(others), np.arange(len(cells)))
        one, two = statistic.to_arrow(), other.to_arrow()
        assert one.field("ints").equals(two.field("ints")), key
        assert one.field("blob").equals(two.field("blob")), key
        bits = [found.field("floats").flatten().to_numpy().view(np.int64) for found in (one, two)]
        np.testing.assert_array_equal(*bits)


@pytest.mark.parametrize("last", [0, 1])
def test_threads_count_what_one_after_the_other_counts(last: int) -> None:
    whole = Scan(Local(), cast("Any", None), MEASURE, None, NOW).count([PARTS])
    threaded = counted(last)
    for key, (cells, statistic) in whole.stacks.items():
        others, other = threaded.stacks[key]
        in_order = other.take(others.find(cells))
        assert statistic.to_arrow().field("ints").equals(in_order.to_arrow().field("ints")), key
