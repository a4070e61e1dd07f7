"""Maps of words: t-SNE of each model's vectors, computed once and kept in the cache."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import multiprocessing
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from embedlib._util.paths import cache_dir, written_whole
from embedlib.errors import InputError
from embedlib.metrics.similarity import Vectors, unit

logger = logging.getLogger(__name__)

Places = NDArray[np.float32]
# The exaggeration is that of the paper. With scikit-learn's, 12 for 250 steps, all words of some models come together
# in one point, and after 750 steps the divergence is larger than with these settings after 500.
SETTINGS: dict[str, Any] = {"perplexity": 30, "steps": 500, "early_steps": 100, "exaggeration": 4}
_ONE = np.float32(1)
# Orders of sums are free and a division by zero is no error, so that the loop over pairs uses wide registers.
_fast = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"nsz", "reassoc", "contract", "arcp"})


def lay_out(vectors: Mapping[str, Vectors]) -> dict[str, Places]:
    """Lay out the rows of each model on a plane with t-SNE: (n, d) to (n, 2) float32.

    Distances are those of unit rows, so that near rows have a high cosine. A map is kept in the cache under the
    digest of its rows, settings and the versions of scikit-learn and Numba; the others are computed side by side.
    Another machine may place words elsewhere: t-SNE amplifies last digits. Raises `InputError` for fewer than five
    rows.
    """
    found: dict[str, Places] = {}
    absent: dict[str, tuple[Vectors, Path]] = {}
    for name, rows in vectors.items():
        if len(rows) < 5:
            raise InputError(f"{name}: a map needs at least 5 words, got {len(rows)}")
        path = cache_dir() / "maps" / f"{name}-{_digest(rows)}.npy"
        if path.is_file():
            found[name] = np.load(path)
        else:
            absent[name] = rows, path
    if absent:
        logger.info("laying out maps of %s: half a minute, the first time", ", ".join(absent))
        # Fresh processes: forking one that holds the threads of torch or numba can hang.
        fresh = multiprocessing.get_context("spawn")
        workers = min(len(absent), os.cpu_count() or 1)
        with ProcessPoolExecutor(workers, mp_context=fresh) as pool:
            places = pool.map(tsne, [rows for rows, _ in absent.values()])
            for (name, (_, path)), own in zip(absent.items(), places, strict=True):
                with written_whole(path) as aside, aside.open("wb") as file:
                    np.save(file, own)
                found[name] = own
    return {name: found[name] for name in vectors}


def _digest(rows: Vectors) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(rows).tobytes())
    versions = [importlib.metadata.version(name) for name in ("scikit-learn", "numba")]
    digest.update(json.dumps([rows.shape, SETTINGS, *versions]).encode())
    return digest.hexdigest()[:24]


def tsne(rows: Vectors) -> Places:
    """Place unit rows on a plane so that neighbours stay neighbours (maaten2008visualizing): (n, d) to (n, 2) float32.

    The gradient is exact: all pairs are summed. For some thousands of words compiled code does this several times
    faster than scikit-learn's tree, which pays off for more. The places begin as the first two principal components.

    Example:
        >>> rows = np.eye(9, dtype=np.float32) + np.float32(1)
        >>> tsne(rows).shape
        (9, 2)
    """
    from sklearn.decomposition import PCA

    # With one thread sums are always taken in the same order, so that a map can be made again.
    with threadpool_limits(1):
        ready = unit(rows)
        near = affinities(ready, min(SETTINGS["perplexity"], (len(rows) - 1) / 4))
        start = PCA(2, svd_solver="randomized", random_state=0).fit_transform(ready).T.astype(np.float64)  # (2, n)
    places = start / start[0].std() * 1e-4
    rate = max(len(rows) / SETTINGS["exaggeration"] / 4, 50)
    for step in range(SETTINGS["steps"]):
        early = step < SETTINGS["early_steps"]
        if step in (0, SETTINGS["early_steps"]):
            moved, gains = np.zeros_like(places), np.ones_like(places)
        slope, _ = gradient(places, near, SETTINGS["exaggeration"] if early else 1)
        gains = np.where(moved * slope < 0, gains + 0.2, np.maximum(gains * 0.8, 0.01))
        moved = (0.5 if early else 0.8) * moved - rate * gains * slope
        places = places + moved
        # In the middle: at first all places come so near to each other that digits would be lost.
        places -= places.mean(axis=1, keepdims=True)
    return np.ascontiguousarray(places.T, dtype=np.float32)


def affinities(rows: Vectors, perplexity: float) -> sparse.csr_array:
    """Say how near rows are to each other, as t-SNE does: (n, d) to a sparse, symmetric (n, n) whose sum is 1.

    Each row's Gaussian over its nearest rows has the width that gives it this perplexity.
    """
    from sklearn.neighbors import NearestNeighbors

    count = len(rows)
    k = min(count - 1, int(3 * perplexity + 1))
    distances, columns = NearestNeighbors(n_neighbors=k).fit(rows).kneighbors()  # of others: (n, k)
    squares = distances.astype(np.float64) ** 2
    squares -= squares[:, :1]  # the nearest has weight 1, so that no sum is 0
    low, high, sharp = np.zeros(count), np.full(count, np.inf), np.ones(count)
    for _ in range(100):
        weights = np.exp(-squares * sharp[:, None])
        total = weights.sum(axis=1)
        entropy = np.log(total) + sharp * (squares * weights).sum(axis=1) / total
        flat = entropy > np.log(perplexity)
        low, high = np.where(flat, sharp, low), np.where(flat, high, sharp)
        sharp = np.where(np.isinf(high), np.minimum(2 * sharp, 1e12), (low + np.minimum(high, 1e12)) / 2)
    shares = weights / total[:, None]
    one_way = sparse.csr_array((shares.ravel(), columns.ravel(), np.arange(0, count * k + 1, k)), (count, count))
    return sparse.csr_array((one_way + one_way.T) / (2 * count))


def gradient(
    places: NDArray[np.float64], near: sparse.csr_array, exaggeration: float
) -> tuple[NDArray[np.float64], float]:
    """Give the gradient of t-SNE's divergence at some places, (2, n), and the sum of the similarities of all pairs.

    The divergence is that of the affinities `near`, times `exaggeration`, from the pairs' shares of the similarity.
    """
    x, y = places.astype(np.float32)
    slope = np.empty(places.shape)
    starts, columns = near.indptr.astype(np.int32), near.indices.astype(np.int32)
    total: float = _gradient(x, y, starts, columns, near.data, float(exaggeration), slope)
    return slope, total


@_fast
def _gradient(
    x: NDArray[np.float32], y: NDArray[np.float32], starts: NDArray[np.int32], columns: NDArray[np.int32],
    near: NDArray[np.float64], exaggeration: float, slope: NDArray[np.float64],
) -> float:  # fmt: skip
    """Write the gradient into `slope`; gives the sum of the similarities of all pairs."""
    total = 0.0
    for i in range(len(x)):
        pushed_x = pushed_y = row = _ONE - _ONE
        for j in range(len(x)):
            dx, dy = x[i] - x[j], y[i] - y[j]
            like = _ONE / (_ONE + dx * dx + dy * dy)
            row += like
            pushed_x += like * like * dx
            pushed_y += like * like * dy
        total += float(row) - 1  # without the row itself
        slope[0, i], slope[1, i] = pushed_x, pushed_y
    for i in range(len(x)):
        pulled_x = pulled_y = 0.0
        for k in range(starts[i], starts[i + 1]):
            j = columns[k]
            dx, dy = x[i] - x[j], y[i] - y[j]
            share = near[k] / (_ONE + dx * dx + dy * dy)
            pulled_x += share * dx
            pulled_y += share * dy
        slope[0, i] = 4 * (exaggeration * pulled_x - slope[0, i] / total)
        slope[1, i] = 4 * (exaggeration * pulled_y - slope[1, i] / total)
    return total
