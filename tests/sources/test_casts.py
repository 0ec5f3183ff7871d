from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.sources.casts import booleans, doubles, find, integers, readable, root_of, seconds, times

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
SECONDS = int(NOON.timestamp())


@pytest.mark.parametrize(
    "column",
    [
        pa.array([NOON.replace(tzinfo=None)], pa.timestamp("s")),
        pa.array([NOON.replace(tzinfo=None)], pa.timestamp("ns")),
        pa.array([NOON], pa.timestamp("ms", "Europe/Zurich")),
        pa.array([NOON], pa.timestamp("ns", "America/New_York")),
        pa.array(["2026-01-01T12:00:00Z"]),
        pa.array(["2026-01-01T13:00:00+01:00"]),
        pa.array(["2026-01-01 12:00:00"]),
        pa.array(["2026-01-01T12:00:00.000000000Z"]),
        pa.array([" 2026-01-01T12:00 "]),
        pa.array([str(SECONDS)]),
        pa.array([SECONDS]),
        pa.array([float(SECONDS)]),
        pa.array([SECONDS * 10**3]),
        pa.array([SECONDS * 10**6]),
        pa.array([SECONDS * 10**9]),
        pa.array([Decimal(SECONDS)]),
    ],
    ids=lambda column: f"{column.type} {column[0]}",
)
def test_a_time_is_read_however_it_is_written(column):
    array, misfits = times(column)
    assert array.type == pa.timestamp("us", "UTC")
    assert (array.to_pylist(), misfits) == ([NOON], [])


@pytest.mark.parametrize(
    "column",
    [pa.array([dt.date(2026, 1, 1)], kind) for kind in (pa.date32(), pa.date64())] + [pa.array(["2026-01-01"])],
)
def test_a_day_is_its_midnight(column):
    assert times(column)[0].to_pylist() == [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([2**62], pa.timestamp("us")),
        pa.array([2**62], pa.timestamp("s")),
        pa.array([-(2**62)], pa.timestamp("ms", "UTC")),
        pa.array([2**31 - 1], pa.date32()),
        pa.array([float("inf")]),
        pa.array([float("nan")]),
        pa.array([1e300]),
        pa.array([-9 * 10**10]),
        pa.array(["0001-01-01"]),
        pa.array(["9999-12-31T23:59:59-12:00"]),
        pa.array(["yesterday"]),
        pa.array([""]),
        pa.nulls(1),
    ],
    ids=str,
)
def test_an_absurd_time_is_none(column):
    assert times(column)[0].to_pylist() == [None]


def test_what_is_no_time_is_a_fault():
    for column in (pa.array([True]), pa.array([[1]]), pa.array([b"x"])):
        with pytest.raises(TypeError):
            times(column)


def test_texts_that_spell_no_time_are_told():
    array, misfits = times(pa.array(["2026-01-01", "soon", None]))
    assert (array.null_count, misfits) == (2, [(1, '"soon"')])


@given(st.lists(st.none() | st.text(max_size=30)))
def test_any_text_is_a_time_or_none(values):
    array, _ = times(
        pa.array([None if v is None else v.encode("utf-8", "replace").decode() for v in values], pa.string())
    )
    assert len(array) == len(values)


@given(st.lists(st.floats() | st.integers(-(2**63), 2**63 - 1).map(float)))
def test_any_number_is_a_time_or_none(values):
    assert len(times(pa.array(values, pa.float64()))[0].to_pylist()) == len(values)


def test_texts_spell_numbers():
    array, misfits = doubles(pa.array(["1.5", " 2 ", "1e3", "", None, "41 years", "1_000", "nan"]))
    assert array.to_pylist()[:6] == [1.5, 2.0, 1000.0, None, None, None]
    assert misfits == [(5, '"41 years"'), (6, '"1_000"')]


def test_numbers_of_any_kind_are_doubles():
    for column in (pa.array([2], pa.uint8()), pa.array([Decimal("2.0")]), pa.array([2.0], pa.float32())):
        assert doubles(column)[0].to_pylist() == [2.0]
    for column in (pa.array([True]), pa.array([dt.date(2026, 1, 1)])):
        with pytest.raises(TypeError):
            doubles(column)


def test_truths_are_spelt():
    array, misfits = booleans(pa.array(["True", "false", "1", "0", "yes", ""]))
    assert (array.to_pylist(), misfits) == ([True, False, True, False, None, None], [(4, '"yes"')])
    assert booleans(pa.array([1, 0, None]))[0].to_pylist() == [True, False, None]


def test_fractions_are_no_whole_numbers():
    array, misfits = integers(pa.array([1.0, 1.5, None]))
    assert (array.to_pylist(), [place for place, _ in misfits]) == ([1, None, None], [1])
    assert integers(pa.array(["9007199254740993", "x"]))[0].to_pylist() == [9007199254740993, None]


def test_lengths_of_time_are_seconds():
    assert seconds(pa.array([1500], pa.duration("ms"))).to_pylist() == [1.5]
    assert seconds(pa.array([dt.time(1, 0)], pa.time64("us"))).to_pylist() == [3600.0]
    assert seconds(pa.array([dt.date(1970, 1, 2)])).to_pylist() == [86400.0]


def test_a_name_with_a_dot_wins_over_a_path():
    inner = pa.array([{"var": 1.0, "deep.er": {"x": 2.0}}])
    batch = pa.RecordBatch.from_arrays([pa.array([9.0]), inner], names=["emp.var", "emp"])
    assert find(batch, "emp.var").to_pylist() == [9.0]
    assert find(batch, "emp.deep.er.x").to_pylist() == [2.0]
    assert find(batch, "emp.nothing") is find(batch, "nothing") is None
    assert root_of(batch.schema, "emp.deep.er.x") == ("emp", ("deep.er", "x"))


def test_bytes_that_are_no_text_are_spelt_out():
    column = pa.array([b"\xffa", b"b", None]).view(pa.string())
    assert readable(column) == ["\\xffa", "b", None]
    assert find(pa.RecordBatch.from_arrays([column], names=["c"]), "c").to_pylist() == ["\\xffa", "b", None]
