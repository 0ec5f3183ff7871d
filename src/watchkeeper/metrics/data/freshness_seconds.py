"""Age of the newest event."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.statistics.counts import Ints
from watchkeeper.statistics.moments import Moments


def freshness_seconds(current: Moments, *, window_start: Ints, window_end: Ints) -> Estimates:
    """Seconds between the newest event and the end of the window: how long nothing has come.

    From 0 up to the length of the window. ``n`` and ``n_eff`` are the events.

    Args:
        current: moments of the event time, in microseconds since 1970.
        window_start: start of each cell's window, microseconds since 1970, shape (cells,).
        window_end: its end.

    Source: definition.
    """
    age = (window_end - current.max) / 1e6
    return Estimates.of(np.clip(age, 0, (window_end - window_start) / 1e6), n=current.n, method="definition")


METRIC = Metric(
    freshness_seconds,
    reads=(Moments,),
    family="freshness",
    unit="seconds",
    bounds=(0, None),
    better="lower",
    column="event_time",
    needs_window=True,
    compared_with_baseline=False,
    source="definition",
)
