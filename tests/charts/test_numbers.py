from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.charts import numbers

finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


def _read(text: str) -> float:
    return float(text.replace(numbers.MINUS, "-").replace(",", ""))


@given(finite)
def test_a_number_is_read_back_to_three_digits(value):
    assert math.isclose(_read(numbers.number(value)), value, rel_tol=0.00501, abs_tol=1e-300)


def test_what_is_not_there_is_a_dash():
    assert numbers.number(None) == numbers.number(math.nan) == numbers.percent(None) == numbers.count(math.nan) == "—"


def test_a_share_is_said_in_per_cent_with_one_decimal_below_ten():
    shares = (0.0, 0.0002, 0.04, 0.041, 0.0996, 0.5, 1.0, -0.031)
    said = [numbers.percent(share) for share in shares]
    assert said == ["0 %", "<0.1 %", "4 %", "4.1 %", "10 %", "50 %", "100 %", f"{numbers.MINUS}3.1 %"]


def test_an_interval_says_its_unit_once():
    assert numbers.interval(0.14, 0.21, "share") == "14–21 %"
    assert numbers.interval(1.0, 2.5, "seconds") == "1–2.5 s"
    assert numbers.interval(None, 2.0) == numbers.interval(1.0, math.nan) == ""


def test_a_negative_interval_has_no_dash_between():
    assert numbers.interval(-2.0, -1.0) == f"{numbers.MINUS}2 to {numbers.MINUS}1"


@pytest.mark.parametrize(
    ("unit", "said"), [("share", "120 %"), ("rows", "1"), ("milliseconds", "1.2 ms"), ("seconds", "1.2 s"), ("", "1.2")]
)
def test_an_amount_carries_its_unit(unit, said):
    assert numbers.amount(1.2, unit) == said


def test_labels_of_one_axis_are_of_one_size():
    assert numbers.axis([0.0, 500_000.0, 1_000_000.0]) == ["0", "0.5M", "1M"]
    assert numbers.axis([0.0, 10_000_000.0, 25_000_000.0]) == ["0", "10M", "25M"]
    assert numbers.axis([0.75, 0.8], "share") == ["75 %", "80 %"]


def test_a_time_names_its_zone():
    assert numbers.minute(datetime(2026, 11, 4, 13, 5, tzinfo=UTC)) == "4 Nov 2026 13:05 UTC"
