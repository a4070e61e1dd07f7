"""How well cosines tell related pairs from unrelated ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedlib.errors import InputError

_BINS = 50
_DRAWS_AT_ONCE = 100


@dataclass(frozen=True)
class Separation:
    """Area under the ROC curve, Cohen's d and the overlap of the two distributions."""

    auc: float
    d: float
    overlap: float


def separate(related: NDArray[np.floating], unrelated: NDArray[np.floating]) -> Separation:
    """Measure how far two samples of scores, (n,) and (m,), lie apart.

    `auc` is the chance that a related pair scores higher than an unrelated one, ties counting half
    (hanley1982meaning); `d` the difference of means in pooled standard deviations (cohen1988power);
    `overlap` the shared area of the two histograms with 50 bins over their common range, 1 where
    they coincide (inman1989overlapping).

    Raises `InputError` for a sample of fewer than two scores or with NaN, or where all scores agree.
    """
    one = [np.ones((1, len(sample)), dtype=np.uint8) for sample in (related, unrelated)]
    row = bootstrap_separation(related, unrelated, *one).iloc[0]
    return Separation(float(row["auc"]), float(row["d"]), float(row["overlap"]))


def bootstrap_separation(
    related: NDArray[np.floating], unrelated: NDArray[np.floating], related_counts: NDArray[np.uint8],
    unrelated_counts: NDArray[np.uint8],
) -> pd.DataFrame:  # fmt: skip
    """Measure `separate` in each bootstrap sample of pairs: a row a draw, columns auc, d, overlap.

    Counts are (draws, n) and (draws, m): how often each pair was drawn. Using the same counts for
    several models makes their differences paired. Raises `InputError` as `separate` does and where
    the shapes do not match.
    """
    for sample, counts in ((related, related_counts), (unrelated, unrelated_counts)):
        if sample.ndim != 1 or len(sample) < 2 or not np.isfinite(sample).all():
            raise InputError(f"a separation needs two samples of at least 2 finite scores, got {sample.shape}")
        if counts.ndim != 2 or counts.shape[1] != len(sample) or len(counts) != len(related_counts):
            raise InputError(f"counts {counts.shape} do not fit {len(sample)} scores and {len(related_counts)} draws")
    scores = np.concatenate([related, unrelated]).astype(np.float64)
    if np.ptp(scores) == 0:
        raise InputError("all scores are equal: nothing can be told apart")
    values, rank = np.unique(scores, return_inverse=True)
    bins = np.minimum((scores - scores.min()) / np.ptp(scores) * _BINS, _BINS - 1).astype(int)
    n = len(related)
    draws = [
        pd.DataFrame({
            "auc": _auc(left, right, rank[:n], rank[n:], len(values)),
            "d": _cohens_d(left, right, scores[:n], scores[n:]),
            "overlap": np.minimum(_shares(left, bins[:n], _BINS), _shares(right, bins[n:], _BINS)).sum(axis=1),
        })
        for start in range(0, len(related_counts), _DRAWS_AT_ONCE)
        for left in [related_counts[start : start + _DRAWS_AT_ONCE].astype(np.float64)]
        for right in [unrelated_counts[start : start + _DRAWS_AT_ONCE].astype(np.float64)]
    ]  # fmt: skip
    return pd.concat(draws, ignore_index=True)


def _shares(weights: NDArray[np.float64], places: NDArray[np.intp], size: int) -> NDArray[np.float64]:
    """Give the weight of each place in each draw, rows summing to one: (draws, size)."""
    cells = np.arange(len(weights))[:, None] * size + places
    sums = np.bincount(cells.ravel(), weights.ravel(), minlength=len(weights) * size).reshape(len(weights), size)
    shares: NDArray[np.float64] = sums / sums.sum(axis=1, keepdims=True)
    return shares


def _auc(
    left: NDArray[np.float64], right: NDArray[np.float64], left_rank: NDArray[np.intp], right_rank: NDArray[np.intp],
    size: int,
) -> NDArray[np.float64]:  # fmt: skip
    below = _shares(right, right_rank, size)
    area: NDArray[np.float64] = (_shares(left, left_rank, size) * (below.cumsum(axis=1) - below / 2)).sum(axis=1)
    return area


def _cohens_d(
    left: NDArray[np.float64], right: NDArray[np.float64], related: NDArray[np.float64], unrelated: NDArray[np.float64]
) -> NDArray[np.float64]:
    n, m = left.sum(axis=1), right.sum(axis=1)
    mean_n, mean_m = left @ related / n, right @ unrelated / m
    squares = left @ related**2 - n * mean_n**2 + right @ unrelated**2 - m * mean_m**2
    d: NDArray[np.float64] = (mean_n - mean_m) / np.sqrt(np.maximum(squares, 1e-30) / (n + m - 2))
    return d
