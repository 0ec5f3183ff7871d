"""Input that is not as the monitor says: a fault that names it or a status, and nothing that was known is lost."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from tests.run.build import PAYLOAD, ROWS, Bank, assert_same, between, day, payload, predictions

from watchkeeper.errors import Faulty
from watchkeeper.run.result import RunState


def faults(bank: Bank, now=None) -> list[str]:
    with pytest.raises(Faulty) as raised:
        bank.run(now or day(6, 4))
    return [fault.code for fault in raised.value.faults]


def test_a_missing_column_is_named_with_those_there(learned):
    bank = learned()
    bank.say(ROWS.replace("score: score", "score: scoer"))
    with pytest.raises(Faulty) as raised:
        bank.run(day(6, 4))
    (fault,) = raised.value.faults
    assert (fault.code, "scoer" in fault.message, "income" in fault.fix) == ("E302", True, True)


def with_scores(scores: pa.Array) -> pa.Table:
    rows = between(predictions(), 0, 4)
    return rows.set_column(rows.schema.get_field_index("score"), "score", scores)


def test_a_score_that_cannot_be_a_number_has_the_wrong_type(bank):
    bank.deliver(with_scores(pa.array([[0.5]] * 240)))
    assert faults(bank, day(4, 2)) == ["E303"]


def test_scores_that_are_words_are_rows_without_a_score(bank):
    bank.deliver(with_scores(pa.array(["high"] * 240)))
    bank.run(day(4, 2))
    means = bank.points().filter((pc.field("metric") == "mean@1") & (pc.field("column") == "score"))
    assert set(means["status"].to_pylist()) == {"no_data"}


def test_a_table_without_its_time_column_is_a_fault(bank):
    bank.deliver(between(predictions(), 0, 4).drop_columns(["at"]))
    assert set(faults(bank, day(4, 2))) <= {"E302", "E305"}


def test_a_truncated_file_fails_the_run_and_loses_nothing(learned):
    bank = learned()
    points = bank.points()
    bank.deliver(between(predictions(), 6, 7))
    broken = max(bank.log.glob("*.parquet"))
    whole = broken.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    assert faults(bank, day(7, 2)) == ["E301"]
    assert_same(bank.points(), points)
    broken.write_bytes(whole)
    assert bank.run(day(7, 2)).state is RunState.DONE
    rows = bank.points().filter((pc.field("metric") == "row_count@1") & (pc.field("window_start") == day(6)))
    assert 60.0 in rows["value"].to_pylist()


def test_a_body_that_is_no_json_is_a_row_with_that_status(learned):
    bank = learned(PAYLOAD)
    logged = payload(between(predictions(), 6, 7))
    bodies = [text[:20] if number % 5 == 0 else text for number, text in enumerate(logged["request"].to_pylist())]
    logged = logged.set_column(logged.schema.get_field_index("request"), "request", pa.array(bodies))
    write_deltalake(bank.log, logged, mode="append")
    result = bank.run(day(7, 2))
    assert result.rows.by_parse_status == {"not_json": 12, "ok": 48}
    share = bank.points().filter(pc.starts_with(bank.points()["metric"], "parse_status_share@"))
    here = share.filter((pc.field("window_start") == day(6)) & (pc.field("segment_key") == ""))
    assert 0.2 in [round(value, 9) for value in here["value"].to_pylist() if value is not None]


def test_a_table_without_rows_has_nothing_to_learn_from(bank):
    bank.deliver(predictions().slice(0, 0))
    result = bank.run(day(4, 2))
    assert bank.points().num_rows == 0
    assert any("nothing has been logged yet" in note for note in result.notes)
    bank.deliver(between(predictions(), 0, 5))
    assert bank.run(day(5, 2)).windows.final == 5


def test_rows_without_a_time_are_said_and_in_no_window(bank):
    bank = Bank(bank.folder, PAYLOAD)
    bank.say(PAYLOAD)
    pq.write_table(pa.table({"client_request_id": ["x"], "defaulted": [1], "updated_at": [day(1)]}), _labels(bank))
    logged = payload(between(predictions(), 0, 2))
    times = [None if number < 3 else at for number, at in enumerate(logged["request_time"].to_pylist())]
    dates = [at and at.date() for at in times]
    logged = logged.set_column(3, "request_time", pa.array(times, pa.timestamp("us", "UTC")))
    write_deltalake(bank.log, logged.set_column(1, "request_date", pa.array(dates, pa.date32())), mode="append")
    result = bank.run(day(2, 2))
    assert any(note.startswith("3 rows have no usable time") for note in result.notes)


def _labels(bank: Bank):
    return bank.folder / "data" / "labels" / "part-000.parquet"


def test_a_baseline_table_that_lacks_a_feature_is_a_fault(bank):
    pq.write_table(between(predictions(), 0, 3).drop_columns(["income"]), bank.folder / "data" / "base.parquet")
    bank.say(ROWS.replace("{first: 4 days}", "{table: data/base.parquet}"))
    bank.deliver(between(predictions(), 3, 5))
    assert faults(bank, day(5, 2)) == ["E304"]


def test_a_baseline_table_gives_drift_from_the_first_window_on(bank):
    pq.write_table(between(predictions(), 0, 3), bank.folder / "data" / "base.parquet")
    bank.say(ROWS.replace("{first: 4 days}", "{table: data/base.parquet}"))
    bank.deliver(between(predictions(), 3, 5))
    bank.run(day(5, 2))
    drift = bank.points().filter(pc.starts_with(bank.points()["metric"], "js_distance@"))
    assert "ok" in drift["status"].to_pylist()


def test_labels_without_the_value_column_are_a_fault_and_the_labels_known_stay(learned):
    bank = learned()
    points = bank.points()
    bank.say(ROWS.replace("value: defaulted", "value: repaid"))
    assert faults(bank) == ["E302"]
    assert_same(bank.points(), points)


def test_labels_of_events_that_never_were_change_nothing(learned):
    bank = learned()
    points = bank.points()
    stray = {"id": ["nobody"], "defaulted": [1], "updated_at": pa.array([day(5)], pa.timestamp("us", "UTC"))}
    bank.label(pa.table(stray))
    assert bank.run(day(6, 2) + timedelta(minutes=5)).state is RunState.NOTHING_NEW
    assert_same(bank.points(), points)
