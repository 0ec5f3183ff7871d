"""A baseline that is a span of the log: before, within or across the watched time, and in the monitor's zone."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.run.build import ROWS, Bank, between, day, labels, predictions

from watchkeeper.errors import Faulty
from watchkeeper.run.result import RunState

NOW = day(8, 2)


def span(text: str, since: str = "60 days") -> str:
    return ROWS.replace("{first: 4 days}", text).replace("60 days", since)


def ran(bank: Bank, text: str, *moments) -> list:
    bank.say(text)
    bank.deliver(predictions())
    bank.label(labels())
    return [bank.run(now) for now in moments or (NOW,)]


def baseline_n(bank: Bank, column: str = "age") -> set[float]:
    points = bank.points()
    own = points.filter(
        (pc.field("metric") == "mean@1")
        & (pc.field("column") == column)
        & (pc.field("baseline") == "fixed")
        & (pc.field("segment_key") == "")
    )
    return set(own["baseline_n"].drop_null().to_pylist())


def frozen(bank: Bank) -> Counter:
    return Counter(row for row in bank.statistics()["role"].to_pylist())


def test_a_span_within_the_watched_time_is_the_windows_it_holds(bank):
    ran(bank, span("{from: 2026-09-08, to: 2026-09-12}"))
    assert baseline_n(bank) == {between(predictions(), 1, 5).num_rows}


def test_a_span_before_the_watched_time_is_read_from_the_log_once_and_windows_are_not_counted_again(bank):
    first, second = ran(bank, span("{from: 2026-09-07, to: 2026-09-11}", "3 days"), day(7, 2), NOW)
    assert baseline_n(bank) == {between(predictions(), 0, 4).num_rows}
    assert first.windows.final == 3 and second.windows.final == 1
    assert not second.notes
    third = bank.run(NOW)
    assert third.state is RunState.NOTHING_NEW
    starts = pc.min(bank.statistics().filter(pc.field("role") == "input")["window_start"]).as_py()
    assert starts == day(4), "days before the watched time have no windows of their own"


def test_it_is_the_same_baseline_whether_its_days_are_watched_or_not(tmp_path):
    banks = [Bank(tmp_path / name).prepare() for name in ("watched", "before")]
    for bank, since in zip(banks, ("60 days", "3 days"), strict=True):
        ran(bank, span("{from: 2026-09-07, to: 2026-09-11}", since), day(7, 2))
    first, second = (bank.statistics().filter(pc.field("role") == "baseline") for bank in banks)
    same = ["column", "kind", "segment_value", "rows", "ints"]
    assert first.select(same).equals(second.select(same))


def test_a_span_that_the_log_covers_in_part_is_what_the_log_has_of_it(bank):
    ran(bank, span("{from: 2026-08-01, to: 2026-09-10}"))
    assert baseline_n(bank) == {between(predictions(), 0, 3).num_rows}


def test_a_span_without_rows_is_refused_before_anything_is_counted(bank):
    with pytest.raises(Faulty) as refused:
        ran(bank, span("{from: 2026-08-01, to: 2026-08-11}"))
    (fault,) = refused.value.faults
    assert (fault.code, fault.path) == ("E309", "baseline.from") and "2026-08-01" in fault.message
    assert bank.statistics().num_rows == 0
    bank.say(span("{from: 2026-09-07, to: 2026-09-11}"))
    assert bank.run(NOW).state is RunState.DONE


def test_a_span_in_another_zone_is_the_days_of_that_zone(bank):
    ran(bank, span("{from: 2026-09-08, to: 2026-09-12}") + "timezone: America/New_York\n")
    four_hours = 4 / 24
    assert baseline_n(bank) == {between(predictions(), 1 + four_hours, 5 + four_hours).num_rows}


def test_a_span_that_begins_within_a_window_leaves_that_window_out(bank):
    ran(bank, span("{from: '2026-09-08T12:00:00Z', to: '2026-09-12T12:00:00Z'}"))
    assert baseline_n(bank) == {between(predictions(), 2, 5).num_rows}


def test_a_span_that_has_not_ended_is_waited_for(bank):
    (result,) = ran(bank, span("{from: 2026-09-12, to: 2026-10-12}"))
    assert "learnt until 12 Oct 2026" in result.notes[0]
    assert frozen(bank)["baseline"] == 0


def test_windows_within_the_span_are_not_judged_against_themselves(bank):
    ran(bank, span("{from: 2026-09-08, to: 2026-09-12}"))
    verdicts = bank.verdicts().filter((pc.field("baseline") == "fixed") & (pc.field("metric") == "mean@1"))
    inside = pc.and_(
        pc.greater_equal(verdicts["window_start"], pa.scalar(day(1))),
        pc.less(verdicts["window_start"], pa.scalar(day(5))),
    )
    assert set(verdicts.filter(inside)["outcome"].to_pylist()) == {"not_judged"}
    assert {"breach", "ok"} & set(verdicts.filter(pc.invert(inside))["outcome"].to_pylist())
