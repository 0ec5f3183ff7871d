"""Share of rows by how reading them went."""

from __future__ import annotations

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.intervals import share_of
from watchkeeper.metrics.slots import slots_where, without
from watchkeeper.statistics.categories import Categories
from watchkeeper.terms import ParseStatus

NOT_OK = "not_ok"


def parse_status_share(current: Categories, *, status: str = NOT_OK) -> Estimates:
    """Share of logged rows that were read with a given status, by default any but ``ok``.

    From 0 to 1, of all rows but duplicates. ``n`` and ``n_eff`` are those rows and the effective number of them.
    Wilson interval.

    Args:
        current: counts of the parse status.
        status: a parse status, or ``not_ok`` for all but ``ok``.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    readable = (ParseStatus.OK, ParseStatus.DUPLICATE)
    chosen = slots_where(current, lambda name: name not in readable if status == NOT_OK else name == status)
    return share_of(chosen, without(current, ParseStatus.DUPLICATE))


METRIC = Metric(
    parse_status_share,
    reads=(Categories,),
    family="service_share",
    unit="share",
    bounds=(0, 1),
    better="lower",
    column="parse_status",
    options={"status": NOT_OK},
    source="Wilson (1927), Probable inference, the law of succession, and statistical inference",
)
