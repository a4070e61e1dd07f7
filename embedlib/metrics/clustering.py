"""Clustering words into categories, and how well it finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics import silhouette_samples, v_measure_score
from sklearn.metrics.cluster import contingency_matrix

from embedlib.errors import InputError, UnknownNameError
from embedlib.metrics.bootstrap import Bootstrap, Counts
from embedlib.metrics.estimates import Estimate, Estimates
from embedlib.metrics.similarity import Vectors, unit

Method = Literal["k-means", "agglomerative"]
METHODS: tuple[Method, ...] = ("k-means", "agglomerative")


@dataclass(frozen=True)
class Clustering:
    """Found clusters with their V-measure, and the silhouette of the true categories, in all and by vector, (n,)."""

    labels: NDArray[np.intp]
    v_measure: float
    silhouette: float
    silhouettes: NDArray[np.float64]


@dataclass(frozen=True)
class ClusterScores:
    """The V-measure and the silhouette of each model, on the same words and the same draws."""

    v_measure: Estimates
    silhouette: Estimates


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
    own = np.asarray(silhouette_samples(rows, truth, metric="cosine"), dtype=np.float64)
    return Clustering(found, float(v_measure_score(truth, found)), float(own.mean()), own)


def score_clusters(
    spaces: Mapping[str, Vectors], categories: Sequence[str], boot: Bootstrap, method: Method = "k-means", *, seed: int
) -> ClusterScores:
    """Cluster every model's vectors of the same words, and estimate the V-measure and the silhouette of each.

    `spaces` are (n, d) by model, in one order of words, and `categories` the category of each word. The bootstrap
    draws whole categories (efron1993bootstrap), so its units are their names. In a draw, the words of a category count
    as often as it was drawn, in both measures. Clusters, and the next nearest category of a word, stay those found
    once: a category drawn twice would otherwise be its own neighbour. So the interval says what other categories
    would change, and not what another start of k-means would. A category that was drawn twice makes the V-measure a
    little larger, and draws a little too alike. So its draws are moved to the value, and spread as much as a jackknife
    over categories says (efron1993bootstrap). With two categories there is no jackknife, and draws stay as they are.

    Raises `InputError` where the models have other numbers of words or a category is not drawn, and as `cluster`.

    Example:
        >>> vectors = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], dtype=np.float32)
        >>> boot = Bootstrap(["animal", "tool"], 2, np.random.default_rng(0))
        >>> found = score_clusters({"glove": vectors}, ["animal", "animal", "tool", "tool"], boot, seed=0)
        >>> round(found.v_measure["glove"].value, 6), round(found.silhouette["glove"].value, 2)
        (1.0, 0.99)
    """
    sizes = {len(vectors) for vectors in spaces.values()}
    if len(sizes) > 1:
        raise InputError(f"clusters need the same words of all models: got {' and '.join(map(str, sorted(sizes)))}")
    names, counts = np.unique(np.asarray(categories)), boot.counts_of(list(categories))
    by_name = boot.counts_of(names)
    fits, silhouettes = {}, {}
    for model, vectors in spaces.items():
        found = cluster(vectors, categories, method, seed=seed)
        drawn = bootstrap_v_measure(found.labels, categories, by_name)
        without_each = bootstrap_v_measure(found.labels, categories, 1 - np.eye(len(names), dtype=np.uint8))
        fits[model] = Estimate(found.v_measure, _as_jackknife(drawn, found.v_measure, without_each))
        sizes_drawn = counts.sum(axis=1, dtype=np.float64)
        drawn = counts @ found.silhouettes / np.where(sizes_drawn > 0, sizes_drawn, np.nan)
        silhouettes[model] = Estimate(found.silhouette, drawn)
    return ClusterScores(Estimates(fits), Estimates(silhouettes))


def _as_jackknife(
    draws: NDArray[np.float64], value: float, without_each: NDArray[np.float64]
) -> NDArray[np.float64]:  # fmt: skip
    """Move draws to a value, and give them the standard error of the jackknife; without one they stay."""
    count = len(without_each)
    error = np.sqrt((count - 1) / count * np.sum((without_each - without_each.mean()) ** 2))
    spread = np.nanstd(draws)
    if not np.isfinite(error) or spread < 1e-12:
        return draws
    moved: NDArray[np.float64] = value + (draws - np.nanmean(draws)) * error / spread
    return moved


def bootstrap_v_measure(labels: NDArray[np.intp], categories: Sequence[str], counts: Counts) -> NDArray[np.float64]:
    """Give the V-measure in each bootstrap sample of categories: (draws,).

    `labels` are the clusters that were found, (n,), and `counts`, (draws, categories), how often each category was
    drawn, in the order of the sorted names. The words of a category count as often as it (rosenberg2007vmeasure). A
    draw of a single category is NaN: there is nothing to tell apart. Raises `InputError` for shapes that do not fit.

    Example:
        >>> bootstrap_v_measure(np.array([0, 0, 1]), ["a", "a", "b"], np.array([[1, 1], [2, 0]], dtype=np.uint8))
        array([ 1., nan])
    """
    names = np.unique(np.asarray(categories))
    if len(labels) != len(categories) or counts.ndim != 2 or counts.shape[1] != len(names):
        raise InputError(
            f"{len(labels)} labels, {len(categories)} categories of {len(names)} names and counts {counts.shape} "
            "do not fit each other"
        )
    table = contingency_matrix(categories, labels).astype(np.float64)  # (categories, clusters)
    sizes = counts * table.sum(axis=1)  # (draws, categories)
    totals = np.where(sizes.sum(axis=1) > 0, sizes.sum(axis=1), np.nan)
    of_categories = entr(sizes / totals[:, None]).sum(axis=1)
    of_clusters = entr(counts @ table / totals[:, None]).sum(axis=1)
    # The entropy of clusters within a category does not depend on how often it is drawn.
    within = sizes @ entr(table / table.sum(axis=1, keepdims=True)).sum(axis=1) / totals
    both = of_categories + of_clusters
    told = (counts > 0).sum(axis=1) > 1
    v: NDArray[np.float64] = 2 * (of_clusters - within) / np.where(told, both, np.nan)
    return v
