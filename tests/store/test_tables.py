"""The analytic tables: written once, replaced by monitor and window, current by the highest batch."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from watchkeeper import schemas
from watchkeeper.engines.local import Local
from watchkeeper.store.tables import Tables, fell_behind
from watchkeeper.terms import Window

DAY = timedelta(days=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def window(day: int) -> Window:
    return Window(FIRST + day * DAY, FIRST + (day + 1) * DAY)


@pytest.fixture
def tables(tmp_path) -> Tables:
    return Tables(Local(), tmp_path / ".watchkeeper")


def rows(schema: pa.Schema, *given: dict) -> pa.Table:
    """Rows of a schema; what is needed and not given is empty, zero or false."""
    return pa.Table.from_pylist([{**{field.name: _nothing(field) for field in schema}, **row} for row in given], schema)


def _nothing(field: pa.Field) -> object:
    if field.nullable:
        return None
    if pa.types.is_string(field.type):
        return ""
    if pa.types.is_boolean(field.type):
        return False
    return FIRST if pa.types.is_timestamp(field.type) else FIRST.date() if pa.types.is_date(field.type) else 0


def statistic(monitor: str, day: int | None, value: int, **more) -> dict:
    span = {} if day is None else {"window_start": window(day).start, "window_end": window(day).end}
    date = {} if day is None else {"window_date": window(day).start.date()}
    role = {"role": "input"} if day is not None else {"role": "baseline"}
    return {"monitor": monitor, "rows": value, "ints": [value], **role, **span, **date, **more}


def point(day: int, value: float, seq: int, **more) -> dict:
    span = {"window_start": window(day).start, "window_end": window(day).end}
    return {"monitor": "m", "metric": "psi@1", "value": value, "seq": seq, **span, **more}


def test_nothing_stored_reads_as_empty_tables_of_the_right_schema(tables):
    assert tables.current_points("m").schema == schemas.POINTS
    assert tables.statistics("m").schema == schemas.STATISTICS
    assert tables.annotations("s", columns=["join_key"]).schema.names == ["join_key"]
    assert tables.event_times("s", 0).num_rows == 0
    assert list(tables.scan_events("s")) == []
    assert set({**tables.source_seqs("s"), **tables.monitor_seqs("m")}.values()) == {0}


def event(number: int, day: int, seq: int) -> dict:
    at = window(day).start + timedelta(hours=number)
    return {
        "event_id": f"e{number}",
        "source_id": "s",
        "event_time": at,
        "event_date": at.date(),
        "batch_seq": seq,
        "inputs": {"income": float(number)},
    }


def test_events_are_stored_once_per_batch_and_read_by_span(tables):
    schema = schemas.events(pa.struct([("income", pa.float64())]))
    assert tables.append_events("main.log/x", rows(schema, event(1, 0, 1), event(2, 1, 1)), 1) is True
    assert tables.append_events("main.log/x", rows(schema, event(1, 0, 1), event(2, 1, 1)), 1) is False
    assert tables.append_events("main.log/x", rows(schema, event(3, 1, 2)), 2) is True
    found = [
        row
        for batch in tables.scan_events("main.log/x", ["event_id", "inputs"], [window(1)])
        for row in batch.to_pylist()
    ]
    assert sorted(found, key=lambda row: row["event_id"]) == [
        {"event_id": "e2", "inputs": {"income": 2.0}},
        {"event_id": "e3", "inputs": {"income": 3.0}},
    ]
    assert tables.event_times("main.log/x", 1)["event_time"].to_pylist() == [window(1).start + timedelta(hours=3)]
    assert max(tables.source_seqs("main.log/x").values()) == 2


def test_new_features_join_the_stored_events(tables):
    narrow, wide = pa.struct([("income", pa.float64())]), pa.struct([("income", pa.float64()), ("age", pa.float64())])
    tables.append_events("s", rows(schemas.events(narrow), event(1, 0, 1)), 1)
    second = {**event(2, 0, 2), "inputs": {"income": 2.0, "age": 40.0}}
    tables.append_events("s", rows(schemas.events(wide), second), 2)
    found = [row["inputs"] for batch in tables.scan_events("s", ["inputs"]) for row in batch.to_pylist()]
    assert sorted(found, key=lambda row: row["income"]) == [{"income": 1.0, "age": None}, {"income": 2.0, "age": 40.0}]


def note(key: str, source: str = "s", seq: int = 1, **more) -> dict:
    return {"annotation_id": key, "source_id": source, "join_key": key, "name": "label", "batch_seq": seq, **more}


def test_an_annotation_that_is_stored_is_not_written_again(tables):
    tables.append_annotations("s", rows(schemas.ANNOTATIONS, note("a"), note("b"), note("a")), 1)
    tables.append_annotations("s", rows(schemas.ANNOTATIONS, note("b", seq=2), note("c", seq=2)), 2)
    tables.append_annotations("t", rows(schemas.ANNOTATIONS, note("a", "t", 3)), 3)
    assert sorted(tables.annotations("s")["annotation_id"].to_pylist()) == ["a", "b", "c"]
    assert tables.annotations("s", after_seq=1, columns=["join_key"]).to_pylist() == [{"join_key": "c"}]
    assert tables.annotations("s", names=["rating"]).num_rows == 0
    assert tables.annotations("t").num_rows == 1


def test_annotations_of_one_call_without_rows_still_count_as_done(tables):
    tables.append_annotations("s", schemas.ANNOTATIONS.empty_table(), 4)
    assert max(tables.source_seqs("s").values()) == 4


def counted(tables: Tables, monitor: str = "m", **chosen) -> list[tuple]:
    found = tables.statistics(monitor, **chosen).to_pylist()
    return sorted(
        (row["role"], row["window_start"] and (row["window_start"] - FIRST).days, row["rows"]) for row in found
    )


def test_statistics_of_a_window_take_the_place_of_its_former_ones(tables):
    first = rows(schemas.STATISTICS, *(statistic("m", day, 10 + day) for day in range(4)))
    tables.replace_statistics("m", first, [window(day) for day in range(4)], 1)
    tables.replace_statistics("n", rows(schemas.STATISTICS, statistic("n", 1, 99)), [window(1)], 2)
    again = rows(schemas.STATISTICS, statistic("m", 1, 21), statistic("m", 1, 22))
    tables.replace_statistics("m", again, [window(1), window(2)], 3)
    assert counted(tables) == [("input", 0, 10), ("input", 1, 21), ("input", 1, 22), ("input", 3, 13)]
    assert counted(tables, "n") == [("input", 1, 99)]


def test_a_baseline_stands_beside_the_windows_and_is_replaced_by_its_id(tables):
    tables.replace_statistics("m", rows(schemas.STATISTICS, statistic("m", None, 1, baseline_id="b1")), [], 1)
    both = rows(schemas.STATISTICS, statistic("m", 0, 5), statistic("m", None, 2, baseline_id="b2"))
    tables.replace_statistics("m", both, [window(0)], 2)
    tables.replace_statistics("m", rows(schemas.STATISTICS, statistic("m", None, 3, baseline_id="b2")), [], 3)
    assert counted(tables) == [("baseline", None, 1), ("baseline", None, 3), ("input", 0, 5)]
    assert counted(tables, role="baseline") == [("baseline", None, 1), ("baseline", None, 3)]
    assert counted(tables, windows=[window(0)]) == [("input", 0, 5)]
    assert counted(tables, windows=[]) == []


def test_a_run_with_nothing_to_count_replaces_nothing(tables):
    tables.replace_statistics("m", rows(schemas.STATISTICS, statistic("m", 0, 5)), [window(0)], 1)
    tables.replace_statistics("m", schemas.STATISTICS.empty_table(), [], 2)
    assert counted(tables) == [("input", 0, 5)]
    assert max(tables.monitor_seqs("m").values()) == 2


def test_statistics_of_another_measure_are_told_apart(tables):
    both = [statistic("m", 0, 5, measure_digest="old"), statistic("m", 1, 6, measure_digest="new")]
    tables.replace_statistics("m", rows(schemas.STATISTICS, *both), [window(0), window(1)], 1)
    assert counted(tables, digest="new") == [("input", 1, 6)]


def test_a_monitor_with_a_quote_in_its_name_is_itself(tables):
    name = "it's = 'm'"
    tables.replace_statistics(name, rows(schemas.STATISTICS, statistic(name, 0, 5)), [window(0)], 1)
    tables.replace_statistics(name, rows(schemas.STATISTICS, statistic(name, 0, 6)), [window(0)], 2)
    assert counted(tables, name) == [("input", 0, 6)]


def test_many_windows_are_replaced_in_one_hop(tables):
    hours = [Window(FIRST + n * DAY / 24, FIRST + (n + 1) * DAY / 24) for n in range(480)]
    many = [
        {
            **statistic("m", 0, n),
            "window_start": hour.start,
            "window_end": hour.end,
            "window_date": hour.start.date(),
        }
        for n, hour in enumerate(hours)
    ]
    tables.replace_statistics("m", rows(schemas.STATISTICS, *many), hours, 1)
    tables.replace_statistics("m", rows(schemas.STATISTICS, *many), hours, 2)
    assert tables.statistics("m").num_rows == 480


def test_the_point_of_the_highest_batch_is_current_and_the_history_stays(tables):
    tables.append_points("m", rows(schemas.POINTS, point(0, 0.1, 1), point(1, 0.2, 1)), 1)
    tables.append_points("m", rows(schemas.POINTS, point(1, 0.9, 2), point(1, 0.5, 2, column="age")), 2)
    values = {(row["column"], row["window_start"]): row["value"] for row in tables.current_points("m").to_pylist()}
    assert values == {("", window(0).start): 0.1, ("", window(1).start): 0.9, ("age", window(1).start): 0.5}
    assert tables.points("m").num_rows == 4


def test_points_are_chosen_by_the_start_of_their_window(tables):
    tables.append_points("m", rows(schemas.POINTS, *(point(day, day, 1) for day in range(5))), 1)
    found = tables.current_points("m", since=window(1).start, until=window(3).start)
    assert sorted(found["value"].to_pylist()) == [1, 2]


def test_verdicts_of_different_rules_on_one_point_stand_side_by_side(tables):
    first = [{**point(0, 0.1, 1), "rule": rule, "outcome": "ok"} for rule in ("change@1", "limit:ab")]
    tables.append_verdicts("m", rows(schemas.VERDICTS, *_verdicts(first)), 1)
    tables.append_verdicts("m", rows(schemas.VERDICTS, *_verdicts([{**first[0], "outcome": "breach", "seq": 2}])), 2)
    assert {row["rule"]: row["outcome"] for row in tables.current_verdicts("m").to_pylist()} == {
        "change@1": "breach",
        "limit:ab": "ok",
    }


def _verdicts(given: list[dict]) -> list[dict]:
    return [{name: value for name, value in row.items() if name in schemas.VERDICTS.names} for row in given]


def test_grids_are_kept_by_their_id(tables):
    grid = {"monitor": "m", "grid_id": "g1", "edges": [1.0, 2.0]}
    tables.put_grids("m", rows(schemas.GRIDS, grid), 1)
    tables.put_grids("m", rows(schemas.GRIDS, grid, {**grid, "grid_id": "g2"}), 2)
    tables.put_grids("n", rows(schemas.GRIDS, {**grid, "monitor": "n"}), 3)
    assert sorted(tables.grids("m")["grid_id"].to_pylist()) == ["g1", "g2"]


def test_a_row_that_lacks_what_is_needed_is_refused(tables):
    bad = rows(schemas.POINTS, point(0, 0.1, 1)).drop_columns(["status"])
    with pytest.raises(KeyError, match="status"):
        tables.append_points("m", bad, 1)
    assert max(tables.monitor_seqs("m").values()) == 0


def test_tables_that_hold_less_than_they_did_are_named():
    assert fell_behind({"events": 3, "annotations": 3}, {"events": 3, "annotations": 2}) == []
    assert fell_behind({"events": 1}, {"events": 3, "annotations": 2}) == ["annotations", "events"]
