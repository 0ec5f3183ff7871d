"""A small world that several test modules look at, made once."""

import pytest

from watchkeeper.simulate.requests import inference_table
from watchkeeper.simulate.story import Story
from watchkeeper.simulate.world import world


@pytest.fixture(scope="session")
def small_world():
    return world(Story(seed=5), 30_000)


@pytest.fixture(scope="session")
def log(small_world):
    return inference_table(small_world)
