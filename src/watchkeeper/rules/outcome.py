"""From windows beyond to an outcome: the newest one warns, k of the last n are a breach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.rules.base import Judgement
from watchkeeper.rules.series import Bools
from watchkeeper.statistics.counts import Ints
from watchkeeper.terms import Outcome, Why


@dataclass(frozen=True, slots=True)
class KofN:
    """So many of the last ``n`` final windows must be beyond."""

    k: int
    n: int


TWO_OF_THREE = KofN(2, 3)


@dataclass(frozen=True)
class Outcomes:
    """Outcome and reason of every window, shape (series, windows).

    ``behind`` of shape (series, windows, n) marks, oldest first, the last n windows that the outcome rests on.
    """

    outcome: NDArray[np.str_]
    why: NDArray[np.str_]
    behind: Bools


def outcomes(judgement: Judgement, needs: KofN) -> Outcomes:
    """Count the windows beyond among the last n of each window.

    A window that is not judged has no outcome of its own and counts as not beyond for those after it.
    """
    judged = judgement.why_not == ""
    recent = _recent(judgement.beyond, needs.n)
    breach = judged & (recent.sum(axis=-1) >= needs.k) & judgement.may_breach[:, None]
    warning = judged & judgement.beyond & ~breach
    behind = recent & breach[..., None]
    behind[..., -1] |= warning
    outcome = np.select(
        [~judged, breach, warning],
        [Outcome.NOT_JUDGED.value, Outcome.BREACH.value, Outcome.WARNING.value],
        Outcome.OK.value,
    )
    said = np.where(breach | warning, judgement.why_beyond.value, Why.WITHIN_LIMITS.value)
    return Outcomes(outcome, np.where(judged, said, judgement.why_not), behind)


def _recent(beyond: Bools, n: int) -> Bools:
    padded = np.concatenate([np.zeros((len(beyond), n - 1), np.bool_), beyond], axis=1)
    return np.lib.stride_tricks.sliding_window_view(padded, n, axis=1)


def evidence(found: Outcomes, starts: Ints, series: Ints, window: Ints) -> tuple[Ints, Ints]:
    """Starts of the windows that some verdicts rest on, one after the other, and where each verdict's begin.

    Args:
        starts: start of each window; ``series`` and ``window`` say which verdicts, both of shape (verdicts,).

    Returns:
        The starts, and offsets of shape (verdicts + 1,).
    """
    behind = found.behind[series, window]
    verdict, place = np.nonzero(behind)
    offsets = np.concatenate([[0], np.cumsum(behind.sum(axis=1))]).astype(np.int64)
    return starts[window[verdict] - (behind.shape[1] - 1) + place], offsets
