"""What became of the applicants, as the bank's repayments table learns it days later."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from watchkeeper.schemas import TIME
from watchkeeper.simulate.applicants import Ints
from watchkeeper.simulate.arrivals import Arrivals
from watchkeeper.simulate.traffic import DAY, HOUR
from watchkeeper.simulate.world import World

LABELS = pa.schema([("client_request_id", pa.string()), ("defaulted", pa.int64()), ("updated_at", TIME)])

KNOWN_SHARE = 0.97
CORRECTED_SHARE = 0.005
DELAY_DAYS = (3.0, 13.0)
_LAST_CORRECTION_DAYS = 13.9


def labels(world: World) -> Arrivals:
    """Labels in order of arrival, 3 to 13 days after the request; a correction is a second row with the same id.

    Applicants of batch requests share one id, so nothing could tell their labels apart: they get none, nor do
    failed requests. Requests that sampling left out of the inference table do get one.
    """
    calls, rng = world.traffic, world.story.rng("labels")
    known = np.flatnonzero((calls.rows == 1) & (calls.status == 200) & (rng.random(calls.size) < KNOWN_SHARE))
    truth = world.defaulted[calls.first_row[known]].astype(np.int64)
    first = calls.time[known] + _days(rng.uniform(*DELAY_DAYS, known.size))
    wrong = rng.random(known.size) < CORRECTED_SHARE
    corrected = np.flatnonzero(wrong)
    latest = calls.time[known][corrected] + _days(np.full(corrected.size, _LAST_CORRECTION_DAYS))
    second = first[corrected] + ((latest - first[corrected]) * rng.uniform(0.1, 1.0, corrected.size)).astype(np.int64)
    index = np.concatenate([known, known[corrected]])
    value = np.concatenate([np.where(wrong, 1 - truth, truth), truth[corrected]])
    updated = np.concatenate([first, second]) // 1_000 * 1_000
    ids = np.array(calls.client_request_ids, object)[index]
    rows = pa.table([pa.array(ids), pa.array(value), pa.array(updated, TIME)], schema=LABELS)
    return Arrivals.ordered(rows, updated + rng.integers(0, HOUR // 2, updated.size))


def _days(count: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Ints:
    return (count * DAY).astype(np.int64)
