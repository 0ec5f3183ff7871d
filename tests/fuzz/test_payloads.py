"""Whatever a serving endpoint logs becomes events; no row is lost and no value vanishes."""

import json
from dataclasses import replace

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.mutations import BODIES, requests
from tests.sources.logged_rows import OPTIONS, logged, options, table

from watchkeeper import schemas
from watchkeeper.sources.base import notes_of
from watchkeeper.sources.inference_table import SOURCE

TYPED = replace(
    options(score="predictions"),
    inputs=pa.struct([("f", pa.float64()), ("g", pa.string())]),
    outputs=pa.struct([]),
)


def row_of(request: str | None, response: str | None, number: int) -> dict:
    return logged(databricks_request_id=f"id-{number}", request=request, response=response)


@given(st.lists(st.tuples(requests() | st.none(), requests() | st.none()), min_size=1, max_size=6))
def test_every_logged_row_gives_an_event(bodies):
    batch = table(*(row_of(request, response, i) for i, (request, response) in enumerate(bodies)))
    for given_options in (OPTIONS, TYPED):
        events = SOURCE.unpack(batch, given_options)
        assert set(events["request_id"].to_pylist()) == {f"id-{i}" for i in range(len(bodies))}
        assert notes_of(events).untimed == 0
        events.validate(full=True)


@given(st.lists(st.tuples(requests(), requests()), min_size=2, max_size=6))
def test_a_row_reads_the_same_alone_and_among_others(bodies):
    rows = [row_of(request, response, i) for i, (request, response) in enumerate(bodies)]
    alone = [event for row in rows for event in SOURCE.unpack(table(row), TYPED).to_pylist()]
    together = SOURCE.unpack(table(*rows), TYPED).to_pylist()
    assert repr(sorted(together, key=_place)) == repr(sorted(alone, key=_place))


@given(st.lists(st.fixed_dictionaries({"f": BODIES, "g": BODIES}), min_size=1, max_size=4))
def test_every_value_is_typed_or_a_misfit_or_named_as_unwatched(records):
    response = json.dumps({"predictions": [0.5] * len(records)})
    batch = table(row_of(json.dumps({"dataframe_records": records}), response, 0))
    events = SOURCE.unpack(batch, TYPED)
    unwatched = notes_of(events).unwatched
    for event, record in zip(events.to_pylist(), records, strict=True):
        for name, value in record.items():
            told = event["inputs"][name] is not None or name in dict(event["misfits"] or ())
            deeper = any(each.startswith(f"{name}.") for each in unwatched)
            assert told or deeper or _says_nothing(value), (name, value, event)


def _says_nothing(value) -> bool:
    return value is None or (isinstance(value, dict) and all(map(_says_nothing, value.values())))


def _place(event: dict) -> tuple:
    return event["request_id"], event["row_index"]


def test_the_schema_of_events_does_not_depend_on_what_came():
    events = SOURCE.unpack(table(row_of("{", None, 0)), TYPED)
    assert events.schema.names == schemas.events(TYPED.inputs, TYPED.outputs).names
