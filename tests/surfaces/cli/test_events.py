from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.surfaces.golden import agrees

from watchkeeper.surfaces.events import VALUES

HERE = Path(__file__).parent
HOSTILE = "\x1b[31mred\u202egnp.exe\r\n"


def _items(ask, folder, *words):
    return ask("-C", folder, "events", "credit", "--json", *words).data["items"]


def test_the_newest_come_first_and_values_are_masked(ask, watched):
    said = ask("-C", watched, "events", "credit", "--limit", "3")
    agrees(said.out, "events.txt", HERE)
    assert said.code == 0


def test_asked_for_values_are_shown(ask, watched):
    [event] = _items(ask, watched, "--limit", "1", "--show-values")
    assert event["inputs"].keys() == {"age", "income", "region"}
    assert isinstance(event["score"], float)
    assert event["request_id"].startswith("r")


def test_a_mask_says_the_kind_and_never_the_content(ask, watched):
    [clear] = _items(ask, watched, "--limit", "1", "--show-values")
    [event] = _items(ask, watched, "--limit", "1")
    assert event["inputs"] == {"age": "<number>", "income": "<number>", "region": "<text of 5>"}
    assert (event["score"], event["decision"]) == ("<number>", "<text of 1>")
    assert clear.keys() == event.keys() >= set(VALUES) - {"outputs"}


def test_a_table_without_a_run_is_read_in_place(ask, bank_folder):
    assert len(_items(ask, bank_folder, "--limit", "5")) == 5
    assert not (bank_folder / ".watchkeeper" / "events").exists()


def test_events_are_chosen_by_time_and_a_cut_listing_goes_on(ask, watched):
    head = ask("-C", watched, "events", "credit", "--json", "--since", "2026-10-12", "--limit", "100").data
    rest = ask("-C", watched, "events", "credit", "--json", "--since", "2026-10-12", "--until", head["next"]).data
    times = [item["event_time"] for item in head["items"]]
    assert times == sorted(times, reverse=True)
    assert min(times) >= "2026-10-12"
    assert {one["event_id"] for one in rest["items"]} - {one["event_id"] for one in head["items"]}


def test_a_row_that_came_twice_is_a_duplicate_once(ask, watched):
    path = watched / "data" / "predictions" / "part-0.parquet"
    pq.write_table(pq.read_table(path).slice(0, 2), path.with_name("part-1.parquet"))
    found = _items(ask, watched, "--parse-status", "duplicate", "--show-values")
    assert sorted(one["request_id"] for one in found) == ["r0", "r1"]


def test_rows_ahead_of_the_clock_are_of_the_future(ask, watched):
    said = ask("-C", watched, "--now", "2026-10-12T12:00:00Z", "events", "credit", "--parse-status", "future", "--json")
    assert said.data["items"]
    assert min(one["event_time"] for one in said.data["items"]) > "2026-10-12T12:05:00Z"


@pytest.mark.parametrize("flag", [[], ["--show-values"]])
def test_what_a_terminal_would_obey_is_named_instead(ask, watched, flag):
    row = {
        "id": HOSTILE,
        "at": datetime(2026, 10, 13, tzinfo=UTC),
        "income": 1.0,
        "age": 1,
        "region": HOSTILE,
        "score": 0.1,
    }
    table = pa.Table.from_pylist([row], pq.read_schema(watched / "data" / "predictions" / "part-0.parquet"))
    pq.write_table(table, watched / "data" / "predictions" / "part-1.parquet")
    said = ask("-C", watched, "events", "credit", "--limit", "1", *flag)
    assert not {"\x1b", "\u202e", "\r"} & set(said.out)
    assert "‹U+001B›" in said.out


def test_no_events_are_said_to_be_none(ask, watched):
    said = ask("-C", watched, "events", "credit", "--parse-status", "not_json")
    assert (said.code, said.out) == (0, "no events\n")


def test_a_monitor_that_is_not_there_is_a_fault(ask, watched):
    assert ask("-C", watched, "events", "credt").code == 2
