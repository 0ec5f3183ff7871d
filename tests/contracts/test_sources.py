"""What every log format owes the rest: events in one schema, each logged row accounted for, in any split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pytest
from tests.sources.logged_rows import OPTIONS, TIME, logged, options, table, without

from watchkeeper import schemas
from watchkeeper.catalog import Catalog
from watchkeeper.sources.base import ColumnMap, Source, UnpackOptions, notes_of
from watchkeeper.terms import ParseStatus

CATALOG = Catalog(third_party=False)


@dataclass(frozen=True)
class Example:
    """A table of a format, how to read it, and how many of its rows have no time."""

    rows: pa.RecordBatch
    options: UnpackOptions
    untimed: int


PAYLOADS = table(
    logged(),
    logged(databricks_request_id="b", request={"inputs": {"age": [1, "x"]}}, response={"predictions": ["good", "bad"]}),
    logged(databricks_request_id="c", response={"error_code": "X", "message": "m"}, status_code=500),
    logged(databricks_request_id="d", request=None, logging_error_codes=["MAX_REQUEST_SIZE_EXCEEDED"]),
    logged(databricks_request_id="e", request_time=None, request_date=None),
)
PREDICTIONS = pa.RecordBatch.from_pylist(
    [
        {"id": "a", "at": TIME, "p": 0.1, "age": 41, "region": "north"},
        {"id": "b", "at": TIME, "p": 0.9, "age": None, "region": None},
        {"id": None, "at": TIME, "p": None, "age": 29, "region": "south"},
        {"id": "d", "at": None, "p": 0.3, "age": 1, "region": "east"},
    ]
)
EXAMPLES = {
    "inference_table": Example(PAYLOADS, options(join=("client_request_id",)), 1),
    "rows": Example(PREDICTIONS, options(id="id", time="at", score="p", join=("id",)), 1),
}


@pytest.fixture(params=CATALOG.names("sources"))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def source(name: str) -> Source:
    return CATALOG.load("sources", name)


@pytest.fixture
def example(name: str, source: Source) -> Example:
    shown = EXAMPLES[name]
    inputs, outputs = source.infer(shown.rows, shown.options)
    return replace(shown, options=replace(shown.options, inputs=inputs, outputs=outputs))


def test_its_name_is_that_of_its_file(name, source):
    assert source.name == name


def test_it_recognises_its_own_table_best(name, source, example):
    sure = {other: CATALOG.load("sources", other).recognises(example.rows.schema) for other in EXAMPLES}
    assert all(0 <= each <= 1 for each in sure.values())
    assert max(sure, key=lambda other: sure[other]) == name


def test_events_have_the_schema_of_the_kept_types(source, example):
    events = source.unpack(example.rows, example.options)
    events.validate(full=True)
    assert events.schema.equals(schemas.events(example.options.inputs, example.options.outputs))


def test_types_are_inferred_where_none_are_kept(source, example):
    fresh = replace(example.options, inputs=None, outputs=None)
    assert source.unpack(example.rows, fresh).equals(source.unpack(example.rows, example.options))


def test_inferred_types_are_in_order_of_name_and_such_as_a_table_can_hold(source, example):
    for types in (example.options.inputs, example.options.outputs):
        names = [each.name for each in types]
        assert names == sorted(names)
        assert len({each.casefold() for each in names}) == len(names)
        assert {each.type for each in types} <= {pa.float64(), pa.int64(), pa.string(), pa.bool_()}


def test_every_logged_row_is_an_event_or_counted(source, example):
    events = source.unpack(example.rows, example.options)
    firsts = sum(index == 0 for index in events["row_index"].to_pylist())
    assert notes_of(events).untimed == example.untimed
    assert firsts + example.untimed == len(example.rows)


def test_statuses_are_facts_of_the_row(source, example):
    statuses = set(source.unpack(example.rows, example.options)["parse_status"].to_pylist())
    assert statuses <= set(ParseStatus) - {ParseStatus.DUPLICATE, ParseStatus.FUTURE}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_events_do_not_depend_on_how_batches_are_cut_or_ordered(source, example, size):
    rows = example.rows.take(pa.array(range(len(example.rows))[::-1]))
    parts = [source.unpack(rows.slice(at, size), example.options) for at in range(0, len(rows), size)]
    got = sorted([event for part in parts for event in without(part)], key=repr)
    assert got == without(source.unpack(example.rows, example.options))


def test_an_empty_batch_gives_no_events(source, example):
    events = source.unpack(example.rows.slice(0, 0), example.options)
    assert len(events) == 0
    assert events.schema.equals(schemas.events(example.options.inputs, example.options.outputs))


def test_the_columns_it_reads_are_all_it_needs(source, example):
    read = source.reads(example.rows.schema, example.options)
    extra = example.rows.append_column("unheard_of", pa.array([b"x"] * len(example.rows)))
    assert read == [each for each in example.rows.schema.names if each in read]
    assert without(source.unpack(extra.select(read), example.options)) == without(
        source.unpack(example.rows, example.options)
    )


def test_the_time_column_is_among_those_read(source, example):
    assert source.time_column(example.options) in source.reads(example.rows.schema, example.options)


def test_ids_name_the_source(source, example):
    def ids(options_: UnpackOptions) -> set[Any]:
        return set(source.unpack(example.rows, options_)["event_id"].to_pylist()) - {""}

    assert ids(example.options)
    assert not ids(example.options) & ids(replace(example.options, source_id="other"))


def test_nobody_is_named(source, example):
    assert "svc-scoring@example.com" not in repr(source.unpack(example.rows, example.options)["requester"].to_pylist())


def test_a_column_map_takes_all_that_a_monitor_says():
    assert ColumnMap.of(OPTIONS.columns, ("id",)) == replace(OPTIONS.columns, join=("id",))
