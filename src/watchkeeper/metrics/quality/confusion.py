"""Shares read off a confusion matrix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from watchkeeper.metrics.base import Estimates
from watchkeeper.metrics.intervals import share_of
from watchkeeper.statistics.confusion import Confusion
from watchkeeper.statistics.counts import Counts
from watchkeeper.terms import Status

POSITIVE = "1"
"""Canonical text of the positive class of a binary task."""
Slots = NDArray[np.bool_]


def decided(confusion: Confusion, value: str) -> Slots:
    """The slots of rows that were given this decision, shape (slots,)."""
    return np.repeat(_is(confusion, value), len(confusion.classes))


def labelled(confusion: Confusion, value: str) -> Slots:
    """The slots of rows that carry this label, shape (slots,)."""
    return np.tile(_is(confusion, value), len(confusion.classes))


def right(confusion: Confusion) -> Slots:
    """The slots of rows whose decision is their label, shape (slots,)."""
    return np.eye(len(confusion.classes), dtype=bool).ravel()


def conditional_share(confusion: Confusion, chosen: Slots, among: Slots) -> Estimates:
    """Weighted share of rows in ``chosen`` slots among those in ``among``; 0 of 0 is undefined, never 0.

    ``n`` are the labelled rows of the cell; ``n_eff`` is the effective number of rows in ``among``.
    """
    share = share_of(chosen, _only(confusion.counts, among))
    rows = confusion.counts.rows
    status = np.where(share.n == 0, Status.UNDEFINED, share.status)
    return replace(share, n=rows, status=np.where(rows == 0, Status.NO_DATA, status).astype("<U12"))


def _is(confusion: Confusion, value: str) -> Slots:
    return np.array([name == value for name in confusion.classes], bool)


def _only(counts: Counts, slots: Slots) -> Counts:
    return counts.folded(np.where(slots, np.arange(slots.size), -1), slots.size)


UNDEFINED_WITHOUT = {Status.UNDEFINED.value: "no rows to take the share of"}
