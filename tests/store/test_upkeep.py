"""The daily upkeep joins files and loses nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from tests.rules.point_tables import START, series

from watchkeeper.engines.local import Local
from watchkeeper.engines.upkeep import Stretch
from watchkeeper.store.tables import POINTS, Tables
from watchkeeper.store.upkeep import is_due, newest_small, tend

DAYS = 45
AT_ONCE = timedelta(0)


@pytest.fixture
def tables(tmp_path) -> Tables:
    """A store that two monitors have appended their points to, day by day, each day with a correction of the last."""
    tables = Tables(Local(), tmp_path)
    for day in range(DAYS):
        for monitor in ("credit", "other"):
            seq = day + 1
            said = [series("mean@1", float(day), first=day, seq=seq), series("row_count@1", 9.0, first=day, seq=seq)]
            if day:
                said.append(series("mean@1", day + 0.5, first=day - 1, seq=seq))
            rows = pa.concat_tables(said)
            at = rows.schema.get_field_index("monitor")
            named = rows.set_column(at, rows.schema.field("monitor"), pa.array([monitor] * rows.num_rows))
            tables.append_points(monitor, named, seq)
    return tables


def files(tables: Tables) -> int:
    return len(DeltaTable(tables.table(POINTS).address).file_uris())


def on_disk(tables: Tables) -> int:
    found = Path(tables.table(POINTS).address).rglob("*.parquet")
    return len([path for path in found if "_delta_log" not in path.parts])


def in_order(rows: pa.Table) -> pa.Table:
    return rows.sort_by([(name, "ascending") for name in ("metric", "window_start", "seq")]).combine_chunks()


def test_every_state_of_every_point_is_kept_in_fewer_files(tables):
    history, current = in_order(tables.points("credit")), in_order(tables.current_points("credit"))
    before = files(tables)
    tend(tables, "credit", "log")
    assert history.num_rows == 3 * DAYS - 1
    assert in_order(tables.points("credit")).equals(history)
    assert in_order(tables.current_points("credit")).equals(current)
    assert before == 2 * DAYS
    assert files(tables) == DAYS + 1


def test_another_monitor_is_left_alone(tables):
    before = in_order(tables.points("other"))
    tend(tables, "credit", "log")
    assert in_order(tables.points("other")).equals(before)


def test_what_is_tended_is_not_written_again_and_what_was_replaced_goes(tables):
    tend(tables, "credit", "log", AT_ONCE)
    version = DeltaTable(tables.table(POINTS).address).version()
    assert on_disk(tables) == files(tables)
    tend(tables, "credit", "log", AT_ONCE)
    log = Path(tables.table(POINTS).address) / "_delta_log"
    later = [path.read_text() for path in log.glob("*.json") if int(path.stem) > version]
    assert not [text for text in later if '"add"' in text]


def test_appending_goes_on_after_upkeep(tables):
    tend(tables, "credit", "log")
    assert not tables.append_points("credit", series("mean@1", 1.0, first=3), DAYS)
    assert tables.append_points("credit", series("mean@1", 1.0, first=DAYS), DAYS + 1)
    assert tables.current_points("credit", since=START + timedelta(days=DAYS)).num_rows == 1


def test_few_small_files_and_full_ones_are_left_as_they_are():
    small = [Stretch(seq, seq, 1000) for seq in range(10, 19)]
    full = Stretch(1, 9, 249_000)
    assert list(newest_small(small[:8])) == []
    assert list(newest_small([full, *small])) == small
    assert list(newest_small([Stretch(1, 9, 240_000), *small])) == [Stretch(1, 9, 240_000), *small]
    assert list(newest_small([*small, Stretch(20, 20, 300_000)])) == []


def test_tables_are_tended_once_a_day_but_not_at_the_first_run():
    assert not is_due(None, START)
    assert not is_due(START, START + timedelta(hours=23))
    assert is_due(START, START + timedelta(days=1))
