from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from watchkeeper.charts.scale import Linear, Log, Times, fitting, linear

numbers = st.floats(-1e9, 1e9, allow_nan=False)


def _apart(low: float, high: float) -> bool:
    return high - low > 1e-6 * max(abs(low), abs(high), 1.0)


@given(numbers, numbers, st.integers(2, 8))
def test_ticks_are_round_increasing_and_inside(low, high, about):
    assume(_apart(low, high))
    ticks = Linear(low, high, 0.0, 100.0).ticks(about)
    spare = (high - low) * 1e-6
    assert all(low - spare <= tick <= high + spare for tick in ticks)
    steps = [b - a for a, b in pairwise(ticks)]
    assert all(step > 0 for step in steps)
    for step in steps:
        mantissa = step / 10.0 ** math.floor(math.log10(step) + 1e-6)
        assert min(abs(mantissa - m) for m in (1, 2, 2.5, 5, 10)) < 1e-3


@given(st.floats(1e-6, 1e6), st.floats(8.0, 1e9))
def test_ticks_of_ratios_are_round_and_inside(low, ratio):
    scale = Log(low, low * ratio, 0.0, 100.0)
    ticks = scale.ticks()
    assert ticks and ticks == sorted(set(ticks)) and len(ticks) <= 8
    mantissas = [t / 10.0 ** math.floor(math.log10(t) + 1e-9) for t in ticks]
    assert all(min(abs(m - round_) for round_ in (1, 2, 5)) < 1e-9 for m in mantissas)
    assert all(-1e-6 <= scale(t) <= 100.0 + 1e-6 for t in ticks)


@given(st.lists(numbers, min_size=1, max_size=20), st.booleans())
def test_every_value_lies_within_the_scale(values, from_zero):
    scale = linear(values, 100.0, 0.0, from_zero=from_zero)
    assert all(-1e-6 <= scale(value) <= 100.0 + 1e-6 for value in values)


def test_what_counts_from_zero_starts_there():
    assert linear([0.2, 0.4], 0.0, 1.0, from_zero=True).low == 0.0
    assert linear([-0.2, 0.4], 0.0, 1.0, from_zero=True).low < -0.2


def test_values_that_lie_far_apart_are_both_readable():
    scale = fitting([14_000.0] * 20 + [14_000_000.0] * 5, [], 100.0, 0.0, from_zero=False)
    assert isinstance(scale, Log)
    assert scale(14_000.0) - scale(14_000_000.0) > 50 and scale(14_000.0) < 100


def test_values_near_one_another_keep_a_straight_scale():
    assert isinstance(fitting([5.0, 9.0], [None], 0.0, 1.0, from_zero=False), Linear)
    assert isinstance(fitting([-5.0, 900.0], [], 0.0, 1.0, from_zero=False), Linear)


@given(st.integers(1, 24 * 400), st.integers(2, 12))
def test_times_are_marked_inside_and_not_too_often(hours, about):
    first = datetime(2026, 1, 1, tzinfo=UTC)
    scale = Times(first, first + timedelta(hours=hours), 0.0, 100.0)
    ticks = scale.ticks(about)
    assert ticks == sorted(set(ticks)) and 1 <= len(ticks) <= about + 1
    assert all(scale.first <= tick <= scale.last for tick in ticks)
