"""A small model to deploy: logistic regression on standardised numbers and one-hot categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_RIDGE, _STEPS = 1.0, 25


@dataclass(frozen=True)
class Logistic:
    """Standardised by the rows it was fitted on; a category it has not seen counts as none, a missing number as mean.

    Args:
        moments: mean and standard deviation of each numeric column.
        categories: the categories of each categorical column.
        weights: intercept, numbers, then categories, shape (parameters,).
    """

    moments: dict[str, tuple[float, float]]
    categories: dict[str, list[str]]
    weights: Floats

    @classmethod
    def fitted(cls, rows: pa.Table, positive: Floats, numbers: list[str], texts: list[str]) -> Logistic:
        """Newton's steps with a ridge of 1 on everything but the intercept; deterministic.

        Args:
            positive: 1 for a positive row, 0 for another, shape (rows,).
        """
        columns = {name: rows[name].to_numpy().astype(np.float64) for name in numbers}
        moments = {name: (float(np.nanmean(x)), float(np.nanstd(x)) or 1.0) for name, x in columns.items()}
        categories = {name: sorted(pc.unique(rows[name]).drop_null().to_pylist()) for name in texts}
        x = _design(rows, moments, categories)
        weights, ridge = np.zeros(x.shape[1]), np.full(x.shape[1], _RIDGE)
        ridge[0] = 1e-6
        for _ in range(_STEPS):
            p = _sigmoid(x @ weights)
            curvature = (x * (p * (1 - p))[:, None]).T @ x + np.diag(ridge)
            weights = weights + np.linalg.solve(curvature, x.T @ (positive - p) - ridge * weights)
        return cls(moments, categories, weights)

    def scores(self, rows: pa.Table) -> Floats:
        """Probability of the positive class, shape (rows,)."""
        return _sigmoid(_design(rows, self.moments, self.categories) @ self.weights)


def _design(rows: pa.Table, moments: dict[str, tuple[float, float]], categories: dict[str, list[str]]) -> Floats:
    parts = [np.ones(rows.num_rows)]
    for name, (mean, sd) in moments.items():
        parts.append(np.nan_to_num((rows[name].to_numpy().astype(np.float64) - mean) / sd))
    for name, values in categories.items():
        found = pc.fill_null(rows[name], "").to_numpy()
        parts += [(found == value).astype(np.float64) for value in values]
    return np.column_stack(parts)


def _sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(x, -35, 35)))
