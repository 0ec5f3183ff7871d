"""Limits of distances between a column and its baseline, which depend on how many rows there are."""

from __future__ import annotations

import numpy as np

from watchkeeper.metrics.drift.psi_law import psi_null
from watchkeeper.rules.base import Comparison
from watchkeeper.rules.series import SeriesBlock
from watchkeeper.rules.spread import ALPHA
from watchkeeper.statistics.counts import Floats

TOLERANCE = 0.1
"""The largest population stability index that is of no interest; the other distances are held to the same."""
TYPICAL_N = 100
"""Rows that ten bins need."""


def distance(block: SeriesBlock) -> Comparison:
    """A distance against its largest value by chance where the truth is at the tolerance.

    ``psi``: the critical value c of its law; ``js_distance`` (base 2): ``sqrt(c / (8 ln 2))``, since the index is
    about 8 times the divergence in nats; ``ks``: ``0.128 + 1.95 sqrt(s)``, 0.128 being its size for a normal column
    at the tolerance. The number of bins is read off the noise floor.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        s = 1 / block.n_eff + 1 / block.baseline_n
        bins = _bins(block.name, block.noise_floor, s)
        least = np.where(block.name == "ks", 30, np.maximum(50, 10 * np.nan_to_num(bins)))
    few = (block.n_eff < least) | (block.baseline_n < least)
    limit = distance_limit(block.name, s, np.where(few, np.nan, bins))
    zero, none = np.zeros(block.shape), np.zeros(block.shape, np.bool_)
    return Comparison(block.value, zero, zero, 0.0, limit, 1, lambda x: x, few=few, young=none, learnt=~none)


def distance_limit(metric: str, s: Floats, bins: Floats) -> Floats:
    """The largest distance that is not beyond; ``s`` is 1/n + 1/m of both sides' effective rows."""
    if metric == "ks":
        return 0.128 + 1.95 * np.sqrt(s)
    critical = critical_psi(s, bins)
    return critical if metric == "psi" else np.sqrt(critical / (8 * np.log(2)))


def critical_psi(s: Floats, bins: Floats) -> Floats:
    """The index that one at the tolerance exceeds with probability ``ALPHA``; NaN where unknown."""
    out = np.full(np.shape(s), np.nan)
    known = np.isfinite(s) & (bins >= 2)
    if known.any():
        pairs, place = np.unique(np.stack([s[known], bins[known]]), axis=1, return_inverse=True)
        law = psi_null(0.0, pairs[0], pairs[1], alpha=ALPHA, tolerance=TOLERANCE)
        out[known] = law.critical_tolerance[place.ravel()]
    return out


def _bins(metric: str, noise_floor: Floats, s: Floats) -> Floats:
    freedom = noise_floor**2 * 8 * np.log(2) / s if metric == "js_distance" else noise_floor / s
    return np.rint(freedom) + 1
