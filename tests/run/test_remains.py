"""A log that has gone: its monitor goes on with what is stored."""

from __future__ import annotations

import shutil

import pyarrow.compute as pc
import pytest
from tests.run.build import PAYLOAD, ROWS, Bank, assert_same, between, day, predictions

from watchkeeper.errors import Faulty
from watchkeeper.run.gone import has_gone
from watchkeeper.run.result import RunState

LOGS = [pytest.param(ROWS, id="rows in place"), pytest.param(PAYLOAD, id="an endpoint's log")]
ADDED = "metrics: [default, {share_above: {columns: [age], value: 50}}]\n"


@pytest.mark.parametrize("log", LOGS)
def test_a_metric_added_after_the_log_has_gone_gets_its_points_for_all_windows(log, learned):
    bank = learned(log)
    shutil.rmtree(bank.log)
    bank.say(log + ADDED)
    result = bank.run(day(9))
    assert result.state is RunState.DONE
    assert any("data/log has gone" in note for note in result.notes)
    added = bank.points().filter(pc.starts_with(bank.points()["metric"], "share_above@1(value=50"))
    single = added.filter(pc.and_(pc.equal(added["column"], "age"), pc.equal(added["status"], "ok")))
    assert {(start - day(0)).days for start in single["window_start"].to_pylist()} >= {0, 1, 2, 3, 4, 5}


def test_nothing_counted_before_is_lost_or_made_up(learned):
    bank = learned()
    statistics, points = bank.statistics(), bank.points()
    shutil.rmtree(bank.log)
    bank.say(ROWS + ADDED)
    bank.run(day(9))
    assert_same(bank.statistics(), statistics)
    former = bank.points().filter(pc.invert(pc.starts_with(bank.points()["metric"], "share_above@1(value=50")))
    assert_same(former, points, but=("monitor_version",))


def test_a_run_without_its_log_and_without_an_edit_writes_nothing(learned):
    bank = learned()
    versions = bank.versions()
    shutil.rmtree(bank.log)
    result = bank.run(day(9))
    assert result.state is RunState.NOTHING_NEW
    assert any("has gone" in note for note in result.notes)
    assert bank.versions() == versions


def test_windows_that_ended_meanwhile_are_counted_once_the_log_is_back(learned, tmp_path):
    bank = learned()
    shutil.move(bank.log, tmp_path / "aside")
    bank.say(ROWS + ADDED)
    bank.run(day(7, 2))
    shutil.move(tmp_path / "aside", bank.log)
    bank.deliver(between(predictions(), 6, 7))
    bank.run(day(7, 3))
    rows = bank.points().filter(pc.starts_with(bank.points()["metric"], "row_count@"))
    last = rows.filter((pc.field("window_start") == day(6)) & (pc.field("model_version") == "*"))
    whole = last.filter(pc.field("segment_key") == "")
    assert whole["value"].to_pylist() == [60.0]
    assert whole["open"].to_pylist() == [False]


def test_a_log_that_never_was_is_a_fault(bank):
    with pytest.raises(Faulty) as raised:
        bank.run(day(4))
    assert [fault.code for fault in raised.value.faults] == ["E301"]


def test_a_broken_log_is_a_fault_and_has_not_gone(learned):
    bank: Bank = learned()
    file = next(bank.log.glob("*.parquet"))
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(Faulty) as raised:
        bank.run(day(9))
    assert [fault.code for fault in raised.value.faults] == ["E301"]
    assert not has_gone(bank.place().tables.table("points"))
