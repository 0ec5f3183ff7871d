"""What a run takes in: features that show themselves late, labels that have gone."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import write_deltalake
from tests.run.build import PAYLOAD, Bank, assert_same, between, day, labels, payload, predictions

from watchkeeper.errors import Faulty
from watchkeeper.run.planned import plan_monitor
from watchkeeper.run.result import RunState

DAY = timedelta(days=1)
FAILED = '{"error_code": "INTERNAL_ERROR", "message": "the model did not load"}'


def failures(rows: pa.Table) -> pa.Table:
    """The rows as an endpoint logs them whose model does not answer."""
    logged = payload(rows)
    at = logged.column_names.index("response")
    return logged.set_column(at, "response", pa.array([FAILED] * rows.num_rows)).set_column(
        logged.column_names.index("status_code"), "status_code", pa.repeat(pa.scalar(500, pa.int32()), rows.num_rows)
    )


def widened(rows: pa.Table) -> pa.Table:
    """The rows as an endpoint logs them whose client sends one feature more."""
    logged = payload(rows)
    bodies = [json.loads(body) for body in logged["request"].to_pylist()]
    for body in bodies:
        body["dataframe_records"][0]["branch"] = "main street"
    at = logged.column_names.index("request")
    return logged.set_column(at, "request", pa.array([json.dumps(body) for body in bodies]))


def features(bank: Bank) -> set[str]:
    return set(bank.statistics()["column"].to_pylist()) & {"income", "age", "region", "branch"}


def a_bank(tmp_path: Any) -> Bank:
    return Bank(tmp_path / "bank", PAYLOAD.replace("segments: [region]\n", "")).prepare()


def test_a_log_that_began_with_failures_learns_its_features_from_the_first_answers(tmp_path):
    bank = a_bank(tmp_path)
    write_deltalake(bank.log, failures(between(predictions(), 0, 1)))
    bank.run(day(1, 2))
    assert features(bank) == set()
    bank.deliver(between(predictions(), 1, 3))
    result = bank.run(day(3, 2))
    assert features(bank) == {"income", "age", "region"}
    assert not any("not watched" in note for note in result.notes)


def test_a_monitor_that_names_features_waits_for_the_first_answer(tmp_path):
    bank, other = (Bank(tmp_path / name, PAYLOAD).prepare() for name in ("bank", "other"))
    write_deltalake(bank.log, failures(between(predictions(), 0, 1)))
    waited = bank.run(day(1, 2))
    assert waited.state is RunState.NOTHING_NEW
    assert any("nothing is watched until" in note for note in waited.notes)
    assert waited.rows.by_parse_status == {"error_payload": 60}
    assert len(bank.points()) == 0
    assert bank.run(day(1, 3)).state is RunState.NOTHING_NEW
    write_deltalake(other.log, failures(between(predictions(), 0, 1)))
    for each in (bank, other):
        write_deltalake(each.log, payload(between(predictions(), 1, 3)), mode="append")
        assert each.run(day(3, 2)).state is RunState.DONE
    assert features(bank) == {"income", "age", "region"}
    assert_same(bank.points(), other.points(), but=["batch_seq"])


def test_a_misspelt_segment_is_refused_once_the_features_are_known(tmp_path):
    bank = Bank(tmp_path / "bank", PAYLOAD.replace("[region]", "[regoin]")).prepare()
    write_deltalake(bank.log, failures(between(predictions(), 0, 1)))
    assert bank.run(day(1, 2)).state is RunState.NOTHING_NEW
    write_deltalake(bank.log, payload(between(predictions(), 1, 2)), mode="append")
    with pytest.raises(Faulty, match="regoin"):
        bank.run(day(2, 2))


def test_a_plan_of_a_monitor_that_waits_for_features_says_so(tmp_path):
    bank = Bank(tmp_path / "bank", PAYLOAD).prepare()
    write_deltalake(bank.log, failures(between(predictions(), 0, 1)))
    planned = plan_monitor(bank.place(day(1, 2)), bank.monitor())
    assert (planned.due, planned.writes) == (0, ["events"])
    assert any("nothing is watched until" in note for note in planned.notes)


def test_a_plan_learns_the_features_from_whichever_arrival_shows_them(tmp_path):
    bank = Bank(tmp_path / "bank", PAYLOAD).prepare()
    write_deltalake(bank.log, failures(between(predictions(), 0, 1)))
    write_deltalake(bank.log, payload(between(predictions(), 1, 2)), mode="append")
    planned = plan_monitor(bank.place(day(2, 2)), bank.monitor())
    assert planned.due == bank.run(day(2, 2)).windows.final + 1
    assert planned.notes == ()


def test_failures_before_the_features_in_one_arrival_hide_nothing(tmp_path):
    bank = a_bank(tmp_path)
    write_deltalake(bank.log, failures(between(predictions(), 0, 1)))
    write_deltalake(bank.log, payload(between(predictions(), 1, 2)), mode="append")
    result = bank.run(day(2, 2))
    assert result.rows.new == 120
    assert features(bank) == {"income", "age", "region"}


def test_keys_that_come_once_the_features_are_known_are_told_and_not_watched(tmp_path):
    bank = a_bank(tmp_path)
    bank.deliver(between(predictions(), 0, 1))
    bank.run(day(1, 2))
    write_deltalake(bank.log, widened(between(predictions(), 1, 2)), mode="append")
    result = bank.run(day(2, 2))
    assert "keys that are logged but not watched: branch" in result.notes
    assert features(bank) == {"income", "age", "region"}


def test_a_run_goes_on_with_the_labels_known_when_their_table_has_gone(learned, tmp_path):
    bank, same = learned(), learned()
    for each in (bank, same):
        each.deliver(between(predictions(), 6, 7))
    shutil.move(bank.folder / "data" / "labels", tmp_path / "aside")
    result = bank.run(day(7, 2))
    same.run(day(7, 2))
    assert result.state is RunState.DONE
    assert "data/labels has gone; the labels known so far stand" in result.notes
    assert_same(bank.points(), same.points())


def test_labels_that_come_back_are_read_on_from_where_they_were_left(learned, tmp_path):
    bank, same = learned(), learned()
    for each in (bank, same):
        each.deliver(between(predictions(), 6, 7))
    shutil.move(bank.folder / "data" / "labels", tmp_path / "aside")
    for each in (bank, same):
        each.run(day(7, 2))
    shutil.move(tmp_path / "aside", bank.folder / "data" / "labels")
    for each in (bank, same):
        each.label(between(labels(), 6, 8, "updated_at"))
        each.run(day(8, 2))
    assert_same(bank.points(), same.points())


def test_labels_without_a_time_to_mature_are_complete_with_their_window(tmp_path):
    bank = Bank(tmp_path / "bank", PAYLOAD.replace(", matures_after: 2 days", ", when_missing: negative")).prepare()
    bank.deliver(between(predictions(), 0, 2))
    bank.run(day(2))
    maturity = {
        row["window_start"]: (row["open"], row["maturity"], row["value"])
        for row in bank.points().filter(pc.starts_with(bank.points()["metric"], "accuracy@")).to_pylist()
        if row["segment_key"] == "" and row["model_version"] == "*" and row["window_end"] - row["window_start"] == DAY
    }
    assert maturity[day(0)][:2] == (False, "matured")
    assert maturity[day(1)][:2] == (True, "developing")
    assert maturity[day(0)][2] is not None
