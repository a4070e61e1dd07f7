"""Tests of whether two models differ, and what many tests are worth."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from embedlib.errors import InputError


def permutation_table(scores: pd.DataFrame, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """Test every two columns of scores for the same mean by `paired_permutation`, corrected by `holm`.

    `scores` has a row an item and a column a model. Gives a row for each two models, in their order,
    indexed by model and other: difference of the means, p, and "p, corrected" (good2005permutation,
    holm1979simple). Raises `InputError` for NaN or fewer than two items.

    Example:
        >>> scores = pd.DataFrame({"gemma": [3.0, 5, 4, 6], "glove": [1.0, 4.5, 4.2, 3]})
        >>> permutation_table(scores, 1000, np.random.default_rng(0)).reset_index().round(3)
           model  other  difference     p  p, corrected
        0  gemma  glove       1.325  0.25          0.25
    """
    twos = list(itertools.combinations(scores.columns, 2))
    rows = []
    for model, other in twos:
        first, second = scores[model], scores[other]
        p = paired_permutation(first.to_numpy(), second.to_numpy(), draws, rng)
        rows.append((first.mean() - second.mean(), p))
    index = pd.MultiIndex.from_tuples(twos or [], names=["model", "other"])
    table = pd.DataFrame(rows, index, ["difference", "p"], dtype=float)
    return table.assign(**{"p, corrected": holm(table["p"].to_numpy())})


def paired_permutation(
    first: NDArray[np.floating], second: NDArray[np.floating], draws: int, rng: np.random.Generator
) -> float:
    """Test whether two models' scores on the same items, (n,) each, have the same mean; gives a p-value.

    Two-sided; in each draw the two scores of every item are exchanged at random (good2005permutation).
    Raises `InputError` for scores that do not match, or hold NaN, or are fewer than two.

    Example:
        >>> first, second = np.array([3.0, 5.0, 4.0, 6.0]), np.array([1.0, 4.5, 4.2, 3.0])
        >>> paired_permutation(first, second, 1000, np.random.default_rng(0))
        0.25
    """
    if first.shape != second.shape or first.ndim != 1 or len(first) < 2 or not np.isfinite([first, second]).all():
        raise InputError(
            f"a paired test needs two finite samples of equal length, got {first.shape} and {second.shape}"
        )

    def mean_gap(one: NDArray[np.floating], other: NDArray[np.floating], axis: int) -> NDArray[np.floating]:
        gap: NDArray[np.floating] = (one - other).mean(axis=axis)
        return gap

    found = stats.permutation_test(
        (first, second), mean_gap, permutation_type="samples", vectorized=True, n_resamples=draws, rng=rng
    )
    return float(found.pvalue)


def holm(p_values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Adjust p-values for their number by Holm's step-down method (holm1979simple); (n,) to (n,).

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.06, 0.06])
    """
    order = np.argsort(p_values, kind="stable")
    scaled = np.asarray(p_values, dtype=np.float64)[order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(scaled))
    return adjusted
