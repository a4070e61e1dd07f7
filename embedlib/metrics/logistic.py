"""Logistic regression of many weighted samples of the same rows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from embedlib.errors import InputError

# Rows of all samples that are fitted side by side: what a processor's cache holds.
_ROWS_AT_ONCE = 2**17
# A step of 1e-6 leaves an error of about its square.
_STEPS, _NEAR, _SINGULAR = 30, 1e-6, 1e12


def logistic_fits(
    columns: NDArray[np.float64], wins: NDArray[np.float64], weights: ArrayLike, *, start: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Fit a logistic regression without a penalty to each weighted sample of the same rows (cox1958regression).

    `columns` is (n, k), with a column of ones for an intercept, in scales that are alike; `wins` is (n,),
    from 0 to 1, where a half is half a win and half a loss; `weights` is (samples, n), as the counts of a
    bootstrap. Gives the coefficients of each sample, (samples, k), by Newton's method from `start` or from
    zero. They are those of scikit-learn's `LogisticRegression`, which would fit one sample at a time. NaN
    is a sample without a finite fit: a combination of columns tells its wins from its losses
    (albert1984existence), or a column follows from others. Raises `InputError` for shapes that do not
    match or wins outside 0 to 1.

    Example:
        >>> columns = np.array([[1.0, 0], [1, 0], [1, 0], [1, 0], [1, 1], [1, 1]])
        >>> wins = np.array([1.0, 1, 1, 0, 1, 0])
        >>> logistic_fits(columns, wins, np.ones((1, 6))).round(3)
        array([[ 1.099, -1.099]])
    """
    counts, n = np.asarray(weights), len(wins)
    if columns.ndim != 2 or wins.shape != columns.shape[:1] or counts.ndim != 2 or counts.shape[1:] != wins.shape:
        raise InputError(f"columns {columns.shape}, wins {wins.shape} and weights {counts.shape} do not fit together")
    if not n or not ((wins >= 0) & (wins <= 1)).all():
        raise InputError(f"wins are numbers from 0 to 1, at least one; got {wins[:5]}")
    first = np.zeros(columns.shape[1]) if start is None else np.asarray(start, dtype=np.float64)
    if np.isnan(first).any():
        first = np.zeros(columns.shape[1])
    size = max(1, _ROWS_AT_ONCE // n)
    parts = [counts[at : at + size].astype(np.float64) for at in range(0, len(counts), size)]
    return np.concatenate([_fit(columns, wins, part, first) for part in parts])


def _fit(
    columns: NDArray[np.float64], wins: NDArray[np.float64], weights: NDArray[np.float64], first: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Take Newton's steps of all samples together, until none moves or all have failed."""
    k = columns.shape[1]
    # The products of every two columns, of which a weighted sum is a sample's information: (n, k * k).
    products = (columns[:, :, None] * columns[:, None, :]).reshape(len(columns), k * k)
    found = np.tile(first, (len(weights), 1))
    moving = np.ones(len(weights), dtype=bool)
    for _ in range(_STEPS):
        some = weights[moving]
        chance = special.expit(found[moving] @ columns.T)
        score = (some * (wins - chance)) @ columns
        information = ((some * chance * (1 - chance)) @ products).reshape(-1, k, k)
        # Information that is gone is a fit that has run away, or columns that follow from one another.
        lost = ~(np.linalg.cond(information) < _SINGULAR)
        information[lost], score[lost] = np.eye(k), np.nan
        step = np.linalg.solve(information, score[:, :, None])[:, :, 0]
        found[moving] += step
        moving[moving] = np.abs(step).max(axis=1) > _NEAR
        if not moving.any():
            return found
    found[moving] = np.nan
    return found
