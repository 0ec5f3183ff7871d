"""Canonical JSON: the examples of RFC 8785 and what it forbids."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.store.canonical import canonical, is_canonical

RFC_8785_APPENDIX_B = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


@pytest.mark.parametrize(("bits", "text"), RFC_8785_APPENDIX_B)
def test_numbers_are_written_as_the_rfc_writes_them(bits, text):
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(value) == text


def test_the_example_of_section_3_2_is_met_to_the_byte():
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f",
        "literals": [None, True, False],
    }
    assert canonical(value) == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_ordered_by_utf_16_code_units():
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    assert list(json.loads(canonical(dict.fromkeys(keys, 0)))) == [
        "\r",
        "1",
        "\u0080",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**53 + 1, "\ud800", {1: "a"}, b"bytes", {"deep": [object()]}]
)
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(ValueError):
        canonical(value)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.text()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_reading_it_back_gives_the_same_value_and_the_same_text(value):
    text = canonical(value)
    assert json.loads(text, parse_int=float) == value
    assert canonical(json.loads(text)) == text


@given(VALUES)
def test_a_canonical_text_is_known_to_be_one(value):
    assert is_canonical(canonical(value))


@given(VALUES, st.sampled_from([{"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": True}]), st.booleans())
def test_any_other_spelling_is_known_not_to_be_canonical(value, options, ordered):
    text = json.dumps(value, sort_keys=ordered, **{"ensure_ascii": False, "separators": (",", ":"), **options})
    assert is_canonical(text) == (text == canonical(value))


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1.0}',
        '{"a":1e+16}',
        '{"a":-0}',
        '{"a":9007199254740993}',
        '{"a":1E400}',
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"b":1,"a":1}',
        '{"a":1,"a":1}',
        '{"\ufb33":1,"\U0001f600":1}',
        '{"a":"\\ud800"}',
        '{"a":"\\u0041"}',
        ' {"a":1}',
        '{"a":' + "1" * 5000 + "}",
        "[" * 100_000,
        "",
        "{",
    ],
)
def test_what_is_not_canonical(text):
    assert not is_canonical(text)


@pytest.mark.parametrize("text", ['{"a":1e-7}', '{"a":295147905179352830000}', '{"\U0001f600":1,"\ufb33":1}', '"\x7f"'])
def test_what_is_canonical_though_python_writes_it_otherwise(text):
    assert is_canonical(text)
