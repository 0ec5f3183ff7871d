"""The law of the population stability index: how large it is by chance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from watchkeeper.statistics.counts import Floats


class PsiNull(NamedTuple):
    """Where a population stability index stands in its law; every array has the shape of the input.

    ``critical_no_change`` answers "is there any change", ``critical_tolerance`` "is it larger than the tolerance".
    """

    expected: Floats
    std: Floats
    critical_no_change: Floats
    p_value_no_change: Floats
    critical_tolerance: Floats
    p_value_tolerance: Floats
    excess: Floats


def psi_null(psi: ArrayLike, s: ArrayLike, bins: ArrayLike, *, alpha: float = 0.001, tolerance: float = 0.1) -> PsiNull:
    """Compare indices with the law that ``psi / s`` is chi-square with ``bins - 1`` degrees of freedom.

    With a true index of ``tolerance`` the law is noncentral with ``tolerance / s``. Rows are taken as independent.

    Args:
        psi: observed indices, in nats.
        s: ``1 / n + 1 / m`` for n baseline and m current rows (effective rows where weighted).
        bins: number of bins, at least 2.
        alpha: chance of a false alarm per look.
        tolerance: the largest index that is of no interest.

    Source: Yurdakul (2018), Statistical Properties of Population Stability Index; Potgieter et al. (2023).

    >>> round(float(psi_null(0.12, 1 / 10_000 + 1 / 200, 10).critical_no_change), 3)
    0.142
    """
    from scipy import stats

    value, scale, free = np.broadcast_arrays(*(np.asarray(part, np.float64) for part in (psi, s, bins)))
    freedom = free - 1
    shift = tolerance / scale
    return PsiNull(
        expected=freedom * scale,
        std=np.sqrt(2 * freedom) * scale,
        critical_no_change=scale * stats.chi2.isf(alpha, freedom),
        p_value_no_change=stats.chi2.sf(value / scale, freedom),
        critical_tolerance=scale * stats.ncx2.isf(alpha, freedom, shift),
        p_value_tolerance=stats.ncx2.sf(value / scale, freedom, shift),
        excess=value - freedom * scale,
    )


def psi_spread(psi: Floats, bins: Floats, s: Floats) -> Floats:
    """Standard error of an index: ``s sqrt(2 (B - 1) + 4 d / s)``, d the excess over the noise floor."""
    excess = np.clip(psi - (bins - 1) * s, 0, None)
    return np.sqrt(2 * np.clip(bins - 1, 0, None) * s * s + 4 * excess * s)
