from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.incidents.build import START

from watchkeeper.incidents.figures import figure, percent, since, span
from watchkeeper.terms import Window


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1234.5, "1,230"),
        (999.9, "1,000"),
        (0.7125, "0.713"),
        (-3.0, "−3"),
        (1.5e12, "1.5e12"),
        (2e-9, "2e−9"),
        (38.2, "38.2"),
    ],
)
def test_numbers_have_three_significant_digits(value, text):
    assert figure(value) == text


@given(st.floats(-1e15, 1e15, allow_nan=False))
def test_a_shown_number_is_within_half_a_percent(value):
    shown = float(figure(value).replace("−", "-").replace(",", ""))
    assert shown == pytest.approx(value, rel=0.0051)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.5, "50 %"), (0.0996, "10 %"), (0.0949, "9.5 %"), (0, "0 %"), (1, "100 %"), (0.00002, "0.002 %")],
)
def test_shares_have_one_decimal_below_ten_percent(share, text):
    assert percent(share) == text


def test_spans_use_their_largest_unit():
    assert [span(timedelta(seconds=s)) for s in (5, 90, 5400, 86_400)] == ["5 s", "1.5 min", "1.5 h", "1 d"]


def test_short_windows_are_named_with_their_hour():
    assert since(Window(START, START + timedelta(days=1))) == "2 Feb"
    assert since(Window(START + timedelta(hours=4), START + timedelta(hours=5))) == "2 Feb 04:00 UTC"
