"""The fixed baseline: where it lies, when it is complete, and that it stays as it was frozen."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.run.build import ROWS, Bank, assert_same, between, day, labels, predictions
from tests.run.conftest import late

from watchkeeper.plan.due import Clock
from watchkeeper.run.baseline import (
    LABELS,
    Baseline,
    baseline_id,
    can_complete,
    fitted_grids,
    grids_from,
    grids_table,
    labels_can_complete,
    segment_values,
    span_of,
    stored,
)
from watchkeeper.run.fit import Fitted
from watchkeeper.statistics.grid import fit_categories, fit_numeric
from watchkeeper.terms import Window
from watchkeeper.windows import Duration

SPAN = Window(day(0), day(4))
HOUR, TWO_DAYS = Duration(1, "hour"), Duration(2, "day")


def test_the_first_windows_are_the_baseline(bank):
    assert span_of(bank.monitor(), day(0)) == SPAN
    assert span_of(bank.monitor(), None) is None


def test_a_table_lies_nowhere_on_the_monitored_axis_and_is_named_by_its_columns(bank):
    bank.say(ROWS.replace("{first: 4 days}", "{table: data/base}"))
    table = bank.monitor()
    bank.say(ROWS.replace("{first: 4 days}", "{table: data/base}").replace("score: score", "score: other"))
    assert span_of(table, day(0)) is None
    assert baseline_id(table, None, 0) != baseline_id(bank.monitor(), None, 0)


@pytest.mark.parametrize(
    ("now", "rows", "truth"),
    [
        (day(4, 0.9), False, False),
        (day(4, 1), True, False),
        (day(5, 23), True, False),
        (day(6), True, True),
    ],
)
def test_it_is_complete_once_its_last_window_is_final_and_its_labels_have_matured(now, rows, truth):
    baseline, clock = Baseline("b", SPAN), Clock(now, None, HOUR, TWO_DAYS)
    assert (can_complete(baseline, clock), labels_can_complete(baseline, clock)) == (rows, truth)


def test_grids_read_back_as_they_were_written():
    grids = {"x": fit_numeric("x", [0.0, 1.0, 2.5] * 40), "c": fit_categories("c", {"a": 3, "b": 1})}
    table = grids_table(Fitted(grids, {}, 120), "credit", "span")
    assert grids_from(table) == {grid.grid_id: grid for grid in grids.values()}
    assert set(table["fitted_rows"].to_pylist()) == {120}


def test_the_most_frequent_values_of_a_segment_keep_cells_of_their_own(bank):
    bank.say(ROWS + "caps: {segment_values: 2}\n")
    baseline = Baseline("b", SPAN, grids={"region": fit_categories("region", {"a": 5, "b": 9, "c": 1})})
    assert segment_values(baseline, bank.monitor()) == {"region": ["b", "a"]}


def frozen(bank: Bank) -> pa.Table:
    statistics = bank.statistics()
    return statistics.filter(pc.equal(statistics["role"], "baseline"))


def test_late_rows_and_labels_never_alter_a_frozen_baseline(learned):
    bank = learned()
    before = frozen(bank)
    grids = fitted_grids(bank.place().tables, bank.monitor(), baseline_id(bank.monitor(), SPAN, 0))
    early = between(predictions(), 0, 6)
    bank.deliver(early.filter(late()[: early.num_rows]))
    bank.label(labels().set_column(2, "updated_at", pa.array([day(6)] * labels().num_rows)).cast(labels().schema))
    assert bank.run(day(6, 2) + timedelta(hours=1)).windows.restated > 0
    assert_same(frozen(bank), before)
    after = stored(bank.place().tables, bank.monitor(), SPAN, 0)
    assert (after.is_complete, after.has_labels, dict(after.grids)) == (True, True, grids)


def test_what_needs_labels_is_frozen_apart_and_once(learned):
    ids = set(frozen(learned())["baseline_id"].to_pylist())
    plain = baseline_id(learned().monitor(), SPAN, 0)
    assert ids == {plain, plain + LABELS}


def test_shares_of_the_categories_are_those_of_the_baseline(learned):
    bank = learned()
    shares = stored(bank.place().tables, bank.monitor(), SPAN, 0).shares()["region"]
    assert set(shares) == {"north", "south", "west"}
    assert sum(shares.values()) == pytest.approx(1.0)


def test_a_refit_takes_the_baseline_anew_once_with_the_rows_that_came_late(learned):
    bank = learned()
    early = between(predictions(), 0, 6)
    bank.deliver(early.filter(late()[: early.num_rows]))
    bank.run(day(6, 3))
    bank.say(ROWS.replace("{first: 4 days}", "{first: 4 days, refit: true}"))
    assert bank.run(day(6, 4)).state.value == "done"
    again = stored(bank.place().tables, bank.monitor(), SPAN, 1)
    assert _rows_of(again) == between(predictions(), 0, 4).num_rows > _rows_of(stored_first(bank))
    assert bank.run(day(6, 5)).state.value == "nothing_new"
    before = frozen(bank)
    bank.say(ROWS)
    bank.run(day(6, 6))
    assert_same(frozen(bank), before)
    bank.say(ROWS.replace("{first: 4 days}", "{first: 4 days, refit: true}"))
    assert bank.run(day(6, 7)).state.value == "done"
    assert stored(bank.place().tables, bank.monitor(), SPAN, 2).has_labels


def test_a_baseline_that_is_named_again_is_the_one_it_was(learned):
    bank = learned()
    before = frozen(bank)
    bank.say(ROWS.replace("{first: 4 days}", "{first: 3 days}"))
    bank.run(day(6, 3))
    bank.say(ROWS)
    assert bank.run(day(6, 4)).state.value == "done"
    again = frozen(bank)
    assert_same(again.filter(pc.is_in(again["baseline_id"], value_set=before["baseline_id"].unique())), before)


def stored_first(bank: Bank) -> Baseline:
    return stored(bank.place().tables, bank.monitor(), SPAN, 0)


def _rows_of(baseline: Baseline) -> int:
    cells, moments = baseline.shelf.stack("event_time", "moments@1")
    return int(moments.rows[(cells.segment_key == "").nonzero()[0]].sum())
