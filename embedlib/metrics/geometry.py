"""The shape of a cloud of vectors, what makes it rounder, and what goes with it over models."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from embedlib.errors import InputError
from embedlib.metrics.similarity import Vectors, centre

_MOST_COUNTED = 9  # 9! is 362,880 orders


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


@dataclass(frozen=True)
class ModelCorrelation:
    """Spearman's correlation over models, its p-value, and the least p-value that so many models can give."""

    spearman: float
    p: float
    least_p: float
    models: int


def correlate_models(
    first: pd.Series | ArrayLike, second: pd.Series | ArrayLike, *, draws: int | None = None,
    rng: np.random.Generator | None = None,
) -> ModelCorrelation:  # fmt: skip
    """Correlate two scores over models by rank, with the p-value of a permutation test (good2005permutation).

    `first` and `second` are (n,), a value a model; two Series are matched by their labels. Models with NaN are left
    out. `p` is the share of all orders of the models in which Spearman's correlation (spearman1904proof) is at least
    as far from zero as it is here. `least_p` is what it would be at best: 2 / n! without equal scores. With up to nine
    models all n! orders are counted. For more, give `draws` and `rng`: then p is that of random orders, this one
    counted among them, and no less than 1 / (draws + 1).

    Raises `InputError` for lengths or labels that differ, infinite scores, fewer than three models, a score that all
    models share, and more than nine models without `draws` and `rng`.

    Example:
        >>> found = correlate_models([0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.9, 0.7])
        >>> round(found.spearman, 6), round(found.p, 3), round(found.least_p, 3)
        (0.8, 0.333, 0.083)
    """
    both = _side_by_side(first, second).dropna()
    n = len(both)
    if n < 3 or np.isinf(both.to_numpy()).any():
        raise InputError(f"a correlation over models needs at least 3 models with finite scores, not these {n}")
    # Twice the ranks, centred, are whole numbers also where scores are equal: no order is missed by rounding.
    ranks = np.rint(2 * both.rank().to_numpy() - (n + 1)).astype(np.int64)
    if not ranks.any(axis=0).all():
        raise InputError("all models have the same score: nothing can go with it")
    x, y = ranks.T
    scale = math.sqrt(float(x @ x) * float(y @ y))
    if n <= _MOST_COUNTED:
        orders = np.array(list(itertools.permutations(range(n))), dtype=np.intp)
        sums = np.abs(y[orders] @ x)
        p, least = (sums >= abs(x @ y)).mean(), (sums == sums.max()).mean()
    elif draws is None or rng is None or draws < 1:
        raise InputError(
            f"{n} models have too many orders to count them all (the most is {_MOST_COUNTED} models): give `draws` of "
            "at least 1 and `rng`"
        )
    else:
        sums = np.abs(rng.permuted(np.tile(y, (draws, 1)), axis=1) @ x)
        p, least = (1 + (sums >= abs(x @ y)).sum()) / (draws + 1), 1 / (draws + 1)
    return ModelCorrelation(float(x @ y) / scale, float(p), float(least), n)


def _side_by_side(first: pd.Series | ArrayLike, second: pd.Series | ArrayLike) -> pd.DataFrame:
    """Put two values of each model side by side; labels must be the same ones."""
    if isinstance(first, pd.Series) and isinstance(second, pd.Series):
        if not first.index.is_unique or not second.index.is_unique or set(first.index) != set(second.index):
            raise InputError(f"scores of the same models are needed: {list(first.index)} and {list(second.index)}")
        return pd.DataFrame({"first": first, "second": second}).astype(np.float64)
    left, right = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if left.shape != right.shape or left.ndim != 1:
        raise InputError(f"two scores of each model are needed, not {left.shape} and {right.shape}")
    return pd.DataFrame({"first": left, "second": right})
