"""Cosine similarity of pairs of vectors, and of all pairs at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedlib.errors import InputError

Vectors = NDArray[np.float32]
_DRAWS_AT_ONCE = 64
_PAIRS_AT_ONCE = 4096


@dataclass(frozen=True)
class PairMoments:
    """Mean and standard deviation of the cosines of all pairs of distinct rows, exact."""

    mean: float
    sd: float
    pairs: int


def unit(vectors: Vectors) -> Vectors:
    """Scale rows to length one: (n, d) to (n, d) float32; raises `InputError` for a zero row."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not norms.all():
        raise InputError(f"row {int(np.argmin(norms))} is all zeros and has no direction")
    rows: Vectors = (vectors / norms).astype(np.float32, copy=False)
    return rows


def centre(vectors: Vectors) -> Vectors:
    """Subtract the mean row: (n, d) to (n, d) float32 (mu2018allbutthetop)."""
    rows: Vectors = (vectors - vectors.mean(axis=0, dtype=np.float64)).astype(np.float32)
    return rows


def pairwise_cosine(vectors: Vectors, left: NDArray[np.intp], right: NDArray[np.intp]) -> NDArray[np.float32]:
    """Give the cosines of chosen pairs of rows: (n, d) and two (pairs,) arrays of rows to (pairs,).

    Raises `InputError` for arrays of rows that differ in length, or a zero row.
    """
    if left.shape != right.shape or left.ndim != 1:
        raise InputError(f"pairs need two 1-D arrays of equal length, not {left.shape} and {right.shape}")
    rows = unit(vectors)
    cosines = np.empty(len(left), dtype=np.float32)
    for start in range(0, len(left), _PAIRS_AT_ONCE):
        block = slice(start, start + _PAIRS_AT_ONCE)
        cosines[block] = np.einsum("ij,ij->i", rows[left[block]], rows[right[block]])
    return cosines


def all_pairs_moments(vectors: Vectors) -> PairMoments:
    """Give mean and sd of the cosine over all pairs of distinct rows, without visiting a pair.

    For unit rows U, the cosines of all ordered pairs sum to |sum of U|^2 and their squares to the
    squared Frobenius norm of U'U; taking the n pairs of a row with itself away leaves the rest.
    Costs O(n d^2); sums are float64. Raises `InputError` for fewer than two rows or a zero row.
    """
    n = len(vectors)
    if n < 2:
        raise InputError(f"pairs need at least two vectors, got {n}")
    rows = unit(vectors).astype(np.float64)
    own = np.einsum("ij,ij->i", rows, rows)
    total = rows.sum(axis=0)
    mean = (total @ total - own.sum()) / (n * (n - 1))
    square = (np.square(rows.T @ rows).sum() - np.square(own).sum()) / (n * (n - 1))
    return PairMoments(float(mean), float(np.sqrt(max(square - mean**2, 0.0))), n * (n - 1) // 2)


def bootstrap_mean_cosine(vectors: Vectors, counts: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Give the mean cosine of all pairs in each bootstrap sample of rows: (draws,) float64.

    `counts` is (draws, n), how often each row was drawn; pairs of a row with its own copies are
    left out. Words, not pairs, are resampled, since pairs that share a word are not independent.
    Raises `InputError` where the shapes do not match or a sample has fewer than two distinct rows.
    """
    if counts.ndim != 2 or counts.shape[1] != len(vectors):
        raise InputError(f"counts {counts.shape} do not fit {len(vectors)} vectors")
    rows = unit(vectors)
    means = np.empty(len(counts))
    for start in range(0, len(counts), _DRAWS_AT_ONCE):
        weights = counts[start : start + _DRAWS_AT_ONCE].astype(np.float32)
        sums = (weights @ rows).astype(np.float64)
        own = np.square(weights, dtype=np.float64).sum(axis=1)
        pairs = weights.sum(axis=1, dtype=np.float64) ** 2 - own
        if (pairs <= 0).any():
            raise InputError("a bootstrap sample has fewer than two distinct rows")
        means[start : start + len(weights)] = (np.square(sums).sum(axis=1) - own) / pairs
    return means


def sample_pairs(items: int, size: int, rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Draw `size` pairs of distinct items, with replacement among pairs: two (size,) arrays.

    Raises `InputError` for fewer than two items or a size below one.
    """
    if items < 2 or size < 1:
        raise InputError(f"pairs need at least 2 items and a size of at least 1, not {items} and {size}")
    left = rng.integers(items, size=size)
    shift = rng.integers(1, items, size=size)
    return left, (left + shift) % items
