"""The requests that reach the endpoint: when, how many rows, which version answers, whether they are logged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.simulate.applicants import Floats, Ints
from watchkeeper.simulate.story import Story
from watchkeeper.windows import micros

DAY = 86_400_000_000
"""Microseconds of a day."""
HOUR = DAY // 24
BATCH_SHARE = 0.04
WEEKEND = 0.6
"""Traffic of a day at the weekend, as a share of a working day's."""
SAMPLED = 0.5
FAILED = 0.01
"""Share of the requests that are not answered with 200."""
_FAILURES = (400, 429, 500, 503, 504)
_FAILURE_SHARES = (0.35, 0.25, 0.2, 0.1, 0.1)
_VOLUME_SD = 0.03
_HOURLY = np.array([2, 1.5, 1, 1, 1, 1.5, 3, 5, 8, 10, 11, 11, 10, 10, 11, 11, 10, 9, 8, 8, 7, 6, 4, 3], float)

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests in order of time; every array has shape (requests,).

    Attributes:
        time: receipt, microseconds since 1970 in UTC, whole milliseconds.
        day: day of the story, from 0.
        rows: applicants in the body.
        second: whether the second version answered.
        sampling_fraction: share of the requests that is logged at that time.
        logged: False for requests that sampling leaves out of the table.
        status: HTTP status of the answer, int32.
    """

    time: Ints
    day: Ints
    rows: Ints
    second: Flags
    sampling_fraction: Floats
    logged: Flags
    status: NDArray[np.int32]

    @property
    def size(self) -> int:
        return int(self.time.size)

    @property
    def first_row(self) -> Ints:
        """Index of each request's first applicant among all applicants."""
        return np.cumsum(self.rows) - self.rows

    @property
    def client_request_ids(self) -> list[str]:
        """What the calling application names each request by: its own running number."""
        return [f"app-{number:07d}" for number in range(1, self.size + 1)]


def traffic(story: Story, requests: int) -> Traffic:
    """Requests over the whole story, about ``requests`` of them logged."""
    rng = story.rng("traffic")
    day = np.repeat(np.arange(story.days), _per_day(story, rng, requests))
    hour = rng.choice(24, day.size, p=_HOURLY / _HOURLY.sum())
    offset = np.sort(day * DAY + hour * HOUR + rng.integers(0, HOUR // 1000, day.size) * 1000)
    rows = np.where(rng.random(day.size) < BATCH_SHARE, rng.integers(2, 9, day.size), 1)
    second = (day >= story.rollout.day) & (rng.random(day.size) < story.rollout.share)
    fraction = np.where(np.isin(day, story.sampled_days), SAMPLED, 1.0)
    logged = rng.random(day.size) < fraction
    status = np.where(rng.random(day.size) < FAILED, rng.choice(_FAILURES, day.size, p=_FAILURE_SHARES), 200)
    return Traffic(micros(story.start) + offset, day, rows, second, fraction, logged, status.astype(np.int32))


def _per_day(story: Story, rng: np.random.Generator, requests: int) -> Ints:
    days = np.arange(story.days)
    weight = np.where(days % 7 >= 5, WEEKEND, 1.0) * np.exp(_VOLUME_SD * rng.standard_normal(story.days))
    logged = np.where(np.isin(days, story.sampled_days), SAMPLED, 1.0)
    return rng.poisson(requests * weight / (weight * logged).sum())
