"""A run reads what its decisions look back on, and tells the same as one run over everything."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.run.build import ROWS, Bank, assert_same, between, day, predictions

from watchkeeper.engines.local import Local
from watchkeeper.run.monitor import run_monitor
from watchkeeper.terms import Window

DAYS, ROWS_A_DAY, EVERY = 70, 40, 7
LONG = ROWS.replace("{first: 4 days}", "{first: 14 days}").replace("since: 60 days", "since: 400 days")
PLAIN = LONG.replace(
    "labels: {table: data/labels, join: id, value: defaulted, at: updated_at, matures_after: 2 days}\n", ""
)
BACK = (30, 38)
"""Days on which income is what it was at first; before and after them it has changed."""


@cache
def history() -> pa.Table:
    """Ten weeks in which one thing goes wrong for good, is well for a while, and a version appears late."""
    rows = predictions(DAYS, ROWS_A_DAY)
    number = pa.array(range(rows.num_rows))
    days = pc.divide(number, ROWS_A_DAY)
    well = pc.or_(pc.less(days, 24), pc.and_(pc.greater_equal(days, BACK[0]), pc.less(days, BACK[1])))
    income = pc.multiply(rows["income"], pc.if_else(pc.less(days, 6), 1.0, 1 / 6.0))
    income = pc.if_else(well, income, pc.multiply(income, 6.0))
    version = pc.if_else(pc.less(days, 50), "v1", rows["version"])
    rows = rows.set_column(rows.schema.get_field_index("income"), "income", income)
    return rows.set_column(rows.schema.get_field_index("version"), "version", version)


def held_back() -> pa.Table:
    """Rows of three days that come much later."""
    return pa.concat_tables([between(history(), first, first + 0.5) for first in (18, 33, 44)])


def _is_late(rows: pa.Table) -> pa.ChunkedArray:
    return pc.is_in(rows["id"], value_set=held_back()["id"].combine_chunks())


def in_pieces(folder: Path, text: str) -> Bank:
    bank = Bank(folder, text).prepare()
    prompt = history().filter(pc.invert(_is_late(history())))
    for first in range(0, DAYS, EVERY):
        bank.deliver(between(prompt, first, first + EVERY))
        if first == 63:
            bank.deliver(held_back())
        bank.run(day(first + EVERY, 2))
    return bank


def known(bank: Bank) -> dict[str, pa.Table]:
    points, verdicts = bank.points(), bank.verdicts()
    return {
        "statistics": bank.statistics(),
        "points": points.filter(pc.not_equal(points["reason"], "its rows have gone")),
        "verdicts": verdicts.filter(pc.not_equal(verdicts["outcome"], "not_judged")),
    }


@pytest.fixture(scope="module")
def grown(tmp_path_factory) -> Bank:
    return in_pieces(tmp_path_factory.mktemp("grown") / "bank", PLAIN)


@pytest.mark.slow
def test_runs_after_a_long_history_know_what_one_run_over_everything_knows(grown, tmp_path):
    at_once = Bank(tmp_path / "at-once", PLAIN).prepare()
    at_once.deliver(history())
    at_once.run(day(DAYS, 2))
    here, there = known(grown), known(at_once)
    assert pc.sum(pc.equal(there["verdicts"]["outcome"], "breach")).as_py() > 50
    assert_same(here["statistics"], there["statistics"], but=("open",))
    assert_same(here["points"], there["points"], but=("monitor_version",))
    assert_same(here["verdicts"], there["verdicts"], but=("monitor_version",))


class Watched(Local):
    """Notes the spans of the log that are scanned."""

    def __init__(self) -> None:
        self.spans: list[Window] = []

    def scan(self, table, columns=None, *, time_column=None, spans=None, cursor=None):
        if table.name == "data/log":
            self.spans += spans or [Window(day(0), day(400))]
        return super().scan(table, columns, time_column=time_column, spans=spans, cursor=cursor)


def test_one_late_row_after_eight_weeks_costs_one_window(learned):
    bank = learned(ROWS)
    now = day(58, 2)
    bank.run(now)
    row = between(predictions(), 2, 2.1).slice(0, 1)
    bank.deliver(row.set_column(row.schema.get_field_index("id"), "id", pa.array(["late"])))
    engine = Watched()
    result = run_monitor(replace(bank.place(now), engine=engine), bank.monitor())
    assert (result.windows.final, result.windows.open, result.rows.late) == (1, 0, 1)
    assert engine.spans
    assert all(day(1) <= span.start and span.end <= day(4) for span in engine.spans)


def test_windows_that_were_empty_are_not_written_again(learned):
    bank = learned(ROWS)
    bank.run(day(30, 2))
    again = bank.run(day(31, 2))
    written = bank.place().tables.points("credit").filter(pc.field("seq") == again.batch_seq)
    counted = written.filter(pc.field("metric") == "row_count@1")
    assert set(counted["value"].to_pylist()) == {0.0}
    assert pc.min(counted["window_start"]).as_py() == day(30)
