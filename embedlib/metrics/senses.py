"""Whether a word's vectors in its contexts tell its senses apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedlib.errors import InputError
from embedlib.metrics.similarity import Vectors, unit


@dataclass(frozen=True)
class SenseScores:
    """How well vectors tell senses: an area under the ROC curve by word, and a tag by context.

    `areas` and `accuracy` have a row a word, in the order in which the words first come. `tagged` has
    a row a context, in their order: the share of choices in which the tagger is right.
    """

    areas: pd.Series
    accuracy: pd.Series
    tagged: pd.Series


def sense_areas(vectors: Vectors, words: Iterable[str], senses: Iterable[str]) -> pd.Series:
    """Give the area of `sense_auc` of each word, in the order in which the words first come.

    `vectors` is (n, d), a row a context; `words` and `senses`, (n,) each, say whose it is and in
    which sense (hanley1982meaning). Raises `InputError` as `sense_auc` does, or for shapes that do
    not match.

    Example:
        >>> vectors = np.array([[1, 0], [2, 0], [0, 1], [0, 2]], dtype=np.float32)
        >>> sense_areas(vectors, ["crane"] * 4, ["bird", "bird", "machine", "machine"]).to_dict()
        {'crane': 1.0}
    """
    words, senses = list(words), list(senses)
    rows_of = _rows_of(vectors, words, senses)
    areas = {word: sense_auc(vectors[rows], [senses[row] for row in rows]) for word, rows in rows_of.items()}
    return pd.Series(areas, dtype=float)


def sense_scores(vectors: Vectors, words: Iterable[str], senses: Iterable[str]) -> SenseScores:
    """Give the areas of `sense_areas`, and tag every context by `tag_senses` (schutze1998automatic).

    `vectors` is (n, d), a row a context; `words` and `senses`, (n,) each, say whose it is and in
    which sense. Raises `InputError` as `sense_auc` and `tag_senses` do.

    Example:
        >>> vectors = np.array([[1, 0], [2, 0], [0, 1], [0, 2]], dtype=np.float32)
        >>> found = sense_scores(vectors, ["crane"] * 4, ["bird", "bird", "machine", "machine"])
        >>> found.areas.to_dict(), found.accuracy.to_dict(), found.tagged.tolist()
        ({'crane': 1.0}, {'crane': 1.0}, [1.0, 1.0, 1.0, 1.0])
    """
    tagged = np.full(len(vectors), np.nan)
    words, senses = list(words), list(senses)
    rows_of = _rows_of(vectors, words, senses)
    for rows in rows_of.values():
        tagged[rows] = tag_senses(vectors[rows], [senses[row] for row in rows])
    accuracy = pd.Series({word: tagged[rows].mean() for word, rows in rows_of.items()}, dtype=float)
    return SenseScores(sense_areas(vectors, words, senses), accuracy, pd.Series(tagged))


def _rows_of(vectors: Vectors, words: Sequence[str], senses: Sequence[str]) -> dict[str, list[int]]:
    """Give the rows of each word, words in the order in which they first come."""
    if not len(vectors) == len(words) == len(senses):
        raise InputError(f"{len(words)} words and {len(senses)} senses for vectors of shape {vectors.shape}")
    rows_of: dict[str, list[int]] = {}
    for row, word in enumerate(words):
        rows_of.setdefault(word, []).append(row)
    return rows_of


def sense_auc(vectors: Vectors, senses: Sequence[str]) -> float:
    """Give the chance that two contexts of one sense are nearer than two of different senses.

    The area under the ROC curve over all pairs of the (n, d) contexts of one word, ties counting
    half (hanley1982meaning). Raises `InputError` unless there are two senses and a pair in one of them.

    Example:
        >>> vectors = np.array([[1, 0], [2, 0], [0, 1], [0, 2]], dtype=np.float32)
        >>> sense_auc(vectors, ["bird", "bird", "machine", "machine"])
        1.0
    """
    labels = np.asarray(senses)
    left, right = np.triu_indices(len(labels), k=1)
    same = labels[left] == labels[right]
    if vectors.ndim != 2 or len(labels) != len(vectors) or same.all() or not same.any():
        raise InputError(f"an area needs pairs of one sense and of two; got senses {labels.tolist()}")
    rows = unit(vectors)
    cosines = np.einsum("nd,nd->n", rows[left], rows[right])
    return mean_wins(cosines[same], cosines[~same])


def mean_wins(higher: NDArray[np.floating], lower: NDArray[np.floating]) -> float:
    """Give the share of pairs, one score of each sample, in which the first is the higher; ties are half.

    Takes (n,) and (m,) scores; the area under the ROC curve of the two samples (hanley1982meaning).
    Raises `InputError` where a sample is empty.

    Example:
        >>> mean_wins(np.array([3.0, 1.0]), np.array([1.0, 0.0]))
        0.875
    """
    if not len(higher) or not len(lower):
        raise InputError("a share of wins needs a score on either side")
    gaps = higher[:, None] - lower[None, :]
    return float((gaps > 0).mean() + (gaps == 0).mean() / 2)


def tag_senses(vectors: Vectors, senses: Sequence[str]) -> NDArray[np.float64]:
    """Tag each context of a word by the nearest centroid of the other contexts' senses (schutze1998automatic).

    The context itself is left out of its sense's centroid. A centroid of fewer vectors is further
    from all, so both centroids are of equally many: of all choices of as many contexts as the
    smaller sense has left. Distance is the cosine of unit vectors' sums. Gives (n,) the share of the
    choices in which the tag is right, ties half: a guess is right half of the time. Raises
    `InputError` unless there are two senses of two contexts or more.

    Example:
        >>> vectors = np.array([[1, 0], [2, 0], [0, 1], [0, 2]], dtype=np.float32)
        >>> tag_senses(vectors, ["bird", "bird", "machine", "machine"])
        array([1., 1., 1., 1.])
    """
    labels = np.asarray(senses)
    names, counts = np.unique(labels, return_counts=True)
    if len(names) != 2 or counts.min() < 2 or vectors.ndim != 2 or len(labels) != len(vectors):
        raise InputError(
            f"a tagger needs two senses of two contexts or more; got {dict(zip(names, counts, strict=True))}"
        )
    rows = unit(vectors).astype(np.float64)
    right = np.empty(len(rows))
    for at, label in enumerate(labels):
        own = np.flatnonzero((labels == label) & (np.arange(len(rows)) != at))
        other = np.flatnonzero(labels != label)
        size = min(len(own), len(other))
        to_own, to_other = (
            np.array([_cosine(rows[at], rows[list(some)].sum(axis=0)) for some in itertools.combinations(part, size)])
            for part in (own, other)
        )
        right[at] = mean_wins(to_own, to_other)
    return right


def _cosine(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(first @ second / np.sqrt((first @ first) * (second @ second)))
