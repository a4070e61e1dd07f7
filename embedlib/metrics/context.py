"""What contexts do to a word's vectors: how far they move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from embedlib.errors import InputError
from embedlib.metrics.similarity import Vectors, unit


@dataclass(frozen=True)
class SelfSimilarity:
    """Mean cosine of a word's contexts, by word; of two words' contexts; and what the first exceeds it by.

    `corrected` is the mean over words less `between`.
    """

    by_word: pd.Series
    between: float
    corrected: float

    @property
    def movement(self) -> pd.Series:
        """How far each word's contexts lie apart, measured by how far those of two words do, by word.

        0 is a word that stays in place, 1 a word whose contexts are as unlike as those of two words.

        Example:
            >>> found = SelfSimilarity(pd.Series({"crane": 0.8, "bank": 0.6}), between=0.2, corrected=0.5)
            >>> found.movement.round(2).to_dict()
            {'crane': 0.25, 'bank': 0.5}
        """
        return (1 - self.by_word) / (1 - self.between)


def self_similarity(vectors: Vectors, words: Sequence[str]) -> SelfSimilarity:
    """Measure how alike a word's vectors in its contexts are (ethayarajh2019contextual).

    `vectors` is (n, d), a row a context; `words` says whose it is. Vectors of any two words may be
    alike, too, if all lie in a cone; so the mean cosine of contexts of two different words is the
    zero of the corrected value. Raises `InputError` for a word with one context only, fewer than two
    words, a zero row or shapes that do not match.

    Example:
        >>> vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 2]], dtype=np.float32)
        >>> found = self_similarity(vectors, ["crane", "crane", "bank", "bank"])
        >>> found.by_word.to_dict(), found.between
        ({'bank': 1.0, 'crane': 1.0}, 0.0)
    """
    labels = np.asarray(words)
    if vectors.ndim != 2 or len(labels) != len(vectors):
        raise InputError(f"{len(labels)} words for vectors of shape {vectors.shape}")
    names, group, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(names) < 2 or counts.min() < 2:
        lone = f"; {names[counts.argmin()]!r} has one" if len(names) > 1 else ""
        raise InputError(f"self-similarity needs two words or more, each in two contexts or more{lone}")
    rows = unit(vectors).astype(np.float64)
    sums = np.zeros((len(names), rows.shape[1]))
    np.add.at(sums, group, rows)
    squares = np.einsum("gd,gd->g", sums, sums)
    within = (squares - counts) / (counts * (counts - 1))
    whole = rows.sum(axis=0)
    n = len(rows)
    between = float((whole @ whole - squares.sum()) / (n * n - (counts**2).sum()))
    return SelfSimilarity(pd.Series(within, names.tolist()), between, float(within.mean() - between))
