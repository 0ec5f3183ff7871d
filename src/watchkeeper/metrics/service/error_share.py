"""Share of failed requests."""

from __future__ import annotations

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.intervals import share_of
from watchkeeper.metrics.slots import slots_where
from watchkeeper.statistics.categories import Categories

FIRST_ERROR = 400


def error_share(current: Categories) -> Estimates:
    """Share of requests answered with a status code of 400 or above.

    From 0 to 1, of the requests whose code is known. ``n`` and ``n_eff`` are those requests and Kish's effective
    number of them. Wilson interval.

    Source: RFC 9110, HTTP Semantics, section 15.
    """
    return share_of(slots_where(current, _is_error), current.counts)


def _is_error(code: str) -> bool:
    return code.isdecimal() and int(code) >= FIRST_ERROR


METRIC = Metric(
    error_share,
    reads=(Categories,),
    family="service_share",
    unit="share",
    bounds=(0, 1),
    better="lower",
    column="status_code",
    source="RFC 9110, HTTP Semantics, section 15",
)
