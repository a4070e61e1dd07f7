"""How far two models agree: on pairs, on neighbours, on whole spaces."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from embedlib.errors import InputError
from embedlib.metrics.similarity import Vectors, centre


def rank_correlations(scores: pd.DataFrame) -> pd.DataFrame:
    """Correlate the ranks of every two columns over the same rows, rows with NaN left out.

    Gives a row for each two columns, in their order: first, second, pairs, spearman
    (spearman1904proof) and kendall (tau-b, kendall1945treatment). Raises `InputError` where two
    columns share fewer than three rows.
    """
    rows = []
    for first, second in itertools.combinations(scores.columns, 2):
        both = scores[[first, second]].dropna()
        if len(both) < 3:
            raise InputError(f"{first} and {second} share {len(both)} scores; a rank correlation needs at least 3")
        left, right = both[first].to_numpy(), both[second].to_numpy()
        spearman, kendall = stats.spearmanr(left, right).statistic, stats.kendalltau(left, right).statistic
        rows.append((first, second, len(both), float(spearman), float(kendall)))
    return pd.DataFrame(rows, columns=["first", "second", "pairs", "spearman", "kendall"])


def neighbour_overlap(first: NDArray[np.int32], second: NDArray[np.int32]) -> NDArray[np.float64]:
    """Give the share of each row's k neighbours that both models name: two (n, k) to (n,).

    Raises `InputError` where the shapes differ.
    """
    if first.shape != second.shape or first.ndim != 2:
        raise InputError(
            f"neighbours of the same words and the same k are needed, not {first.shape} and {second.shape}"
        )
    shared = sum((second == column[:, None]).any(axis=1) for column in first.T)
    share: NDArray[np.float64] = np.asarray(shared, dtype=np.float64) / first.shape[1]
    return share


def linear_cka(first: Vectors, second: Vectors) -> float:
    """Compare two models' vectors of the same words, (n, d) and (n, e), by linear CKA.

    1 for spaces that differ by a rotation and a scale (kornblith2019similarity). Raises
    `InputError` where the numbers of rows differ, are below two, or a model's rows are all equal.
    """
    if len(first) != len(second) or len(first) < 2:
        raise InputError(f"CKA needs the same words, at least 2: got {len(first)} and {len(second)} rows")
    x, y = centre(first).astype(np.float64), centre(second).astype(np.float64)
    own = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    if own == 0:
        raise InputError("CKA is not defined where all rows of a model are equal")
    return float(np.linalg.norm(y.T @ x) ** 2 / own)
