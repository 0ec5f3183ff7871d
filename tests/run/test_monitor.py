"""One run after another: what a second one writes, two monitors on one log, two runs at once."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.run.build import NAME, PAYLOAD, ROWS, Bank, assert_same, between, day, labels, predictions

from watchkeeper.errors import LeaseHeld
from watchkeeper.plan.due import Ask
from watchkeeper.run.outlook import Memory
from watchkeeper.run.remembered import remembered
from watchkeeper.run.result import RunState
from watchkeeper.run.workplace import Progress
from watchkeeper.store import leases
from watchkeeper.store.tables import monitor_owner

LOGS = [pytest.param(ROWS, id="rows in place"), pytest.param(PAYLOAD, id="an endpoint's log")]
NUMBERS = ("value", "baseline_value", "n", "n_eff", "se", "low", "high", "status")


@pytest.mark.parametrize("log", LOGS)
def test_a_second_run_with_nothing_new_writes_nothing(log, learned):
    bank = learned(log)
    versions, entries, points = bank.versions(), bank.told(), bank.points()
    for now in (day(6, 2), day(6, 3), day(6, 23)):
        assert bank.run(now).state is RunState.NOTHING_NEW
    assert bank.versions() == versions
    assert bank.told() == entries
    assert bank.points().equals(points)


def test_a_window_that_closes_changes_flags_and_verdicts_but_no_number(learned):
    bank = learned()
    bank.deliver(between(predictions(), 6, 6.9))
    bank.run(day(6, 23))
    before = bank.points()
    statistics = bank.statistics()
    result = bank.run(day(7, 2))
    assert result.windows.final == 0
    after = bank.points().filter(pc.less(bank.points()["window_start"], pa.scalar(day(7))))
    assert_same(after.select(NUMBERS), before.select(NUMBERS))
    here = pc.equal(after["window_start"], pa.scalar(day(6)))
    assert pc.any(before["open"]).as_py()
    single = pc.and_(here, pc.equal(after["window_end"], pa.scalar(day(7))))
    assert not pc.any(after.filter(single)["open"]).as_py()
    stored = bank.statistics().filter(pc.field("window_start") < day(7))
    assert_same(stored, statistics.filter(pc.field("window_start") < day(7)))


def test_labels_that_mature_change_the_maturity_and_let_quality_be_judged(learned):
    bank = learned()
    bank.deliver(between(predictions(), 6, 7))
    bank.label(labels())
    bank.run(day(8, 2))
    assert _maturity(bank, 6) == {"developing"}
    values = _accuracy(bank, 6)
    bank.run(day(9, 2))
    assert _maturity(bank, 6) == {"matured"}
    assert _accuracy(bank, 6) == values


def _quality(bank: Bank, number: int) -> pa.Table:
    points = bank.points()
    return points.filter((pc.field("window_start") == day(number)) & (pc.field("metric") == "accuracy@1"))


def _maturity(bank: Bank, number: int) -> set[str]:
    own = _quality(bank, number)
    return set(own.filter(pc.field("window_end") == day(number + 1))["maturity"].to_pylist())


def _accuracy(bank: Bank, number: int) -> list[float | None]:
    return _quality(bank, number)["value"].to_pylist()


def test_a_recount_of_everything_says_nothing_new(learned):
    bank = learned()
    points, verdicts = bank.points(), bank.verdicts()
    result = bank.run(day(6, 2), ask=Ask(recompute=True))
    assert result.state is RunState.DONE
    assert (result.points, result.windows.restated) == (0, 0)
    assert_same(bank.points(), points)
    assert_same(bank.verdicts(), verdicts)


def test_two_monitors_share_one_log_and_its_events(bank):
    bank = Bank(bank.folder, PAYLOAD)
    bank.say(PAYLOAD)
    bank.say(PAYLOAD.replace("segments: [region]\n", ""), "plain")
    bank.label(labels().slice(0, 0))
    (bank.folder / "data" / "labels" / "part-000.parquet").unlink()
    bank.deliver(between(predictions(), 0, 5))
    bank.run(day(5, 2))
    bank.run(day(5, 2), "plain")
    logs = [name for name in bank.versions() if name.startswith("log-")]
    assert len(logs) == 1
    assert bank.versions()[logs[0]] == 2
    whole = bank.points().filter(pc.field("segment_key") == "").drop_columns(["monitor", "monitor_version"])
    plain = bank.points("plain").drop_columns(["monitor", "monitor_version"])
    single = pc.field("metric") == "row_count@1"
    assert_same(plain.filter(single), whole.filter(single))


def test_of_two_runs_at_once_one_works_and_the_other_is_told_the_lease_is_held(learned):
    class Second(Progress):
        """Starts a second run in the middle of the first."""

        refused: LeaseHeld | None = None

        def stage(self, stage: str, phase: str, monitor: str, seq: int) -> None:
            if (stage, phase) == ("points.commit", "before"):
                try:
                    bank.run(day(7, 2))
                except LeaseHeld as held:
                    self.refused = held

    bank = learned()
    bank.deliver(between(predictions(), 6, 7))
    second = Second()
    assert bank.run(day(7, 2), progress=second).state is RunState.DONE
    assert second.refused is not None
    assert monitor_owner(NAME) in str(second.refused)


def test_a_lease_is_given_back_after_a_run(learned):
    bank = learned()
    bank.run(day(6, 2))
    with leases.held(bank.place().database, monitor_owner(NAME)):
        pass


def test_rows_ahead_of_the_clock_are_counted_when_their_time_has_come(learned):
    bank = learned()
    ahead = between(predictions(), 6.3, 7)
    bank.deliver(ahead)
    first = bank.run(day(6.2))
    assert first.rows.by_parse_status["future"] == ahead.num_rows
    assert _rows(bank, 6) == 0
    bank.run(day(7, 2))
    assert _rows(bank, 6) == ahead.num_rows


def test_an_event_five_minutes_ahead_is_no_event_of_the_future(learned):
    bank = learned()
    ahead = between(predictions(), 6, 7).slice(10, 1)
    at = ahead["at"][0].as_py()
    bank.deliver(ahead)
    result = bank.run(at - pa.scalar(300, pa.duration("s")).as_py())
    assert "future" not in result.rows.by_parse_status
    assert _rows(bank, 6) == 1


def _rows(bank: Bank, number: int) -> float:
    rows = bank.points().filter((pc.field("metric") == "row_count@1") & (pc.field("window_start") == day(number)))
    whole = rows.filter((pc.field("model_version") == "*") & (pc.field("segment_key") == ""))
    return whole["value"].to_pylist()[0]


def test_what_a_monitor_remembers_survives_its_text(learned):
    memory = remembered(learned().place(), NAME)
    assert memory.last == day(6, 2)
    assert memory.first == day(0)
    assert Memory.from_json(json.loads(json.dumps(memory.to_json()))) == memory
    assert Memory.from_json(None) == Memory()


def test_a_memory_that_an_earlier_release_wrote_lacks_what_it_did_not_know():
    assert Memory.from_json({"events": "7", "last": day(6).isoformat()}) == Memory(events="7", last=day(6))


@pytest.mark.parametrize("log", LOGS)
def test_a_run_with_nothing_new_leaves_no_batch_behind(log, learned):
    bank = learned(log)
    batches = bank.batches()
    assert bank.run(day(6, 3)).state is RunState.NOTHING_NEW
    assert bank.batches() == batches
