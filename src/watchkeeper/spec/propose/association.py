"""How much one column tells of another: areas under the curve, correlations, purity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.spec.propose.columns import Column, Kind

_FEW = 200
_LEAST_A_CLASS = 20


def area(values: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve of values against a class, ties counted half; NaN where one side is empty.

    >>> float(area(np.array([1.0, 2.0, 3.0]), np.array([False, False, True])))
    1.0
    """
    yes, no = int(positive.sum()), int((~positive).sum())
    if not yes or not no:
        return float("nan")
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2.0)[place]
    return float((ranks[positive].sum() - yes * (yes + 1) / 2.0) / (yes * no))


def told_by(column: Column, positive: NDArray[np.bool_], rows: NDArray[np.bool_]) -> float:
    """How well a column alone tells a class, 0.5 (not at all) to 1: the best area of its order or of its groups.

    A missing value is a value of its own. Groups count where they are few, so that chance tells little.
    """
    truth = positive[rows]
    if min(truth.sum(), (~truth).sum()) < _LEAST_A_CLASS:
        return 0.5
    found = [0.5]
    if column.is_numeric:
        numbers = column.numbers[rows]
        found.append(area(np.where(np.isnan(numbers), -np.inf, numbers), truth))
    elif column.kind is Kind.TIME or column.kind is Kind.OTHER:
        found.append(area((column.codes[rows] < 0).astype(float), truth))
    codes = column.codes[rows]
    if codes.max(initial=0) < min(_FEW, truth.size / 50):
        found.append(area(_rates(codes, truth), truth))
    return max(max(one, 1.0 - one) for one in found)


def _rates(codes: NDArray[np.int64], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    groups = codes + 1
    size = np.bincount(groups)
    return (np.bincount(groups, truth.astype(float), size.size) / np.maximum(size, 1))[groups]


def purity(column: Column, codes: NDArray[np.int64]) -> float:
    """Share of rows whose class is the most frequent of their group, beyond what one class for all would give; 0 to 1.

    0 where the groups are too many to tell.
    """
    groups = column.codes + 1
    if groups.max(initial=0) >= min(_FEW, codes.size / 50) or not codes.size:
        return 0.0
    classes = codes + 1
    counts = np.bincount(groups * (classes.max() + 1) + classes, minlength=(groups.max() + 1) * (classes.max() + 1))
    table = counts.reshape(groups.max() + 1, -1)
    base = table.sum(axis=0).max() / codes.size
    return float((table.max(axis=1).sum() / codes.size - base) / (1.0 - base)) if base < 1.0 else 0.0


def correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Pearson's correlation of the rows that have both, 0 where one does not vary."""
    both = np.isfinite(first) & np.isfinite(second)
    a, b = first[both], second[both]
    if a.size < _LEAST_A_CLASS or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
