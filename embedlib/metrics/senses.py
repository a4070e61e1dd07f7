"""Whether a word's vectors in its contexts tell its senses apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedlib.errors import InputError
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimates
from embedlib.metrics.relatedness import separate_units
from embedlib.metrics.similarity import Vectors, unit


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


def same_sense_areas(
    cosines: pd.DataFrame, same: Sequence[bool] | pd.Series, words: Sequence[str] | pd.Series, boot: Bootstrap
) -> Estimates:
    """Estimate how well cosines tell pairs of one sense from pairs of two, by the area under the ROC curve.

    `cosines` has a row a pair of sentences with a word in both, and a column a model; `same` says of each pair
    whether the word has one sense, (n,) bool, and `words` whose pair it is, (n,), as in WiC (pilehvar2019wic). The
    area is the chance that a pair of one sense has the higher cosine (hanley1982meaning), over all words together.
    The units of `boot` are the words: a word is drawn with all its pairs. Pairs with NaN in any column are left out
    for all. Cosines are compared to six digits, so that equal vectors tie; where all tie, the area is a half.

    Raises `InputError` for lengths that differ, a word that is not drawn, and fewer than two pairs of either sort.

    Example:
        >>> cosines = pd.DataFrame({"glove": [1.0, 1.0, 1.0, 1.0], "gemma": [0.9, 0.8, 0.3, 0.85]})
        >>> boot = Bootstrap(["bank", "crane"], 100, np.random.default_rng(0))
        >>> words = ["bank", "crane", "bank", "crane"]
        >>> same_sense_areas(cosines, [True, True, False, False], words, boot).value.to_dict()
        {'glove': 0.5, 'gemma': 0.75}
    """
    truth, labels = np.asarray(same, dtype=bool), np.asarray(words, dtype=object)
    if not len(cosines) == len(truth) == len(labels):
        raise InputError(f"{len(truth)} labels and {len(labels)} words for {len(cosines)} pairs")
    known = cosines.notna().all(axis=1).to_numpy()
    truth, labels = truth[known], labels[known]
    if min(truth.sum(), (~truth).sum()) < 2:
        sorts = f"{truth.sum()} of one sense and {(~truth).sum()} of two"
        raise InputError(f"an area needs two pairs or more of one sense and of two; known are {sorts}")
    found = {}
    for model, column in cosines[known].round(6).items():
        if column.nunique() == 1:
            found[model] = boot.estimate(0.5, np.full(len(boot.counts), 0.5))
        else:
            found[model] = separate_units(column.to_numpy(), truth, labels, boot)["auc"]
    return Estimates(found)


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
