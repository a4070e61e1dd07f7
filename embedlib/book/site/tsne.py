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

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from embedlib._util.paths import cache_dir, written_whole
from embedlib.errors import InputError
from embedlib.metrics.similarity import Vectors, unit

logger = logging.getLogger(__name__)

Places = NDArray[np.float32]
# 750 steps give a picture that 1000 hardly change, in three quarters of the time.
SETTINGS: dict[str, Any] = {"init": "pca", "perplexity": 30, "max_iter": 750, "random_state": 0}


def lay_out(vectors: Mapping[str, Vectors]) -> dict[str, Places]:
    """Lay out the rows of each model on a plane with t-SNE: (n, d) to (n, 2) float32.

    Distances are those of unit rows, so that near rows have a high cosine. A map is kept in the cache under the
    digest of its rows, settings and the version of scikit-learn; the others are computed side by side. Another
    machine may place words elsewhere: t-SNE amplifies last digits. Raises `InputError` for fewer than five rows.
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
        logger.info("laying out maps of %s: a minute or two, the first time", ", ".join(absent))
        # Fresh processes: forking one that holds the threads of torch or numba can hang.
        fresh = multiprocessing.get_context("spawn")
        workers = min(len(absent), os.cpu_count() or 1)
        with ProcessPoolExecutor(workers, mp_context=fresh) as pool:
            places = pool.map(_lay_out, [rows for rows, _ in absent.values()])
            for (name, (_, path)), own in zip(absent.items(), places, strict=True):
                with written_whole(path) as aside, aside.open("wb") as file:
                    np.save(file, own)
                found[name] = own
    return {name: found[name] for name in vectors}


def _digest(rows: Vectors) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(rows).tobytes())
    digest.update(json.dumps([rows.shape, SETTINGS, importlib.metadata.version("scikit-learn")]).encode())
    return digest.hexdigest()[:24]


def _lay_out(rows: Vectors) -> Places:
    from sklearn.manifold import TSNE

    settings = {**SETTINGS, "perplexity": min(SETTINGS["perplexity"], (len(rows) - 1) / 4)}
    # With one thread sums are always taken in the same order, so that a map can be made again.
    with threadpool_limits(1):
        places: Places = TSNE(**settings).fit_transform(unit(rows)).astype(np.float32)
    return places
