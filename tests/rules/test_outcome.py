"""k of n windows."""

from tests.rules.point_tables import outcomes_of, series

from watchkeeper.rules.limit import Limit
from watchkeeper.rules.outcome import KofN


def outcomes(beyond: str, k: int, n: int) -> str:
    """``x`` is a window beyond, ``.`` one within, ``-`` one without a number; out comes B, W, o or n for each."""
    values = [{"x": 1.0, ".": 0.0, "-": None}[one] for one in beyond]
    rule = Limit("share_above", "", {"value": 800}, above=0.5, needs=KofN(k, n))
    found = outcomes_of(series("share_above@1(value=800)", values, baseline=""), limits=[rule])
    return "".join({"breach": "B", "warning": "W", "ok": "o", "not_judged": "n"}[one] for one in found)


def test_one_of_one_breaches_at_once():
    assert outcomes(".x.", 1, 1) == "oBo"


def test_two_of_three_ends_one_window_after_the_second_has_left():
    assert outcomes("x.x..xx..", 2, 3) == "WoBooWBBo"


def test_three_of_five():
    assert outcomes("x.x.x...", 3, 5) == "WoWoBooo"


def test_a_window_without_a_number_has_no_outcome_and_counts_as_within():
    assert outcomes("xx-x--x", 2, 3) == "WBnBnnW"


def test_two_of_two_must_be_neighbours():
    assert outcomes("x.xx", 2, 2) == "WoWB"
