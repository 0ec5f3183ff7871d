from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.sources.values import inferred, kinds_of, typed

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(SCALARS, lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3))
TYPES = [pa.float64(), pa.int64(), pa.string(), pa.bool_()]


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        ([1, 2.5, None], pa.float64()),
        ([1, 2], pa.float64()),
        ([True, None], pa.bool_()),
        (["a", None], pa.string()),
        ([[1], {"a": 1}], pa.string()),
        ([1, 2, "41 years"], pa.float64()),
        ([1, "a"], pa.string()),
        ([None, None], None),
        ([], None),
    ],
)
def test_a_type_is_inferred_from_what_most_values_are(values, type_):
    assert inferred(kinds_of(values)) == type_


@pytest.mark.parametrize(
    ("values", "type_", "kept", "misfits"),
    [
        ([1, 2.5, None], pa.float64(), [1.0, 2.5, None], []),
        ([1, "41", "41 years", True], pa.float64(), [1.0, None, None, None], ['"41"', '"41 years"', "true"]),
        ([1, 2.0, 2**63, True], pa.int64(), [1, None, None, None], ["2.0", "9223372036854775808", "true"]),
        (["a", 1, [1, {"b": None}]], pa.string(), ["a", None, '[1,{"b":null}]'], ["1"]),
        ([True, 1, "true"], pa.bool_(), [True, None, None], ["1", '"true"']),
        ([2**60 + 1, 10**400], pa.float64(), [float(2**60), None], ["1" + "0" * 199]),
        (["\ud800", "a"], pa.string(), ["\\ud800", "a"], []),
    ],
)
def test_a_whole_number_fits_a_double_and_nothing_else_is_converted(values, type_, kept, misfits):
    array, unfit = typed(values, type_)
    assert array.to_pylist() == kept
    assert [text for _, text in unfit] == misfits


def test_a_declared_text_takes_any_value():
    array, unfit = typed([8001, True, "x", None, 1.5], pa.string(), any_text=True)
    assert (array.to_pylist(), unfit) == (["8001", "true", "x", None, "1.5"], [])


def test_a_misfit_is_cut_after_200_characters():
    (_, ((_, text),)) = typed(["x" * 500], pa.float64())
    assert (text[:3], len(text)) == ('"xx', 200)


@given(st.lists(JSON), st.sampled_from(TYPES))
def test_every_value_is_kept_null_or_told(values, type_):
    array, unfit = typed(values, type_)
    array.validate(full=True)
    told = {place for place, _ in unfit}
    for place, (value, kept) in enumerate(zip(values, array.to_pylist(), strict=True)):
        assert (value is None) == (kept is None and place not in told)


@given(st.lists(JSON, min_size=2), st.sampled_from(TYPES), st.data())
def test_a_value_reads_the_same_in_any_company(values, type_, data):
    cut = data.draw(st.integers(1, len(values) - 1))
    whole = typed(values, type_)[0]
    parts = [typed(values[:cut], type_)[0], typed(values[cut:], type_)[0]]
    assert repr(pa.concat_arrays(parts).to_pylist()) == repr(whole.to_pylist())


@given(JSON)
def test_nested_text_is_json(value):
    array, _ = typed([[value]], pa.string())
    assert json.dumps(json.loads(array[0].as_py())) is not None
