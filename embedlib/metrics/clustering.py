"""Clustering words into categories, and how well it finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics import silhouette_score, v_measure_score

from embedlib.errors import InputError, UnknownNameError
from embedlib.metrics.similarity import Vectors, unit

Method = Literal["k-means", "agglomerative"]
METHODS: tuple[Method, ...] = ("k-means", "agglomerative")


@dataclass(frozen=True)
class Clustering:
    """Found clusters with their V-measure, and the silhouette of the true categories."""

    labels: NDArray[np.intp]
    v_measure: float
    silhouette: float


def cluster(vectors: Vectors, categories: Sequence[str], method: Method = "k-means", *, seed: int) -> Clustering:
    """Cluster unit vectors into as many clusters as there are categories.

    K-means has 10 starts; agglomerative clustering joins by average cosine. The V-measure compares
    clusters with categories (rosenberg2007vmeasure); the silhouette, by cosine, is that of the
    categories themselves and depends on no clustering (rousseeuw1987silhouettes).

    Raises `UnknownNameError` for an unknown method and `InputError` for other than one category a
    vector, fewer than two categories, or no more vectors than categories.

    Example:
        >>> vectors = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], dtype=np.float32)
        >>> found = cluster(vectors, ["animal", "animal", "tool", "tool"], seed=0)
        >>> round(found.v_measure, 6)
        1.0
    """
    if method not in METHODS:
        raise UnknownNameError.of("clustering method", method, METHODS)
    names, truth = np.unique(np.asarray(categories), return_inverse=True)
    if len(truth) != len(vectors) or not 2 <= len(names) < len(vectors):
        raise InputError(
            f"{len(vectors)} vectors and {len(truth)} labels of {len(names)} categories cannot be clustered"
        )
    rows = unit(vectors)
    if method == "k-means":
        found = KMeans(len(names), n_init=10, random_state=seed).fit_predict(rows)
    else:
        found = AgglomerativeClustering(len(names), metric="cosine", linkage="average").fit_predict(rows)
    return Clustering(
        found, float(v_measure_score(truth, found)), float(silhouette_score(rows, truth, metric="cosine"))
    )
