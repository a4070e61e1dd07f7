"""Rotate one cloud of vectors towards another, and test on pairs that the rotation was not fitted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import orthogonal_procrustes

from embedlib.errors import InputError
from embedlib.metrics.similarity import Vectors

_LEAST_PAIRS = 2  # of which a rotation is fitted


@dataclass(frozen=True, eq=False)
class Rotated:
    """Pairs of vectors, the first rotated towards the second with a rotation that no word of the pair had a part in.

    `first` and `second` are (n, d) float64, a row a pair; a pair for which too few others were left to fit a rotation
    on is NaN in both. `fold` is (n,), the part of the data that each pair was tested in. `fitted` is (folds, n) bool:
    the pairs that the rotation of each part was fitted on.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    fold: NDArray[np.intp]
    fitted: NDArray[np.bool_]

    @property
    def tested(self) -> NDArray[np.bool_]:
        """Say of each pair whether it could be rotated: (n,)."""
        tested: NDArray[np.bool_] = np.asarray(np.isfinite(self.first).all(axis=1))
        return tested

    @property
    def fitted_on(self) -> NDArray[np.intp]:
        """Count the pairs behind the rotation of each pair: (n,)."""
        counts: NDArray[np.intp] = self.fitted.sum(axis=1)[self.fold]
        return counts


def fit_rotation(first: Vectors, second: Vectors, *, prior: float = 0.0) -> NDArray[np.float64]:
    """Find the rotation, or reflection, that takes first rows nearest to second rows (schonemann1966generalized).

    (n, d) and (n, d) to (d, d), by which rows are multiplied from the right. A few pairs do not fix a rotation of many
    dimensions. With `prior` no rotation at all counts as so many pairs more in each direction, as long as the first
    rows are in a direction on average. Raises `InputError` for shapes that differ, no rows, or a prior below zero.

    Example:
        >>> first = np.array([[1, 0], [0, 2], [1, 1]], dtype=np.float32)
        >>> quarter = np.array([[0, 1], [-1, 0]])
        >>> bool(np.allclose(fit_rotation(first, first @ quarter), quarter))
        True
        >>> bool(np.allclose(fit_rotation(first, first @ quarter, prior=1e9), np.eye(2), atol=1e-3))
        True
    """
    if first.shape != second.shape or first.ndim != 2 or not len(first):
        raise InputError(f"a rotation needs rows of the same shape, at least one, not {first.shape} and {second.shape}")
    if prior < 0:
        raise InputError(f"prior is {prior}; allowed: 0 or more")
    given, wanted = first.astype(np.float64), second.astype(np.float64)
    dimensions = given.shape[1]
    # How long the first rows are in a direction, on average over the directions.
    spread = np.linalg.norm(given) / np.sqrt(dimensions)
    still = np.sqrt(prior) * spread * np.eye(dimensions)
    turn, _ = orthogonal_procrustes(np.vstack([given, still]), np.vstack([wanted, still]))
    rotation: NDArray[np.float64] = turn
    return rotation


def cross_fit_rotation(
    first: Vectors, second: Vectors, words: pd.DataFrame, same: ArrayLike, *, folds: int, rng: np.random.Generator,
    prior: float = 0.0,
) -> Rotated:  # fmt: skip
    """Rotate the first vector of every pair with a rotation that was fitted on other words.

    `first` and `second` are (n, d), a row a pair; `words` is a frame of n rows with the two words of each, and `same`,
    (n,) bool, says which pairs mean the same: a rotation is fitted on these alone. Pairs are dealt out to `folds`
    parts by `rng`. The rotation of a part is fitted on pairs outside it that share no word with it, in either place
    (`fit_rotation` and its `prior`). Raises `InputError` for lengths that differ, or fewer than 2 folds.

    Example:
        >>> first = np.array([[1, 0], [0, 2], [1, 1], [2, 1]], dtype=np.float32)
        >>> second = first @ np.array([[0, 1], [-1, 0]], dtype=np.float32)
        >>> words = pd.DataFrame({"word1": ["dog", "cat", "sun", "dog"], "word2": ["Hund", "Katze", "Sonne", "Tier"]})
        >>> found = cross_fit_rotation(first, second, words, [True] * 4, folds=4, rng=np.random.default_rng(0))
        >>> bool(np.allclose(found.first, found.second)), found.fitted_on.tolist()
        (True, [2, 3, 3, 2])
    """
    n = len(first)
    is_same = np.asarray(same, dtype=bool)
    if not n == len(second) == len(words) == len(is_same):
        sizes = f"{n}, {len(second)}, {len(words)} and {len(is_same)}"
        raise InputError(f"pairs need two vectors, two words and whether they mean the same, not {sizes} of them")
    if folds < 2:
        raise InputError(f"folds is {folds}; allowed: 2 or more")
    rotated = np.full((2, n, first.shape[1]), np.nan)
    fold = rng.permutation(n) % folds
    fitted = np.zeros((folds, n), dtype=bool)
    for part in range(folds):
        test = fold == part
        own = set(words[test].to_numpy().ravel())
        # Words, not only pairs: what shares one with the pairs to test says something of them.
        fitted[part] = ~test & is_same & ~words.isin(own).any(axis=1).to_numpy()
        if fitted[part].sum() < _LEAST_PAIRS:
            continue
        turn = fit_rotation(first[fitted[part]], second[fitted[part]], prior=prior)
        rotated[0, test], rotated[1, test] = first[test] @ turn, second[test]
    return Rotated(rotated[0], rotated[1], fold, fitted)
