"""The two served versions of the model, and how much worse the second one ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watchkeeper.simulate.applicants import Floats, Values
from watchkeeper.simulate.traffic import Flags

INTERCEPT = -1.8
"""Log odds of default of an applicant who is average in everything: about one in five defaults."""
_HALVINGS = 18


@dataclass(frozen=True, slots=True)
class Second:
    """What is needed to score with a second version; every array has shape (rows,).

    Attributes:
        log_odds: what the first version makes of each row, without the intercept.
        noise: standard normal draws that blur it.
        region: the second version's scores have the first version's distribution within each region.
        baseline: rows on which that distribution is read.
    """

    log_odds: Floats
    noise: Floats
    region: Values
    baseline: Flags

    def blurred(self, amount: float) -> Floats:
        """Log odds of a second version: noisier in rank, with the quantiles of the first."""
        noisy = self.log_odds + amount * self.noise
        blurred = np.empty_like(noisy)
        for region in np.unique(self.region.astype(str)):
            here = self.region == region
            then = here & self.baseline
            blurred[here] = np.interp(noisy[here], np.sort(noisy[then]), np.sort(self.log_odds[then]))
        return blurred

    def weaker(self, served: Flags, defaulted: Flags, auc_loss: float) -> Floats:
        """Log odds blurred until the AUC of the rows it served is ``auc_loss`` below the baseline's.

        Args:
            served: rows the second version answered.
            defaulted: the truth.
            auc_loss: 0 gives the first version's log odds.
        """
        if auc_loss == 0.0:
            return self.log_odds
        goal = auc(self.log_odds[self.baseline], defaulted[self.baseline]) - auc_loss
        low, high = 0.0, 4.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            better = auc(self.blurred(middle)[served], defaulted[served]) > goal
            low, high = (middle, high) if better else (low, middle)
        return self.blurred(high)


def probability(log_odds: Floats) -> Floats:
    """Probability of default from log odds without the intercept."""
    return 1.0 / (1.0 + np.exp(-(INTERCEPT + log_odds)))


def auc(score: Floats, positive: Flags) -> float:
    """Area under the ROC curve of scores that hardly ever tie: the Mann–Whitney form.

    >>> auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    rank = np.empty(score.size)
    rank[np.argsort(score, kind="stable")] = np.arange(1, score.size + 1)
    positives = int(positive.sum())
    above = rank[positive].sum() - positives * (positives + 1) / 2
    return float(above / (positives * (score.size - positives)))
