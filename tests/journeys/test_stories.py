"""The story is not memorised: other seeds move it in time, column, size and region."""

from __future__ import annotations

import pytest
from benchmarks.stories import SEEDS, tell

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default::RuntimeWarning")]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_planted_change_is_found_with_its_cause_and_nothing_else_opens(tmp_path, seed):
    told = tell(seed, False, tmp_path / "project")
    assert told.found == told.planted
    assert told.not_planted == []


@pytest.mark.parametrize("seed", range(SEEDS))
def test_in_a_quiet_world_no_incident_opens(tmp_path, seed):
    assert tell(seed, True, tmp_path / "project").not_planted == []
