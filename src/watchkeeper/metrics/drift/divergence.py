"""Divergences between two rows of shares, and what each is on average when nothing has changed."""

from __future__ import annotations

import numpy as np
from scipy import special

from watchkeeper.statistics.counts import Floats

JEFFREYS = 0.5
"""Count added to every bin so that an empty one costs little."""


def smoothed(share: Floats, n_eff: Floats, pseudo_count: float = JEFFREYS, used: Floats | None = None) -> Floats:
    """Shares after adding ``pseudo_count`` rows to every bin: ``(share n + a) / (n + a bins)``.

    Args:
        share: shape (cells, bins), each row summing to 1.
        n_eff: rows, shape (cells,).
        pseudo_count: 0.5 is Jeffreys' prior.
        used: 1 for the bins that count, 0 for the others, which keep a share of 0; all count by default.
    """
    counted = np.ones_like(share) if used is None else used
    bins = counted.sum(axis=-1, keepdims=True)
    n = np.asarray(n_eff, np.float64)[..., None]
    total = np.broadcast_to(n + pseudo_count * bins, share.shape)
    return np.divide((share * n + pseudo_count) * counted, total, out=np.zeros(share.shape), where=total > 0)


def kl(p: Floats, q: Floats) -> Floats:
    """Kullback-Leibler divergence ``sum q ln(q / p)`` in nats, shape (cells,); infinite where q > 0 = p."""
    return special.rel_entr(q, p).sum(axis=-1)


def psi_terms(p: Floats, q: Floats) -> Floats:
    """What each bin adds to the population stability index, ``(q - p) ln(q / p)``, shape (cells, bins)."""
    return special.rel_entr(q, p) + special.rel_entr(p, q)


def jensen_shannon(p: Floats, q: Floats) -> Floats:
    """Jensen-Shannon divergence in nats, from 0 to ln 2, shape (cells,). Source: Lin (1991)."""
    middle = (p + q) / 2
    return np.clip((special.rel_entr(p, middle) + special.rel_entr(q, middle)).sum(axis=-1) / 2, 0, np.log(2))


def psi_floor(bins: Floats, s: Floats) -> Floats:
    """Mean of the population stability index when nothing has changed, ``(B - 1) s``.

    Args:
        bins: number of bins with baseline rows, shape (cells,).
        s: ``1 / n + 1 / m`` of baseline and current rows, shape (cells,).
    """
    return (bins - 1) * s


def jensen_shannon_floor(bins: Floats, s: Floats) -> Floats:
    """Mean of the Jensen-Shannon divergence in nats when nothing has changed, ``(B - 1) s / 8``."""
    return psi_floor(bins, s) / 8
