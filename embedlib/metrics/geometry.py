"""The shape of a cloud of vectors, and what makes it rounder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from embedlib.errors import InputError
from embedlib.metrics.similarity import Vectors, centre


@dataclass(frozen=True)
class Hubness:
    """Skew of how often a word is among others' neighbours, the largest such number, and the share never named."""

    skew: float
    largest: int
    orphans: float


def _variances(vectors: Vectors) -> NDArray[np.float64]:
    """Give the variances along the principal axes, largest first: (d,) float64."""
    if len(vectors) < 2 or vectors.shape[1] < 2:
        raise InputError(f"a cloud needs at least two vectors of at least two dimensions, not {vectors.shape}")
    rows = centre(vectors).astype(np.float64)
    variances = np.linalg.eigvalsh(rows.T @ rows)[::-1] / (len(rows) - 1)
    if variances[0] <= 0:
        raise InputError("all vectors are equal: the cloud has no shape")
    return np.maximum(variances, 0)


def isoscore(vectors: Vectors) -> float:
    """Measure how evenly a cloud uses its dimensions: 1 all alike, 0 only one (rudman2022isoscore).

    Depends on the variances along the principal axes alone, and not on the mean. Raises
    `InputError` for fewer than two vectors or vectors that are all equal.

    Example:
        >>> corners = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=np.float32)
        >>> round(isoscore(corners), 6)
        1.0
        >>> round(isoscore(corners * np.array([1, 0.5], dtype=np.float32)), 2)
        0.47
    """
    variances = _variances(vectors)
    d = len(variances)
    scaled = np.sqrt(d) * variances / np.linalg.norm(variances)
    defect = np.linalg.norm(scaled - 1) / np.sqrt(2 * (d - np.sqrt(d)))
    used = (d - defect**2 * (d - np.sqrt(d))) ** 2 / d**2
    return float((d * used - 1) / (d - 1))


def effective_rank(vectors: Vectors) -> float:
    """Give the exponential of the entropy of the singular values of the centred rows (roy2007effective).

    Between 1 and d. Raises `InputError` as `isoscore` does.

    Example:
        >>> corners = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=np.float32)
        >>> round(effective_rank(corners), 6)
        2.0
    """
    return float(np.exp(stats.entropy(np.sqrt(_variances(vectors)))))


def hubness(neighbours: NDArray[np.int32]) -> Hubness:
    """Say how unevenly words are named as neighbours, from (n, k) rows (radovanovic2010hubs).

    Example:
        >>> found = hubness(np.array([[1], [0], [1], [1]], dtype=np.int32))
        >>> found.largest, found.orphans
        (3, 0.5)
    """
    occurrence = np.bincount(neighbours.ravel(), minlength=len(neighbours))
    return Hubness(float(stats.skew(occurrence)), int(occurrence.max()), float((occurrence == 0).mean()))


def hubs(neighbours: NDArray[np.int32], number: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the rows named most often as neighbours, from (n, k) rows: (number,) rows and how often each is.

    The most named comes first; of equals the earlier row. Raises `InputError` for a number outside 1 to n.

    Example:
        >>> hubs(np.array([[1], [0], [1], [1]], dtype=np.int32), 2)
        (array([1, 0]), array([3, 1]))
    """
    if not 1 <= number <= len(neighbours):
        raise InputError(f"number is {number}; allowed: 1 to {len(neighbours)}, the number of vectors")
    occurrence = np.bincount(neighbours.ravel(), minlength=len(neighbours))
    order = np.argsort(-occurrence, kind="stable")[:number]
    return order, occurrence[order]


def remove_components(vectors: Vectors, components: int) -> Vectors:
    """Centre rows and take away their first principal components (mu2018allbutthetop).

    Raises `InputError` for a number of components outside 0 to d - 1.

    Example:
        >>> vectors = np.array([[3, 1], [-3, 1], [3, -1], [-3, -1]], dtype=np.float32)
        >>> np.abs(remove_components(vectors, 1)).round(6)
        array([[0., 1.],
               [0., 1.],
               [0., 1.],
               [0., 1.]], dtype=float32)
    """
    if not 0 <= components < vectors.shape[1]:
        raise InputError(f"components is {components}; allowed: 0 to {vectors.shape[1] - 1}")
    rows = centre(vectors)
    if not components:
        return rows
    _, axes = np.linalg.eigh(rows.T.astype(np.float64) @ rows.astype(np.float64))
    top: Vectors = axes[:, ::-1][:, :components].astype(np.float32)
    left: Vectors = (rows - (rows @ top) @ top.T).astype(np.float32, copy=False)
    return left


def without_shared_directions(vectors: Vectors, components: int) -> dict[str, Vectors]:
    """Give vectors as they are, centred, and without their first principal components (mu2018allbutthetop).

    Three (n, d) float32, by name. The first is `vectors` itself. Raises `InputError` as
    `remove_components` does.

    Example:
        >>> vectors = np.array([[3, 1], [-3, 1], [3, -1], [-3, -1]], dtype=np.float32)
        >>> list(without_shared_directions(vectors, 1))
        ['as they are', 'centred', '1 components removed']
    """
    return {
        "as they are": vectors,
        "centred": remove_components(vectors, 0),
        f"{components} components removed": remove_components(vectors, components),
    }


def whiten(vectors: Vectors) -> Vectors:
    """Centre rows and scale every principal axis to variance one (su2021whitening).

    Axes with less than a millionth of the largest variance hold rounding alone and are dropped:
    (n, d) to (n, d or fewer). Raises `InputError` for fewer than two vectors.

    Example:
        >>> vectors = np.array([[3, 1], [-3, 1], [3, -1], [-3, -1]], dtype=np.float32)
        >>> whiten(vectors).std(axis=0, ddof=1).round(3)
        array([1., 1.], dtype=float32)
    """
    if len(vectors) < 2:
        raise InputError(f"whitening needs at least two vectors, got {len(vectors)}")
    rows = centre(vectors).astype(np.float64)
    variances, axes = np.linalg.eigh(rows.T @ rows / (len(rows) - 1))
    kept = variances > variances[-1] * 1e-6
    white: Vectors = (rows @ (axes[:, kept] / np.sqrt(variances[kept]))[:, ::-1]).astype(np.float32)
    return white
