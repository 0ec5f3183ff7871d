"""What the default rule promises, by the simulation whose results the documentation shows."""

import numpy as np
import pytest
from benchmarks.false_alarms import Setting, detection, false_alarms, poisson_interval

CALM = Setting(300, "alike", "20,000 rows")
RESTLESS = Setting(300, "means move by 0.1 sd", "first 28 days")


def test_a_quarter_of_a_standard_deviation_is_found_as_often_as_published():
    found = detection(CALM, 0.25, 400, np.random.default_rng(1))
    assert found.in_5 == pytest.approx(0.79, abs=0.08) and found.delay == 3


def test_a_year_in_which_nothing_happens_opens_next_to_nothing():
    assert false_alarms(CALM, 2, np.random.default_rng(2))[0] <= 1


@pytest.mark.slow
def test_days_that_move_open_less_than_one_incident_a_year():
    years = 10
    incidents, _ = false_alarms(RESTLESS, years, np.random.default_rng(3))
    assert poisson_interval(incidents, years)[0] < 0.62


def test_the_interval_of_a_rate_is_garwoods():
    assert poisson_interval(0, 1)[1] == pytest.approx(3.689, abs=1e-3)
    assert poisson_interval(10, 2) == (pytest.approx(4.795 / 2, abs=1e-3), pytest.approx(18.39 / 2, abs=1e-2))
