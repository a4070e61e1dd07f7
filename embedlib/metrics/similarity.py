"""Cosine similarity of pairs of vectors, and of all pairs at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedlib.errors import InputError
from embedlib.metrics import kernels

Vectors = NDArray[np.float32]
_DRAWS_AT_ONCE = 64
_PAIRS_AT_ONCE = 4096
_BLOCK = (1024, 4096)  # rows and columns of a block of cosines


@dataclass(frozen=True)
class PairMoments:
    """Mean and standard deviation of the cosines of all pairs of distinct rows, exact."""

    mean: float
    sd: float
    pairs: int


def unit(vectors: Vectors) -> Vectors:
    """Scale rows to length one: (n, d) to (n, d) float32; raises `InputError` for a zero row.

    Example:
        >>> unit(np.array([[3, 4], [0, 2]], dtype=np.float32))
        array([[0.6, 0.8],
               [0. , 1. ]], dtype=float32)
    """
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not norms.all():
        raise InputError(f"row {int(np.argmin(norms))} is all zeros and has no direction")
    rows: Vectors = (vectors / norms).astype(np.float32, copy=False)
    return rows


def centre(vectors: Vectors) -> Vectors:
    """Subtract the mean row: (n, d) to (n, d) float32 (mu2018allbutthetop).

    Example:
        >>> centre(np.array([[3, 4], [1, 2]], dtype=np.float32))
        array([[ 1.,  1.],
               [-1., -1.]], dtype=float32)
    """
    rows: Vectors = (vectors - vectors.mean(axis=0, dtype=np.float64)).astype(np.float32)
    return rows


def pairwise_cosine(vectors: Vectors, left: NDArray[np.intp], right: NDArray[np.intp]) -> NDArray[np.float32]:
    """Give the cosines of chosen pairs of rows: (n, d) and two (pairs,) arrays of rows to (pairs,).

    Raises `InputError` for arrays of rows that differ in length, or a zero row.

    Example:
        >>> vectors = np.array([[1, 0], [3, 4], [0, 2]], dtype=np.float32)
        >>> pairwise_cosine(vectors, np.array([0, 0]), np.array([1, 2])).round(3)
        array([0.6, 0. ], dtype=float32)
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

    Example:
        >>> found = all_pairs_moments(np.array([[1, 0], [3, 4], [0, 2]], dtype=np.float32))
        >>> round(found.mean, 3), round(found.sd, 3), found.pairs
        (0.467, 0.34, 3)
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

    Example:
        >>> vectors = np.array([[1, 0], [3, 4], [0, 2]], dtype=np.float32)
        >>> bootstrap_mean_cosine(vectors, np.array([[1, 1, 1], [2, 1, 0]], dtype=np.uint8)).round(3)
        array([0.467, 0.6  ])
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

    Example:
        >>> left, right = sample_pairs(5, 1000, np.random.default_rng(0))
        >>> len(left), bool((left == right).any())
        (1000, False)
    """
    if items < 2 or size < 1:
        raise InputError(f"pairs need at least 2 items and a size of at least 1, not {items} and {size}")
    left = rng.integers(items, size=size)
    shift = rng.integers(1, items, size=size)
    return left, (left + shift) % items


def upper_blocks(rows: Vectors, shape: tuple[int, int] = _BLOCK) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
    """Give the products of (n, d) rows with one another in blocks at and above the diagonal.

    Each comes as its first row, its first column and the block, in rising order of both; the first
    block of a row of blocks starts at the diagonal. The array of a block is used again for the next.

    Example:
        >>> rows = np.eye(3, dtype=np.float32)
        >>> [(top, left, block.shape) for top, left, block in upper_blocks(rows, (2, 2))]
        [(0, 0, (2, 2)), (0, 2, (2, 1)), (2, 2, (1, 1))]
    """
    height, width = shape
    memory = np.empty(height * width, dtype=np.float32)
    for top in range(0, len(rows), height):
        upper = rows[top : top + height]
        for left in range(top, len(rows), width):
            other = rows[left : left + width]
            block = memory[: len(upper) * len(other)].reshape(len(upper), len(other))
            np.matmul(upper, other.T, out=block)
            yield top, left, block


def all_pairs_histogram(vectors: Vectors, *, bins: int = 200, bands: Sequence[int] = ()) -> NDArray[np.int64]:
    """Count the cosines of all pairs of distinct rows in equal bins of [-1, 1], every pair visited.

    `bands` are the rows where a new band of words starts (rising, without 0); the result is
    (len(bands) + 1, len(bands) + 1, bins), in its upper triangle the pairs of one band with
    another. Counts are those of numpy's histogram of the float32 products.

    Raises `InputError` for fewer than two rows, an odd number of bins, bands out of order, or a
    zero row.

    Example:
        >>> vectors = np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32)
        >>> all_pairs_histogram(vectors, bins=4)
        array([[[1, 0, 2, 0]]])
    """
    if len(vectors) < 2:
        raise InputError(f"pairs need at least two vectors, got {len(vectors)}")
    starts = [0, *bands, len(vectors)]
    if sorted(set(starts)) != starts:
        raise InputError(f"bands {list(bands)} do not rise within 1 to {len(vectors) - 1}")
    if bins < 2 or bins % 2:
        raise InputError(f"bins is {bins}; allowed: an even number of at least 2")
    rows = unit(vectors)
    counts = np.zeros((len(starts) - 1, len(starts) - 1, bins), dtype=np.int64)
    for top, left, block in upper_blocks(rows):
        for i, upper in _cut(starts, top, block.shape[0]):
            for j, other in _cut(starts, left, block.shape[1]):
                part = block[upper, other]
                first = top + upper.start - left - other.start + 1  # one right of the diagonal
                counts[i, j] += _count(part, first, bins)
    return counts


def _cut(starts: list[int], first: int, size: int) -> Iterator[tuple[int, slice]]:
    """Cut a range of rows into bands; gives each band's number and its slice of the range."""
    for band, (low, high) in enumerate(itertools.pairwise(starts)):
        if low < first + size and high > first:
            yield band, slice(max(low - first, 0), min(high - first, size))


def _count(block: NDArray[np.float32], first: int, bins: int) -> NDArray[np.int64]:
    parts: list[NDArray[np.int64]] = []

    def work(start: int, stop: int) -> None:
        counts = np.zeros((4, bins), dtype=np.int64)
        kernels.count_block(block, start, stop, first, counts)
        parts.append(counts.sum(axis=0))

    kernels.in_threads(work, len(block))
    total: NDArray[np.int64] = np.sum(parts, axis=0)
    return total


def nearest_neighbours(vectors: Vectors, k: int = 10) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the k rows of highest cosine for every row, itself left out: (n, k) rows and cosines.

    Exact: every pair is visited, once. Of equal cosines the earlier row comes first. Raises
    `InputError` for k outside 1 to n - 1 or a zero row.

    Example:
        >>> rows, cosines = nearest_neighbours(np.array([[1, 0], [3, 4], [0, 2]], dtype=np.float32), k=1)
        >>> rows.ravel(), cosines.ravel().round(3)
        (array([1, 2, 1], dtype=int32), array([0.6, 0.8, 0.8], dtype=float32))
    """
    if not 1 <= k < len(vectors):
        raise InputError(f"k is {k}; allowed: 1 to {len(vectors) - 1}, one less than the number of vectors")
    rows = unit(vectors)
    places = np.full((len(rows), k), -1, dtype=np.int32)
    cosines = np.full((len(rows), k), -2, dtype=np.float32)
    for top, left, block in upper_blocks(rows):

        def of_rows(start: int, stop: int) -> None:
            kernels.keep_nearest_of_rows(block, start, stop, top, left, cosines, places)  # noqa: B023

        def of_columns(start: int, stop: int) -> None:
            kernels.keep_nearest_of_columns(right, start, stop, top, right_left, cosines, places)  # noqa: B023

        kernels.in_threads(of_rows, block.shape[0])
        # Columns that are rows of this block, too, have had these pairs from their own rows.
        own = max(top + block.shape[0] - left, 0)
        right, right_left = block[:, own:], left + own
        kernels.in_threads(of_columns, right.shape[1])
    return places, cosines
