"""Share of one category."""

from __future__ import annotations

from watchkeeper.metrics.base import LEVEL, Estimates, Metric
from watchkeeper.metrics.intervals import share_of, simultaneous
from watchkeeper.metrics.slots import slots_where
from watchkeeper.statistics.categories import Categories
from watchkeeper.terms import Role


def category_share(current: Categories, *, category: str = "", of: int | None = None) -> Estimates:
    """Share of rows that have one category.

    From 0 to 1, of the rows that have a value. ``n`` and ``n_eff`` are those rows and the effective number of
    them. Wilson interval; where the category is one of ``of`` watched together, at the level at which all of their
    intervals hold at once.

    Args:
        current: counts of the categories.
        category: the category, ``__other__`` or ``__unseen__``.
        of: how many categories of the column are watched.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    level = simultaneous(LEVEL, of) if of else LEVEL
    return share_of(slots_where(current, lambda name: name == category), current.counts, level)


METRIC = Metric(
    category_share,
    reads=(Categories,),
    family="share",
    unit="share",
    bounds=(0, 1),
    roles=(Role.FEATURE, Role.DECISION, Role.LABEL),
    options={"category": "", "of": None},
    source="Wilson (1927), Probable inference, the law of succession, and statistical inference",
)
