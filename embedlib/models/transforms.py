"""What is done to vectors after pooling: fitted on vectors of named texts, applied to any (mu2018allbutthetop)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from embedlib.errors import InputError
from embedlib.models.reading import Transform

_Rows = NDArray[np.float32]  # (n, d)

# Axes with less than this share of the largest variance hold rounding alone.
_LEAST = 1e-6
# A row of length one is left with less than this where nothing is left of it.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class FittedTransform:
    """A transform with what was fitted: rows are scaled to length one, and `mean`, (d,), is subtracted.

    Then the directions `removed`, (d, k), are taken away, and rows are multiplied by `matrix`, (d, d), where there is
    one.
    """

    mean: NDArray[np.float64]
    removed: NDArray[np.float64] | None = None
    matrix: NDArray[np.float64] | None = None

    def apply(self, vectors: _Rows) -> _Rows:
        """Transform rows: (n, d) to (n, d) float32; a row of which nothing is left is all zeros."""
        rows = _unit(vectors) - self.mean
        if self.removed is not None:
            rows -= (rows @ self.removed) @ self.removed.T
        if self.matrix is not None:
            rows = rows @ self.matrix
        done: _Rows = rows.astype(np.float32)
        return done


def fit(transform: Transform, vectors: _Rows) -> FittedTransform:
    """Fit a transform on rows (n, d), of which there have to be more than it has directions.

    Raises `InputError` for too few rows, and for the transform that does nothing.

    Example:
        >>> rows = np.array([[3, 1], [-3, 1], [3, -1], [-3, -1]], dtype=np.float32)
        >>> fitted = fit(Transform(way="without", directions=1), rows)
        >>> np.abs(fitted.apply(rows)).round(3)[:, 0].tolist()
        [0.0, 0.0, 0.0, 0.0]
    """
    if transform.way == "none":
        raise InputError("nothing is done to these vectors, so there is nothing to fit")
    count, dimension = vectors.shape
    directions = dimension if transform.way == "whiten" else transform.directions
    if count <= max(directions, 1):
        raise InputError(
            f"{transform.label}: fitted on {count} vectors ({transform.fitted_on or 'no named texts'}), but "
            f"{max(directions, 1)} directions need more than {max(directions, 1)}"
        )
    if transform.way == "without" and directions >= dimension:
        raise InputError(f"{transform.label}: the vectors have {dimension} dimensions; allowed: 1 to {dimension - 1}")
    rows = _unit(vectors)
    mean = rows.mean(axis=0)
    if transform.way == "centre":
        return FittedTransform(mean)
    centred = rows - mean
    spread = centred.T @ centred / (count - 1)
    if transform.way == "without":
        _, top = eigh(spread, subset_by_index=(dimension - directions, dimension - 1))
        return FittedTransform(mean, removed=top)
    variances, axes = eigh(spread)
    # An axis that is left out is a column of zeros, which changes no cosine.
    kept = variances > variances[-1] * _LEAST
    scales = np.where(kept, 1 / np.sqrt(np.where(kept, variances, 1)), 0)
    return FittedTransform(mean, matrix=(axes * scales)[:, ::-1])


def _unit(vectors: _Rows) -> NDArray[np.float64]:
    rows = vectors.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
