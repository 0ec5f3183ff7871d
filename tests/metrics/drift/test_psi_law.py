"""The law of the population stability index."""

from __future__ import annotations

import numpy as np
import pytest
from tests.golden import Case, cases, check

from watchkeeper.metrics.drift.psi_law import psi_null, psi_spread


@pytest.mark.parametrize("case", cases("drift", "psi_null"))
def test_the_law_is_the_published_one(case: Case) -> None:
    s = 1 / case.inputs["n_ref"] + 1 / case.inputs["n_cur"]
    law = psi_null(case.inputs["psi"], s, case.inputs["bins"], **case.params)
    check(case, {name: float(part) for name, part in law._asdict().items()})


def test_more_rows_lower_both_critical_values_down_to_the_tolerance() -> None:
    law = psi_null(0.0, 1 / np.array([50.0, 500.0, 5_000.0, 5e6]) + 1e-7, 10)
    assert (np.diff(law.critical_no_change) < 0).all() and (np.diff(law.critical_tolerance) < 0).all()
    assert law.critical_tolerance[-1] == pytest.approx(0.1, rel=0.02)


def test_the_spread_without_a_change_is_that_of_the_law() -> None:
    law = psi_null(0.0, 0.01, 10)
    assert psi_spread(np.array([0.09]), np.array([10.0]), np.array([0.01]))[0] == pytest.approx(float(law.std))
