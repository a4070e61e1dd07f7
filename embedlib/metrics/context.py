"""What contexts do to vectors: self-similarity, senses, and triplets of sentences."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from embedlib.errors import InputError
from embedlib.metrics.similarity import Vectors, unit

_WORD = r"(?u)\w+(?:['\u2019]\w+)*"


@dataclass(frozen=True)
class SelfSimilarity:
    """Mean cosine of a word's contexts, by word; of two words' contexts; and what the first exceeds it by.

    `corrected` is the mean over words less `between`.
    """

    by_word: pd.Series
    between: float
    corrected: float


def self_similarity(vectors: Vectors, words: Sequence[str]) -> SelfSimilarity:
    """Measure how alike a word's vectors in its contexts are (ethayarajh2019contextual).

    `vectors` is (n, d), a row a context; `words` says whose it is. Vectors of any two words may be
    alike, too, if all lie in a cone; so the mean cosine of contexts of two different words is the
    zero of the corrected value. Raises `InputError` for a word with one context only, fewer than two
    words, a zero row or shapes that do not match.
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


def sense_auc(vectors: Vectors, senses: Sequence[str]) -> float:
    """Give the chance that two contexts of one sense are nearer than two of different senses.

    The area under the ROC curve over all pairs of the (n, d) contexts of one word, ties counting
    half (hanley1982meaning). Raises `InputError` unless there are two senses and a pair in one of them.
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
    """Give the share of pairs, one score of each sample, in which the first is the higher; ties are half."""
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


def triplet_wins(
    cosines: pd.DataFrame, kept: Sequence[str], changed: Sequence[str], *, tie: float = 1e-6
) -> pd.DataFrame:
    """Ask of each kept and each changed variation which is nearer to the base: 1 the kept one, 0 the other.

    `cosines` has a row a base sentence and a column a kind of variation: its cosine with the base.
    Gives a row a base and a column a pair (kept kind, changed kind); a tie is a half, and NaN stands
    where a cosine is missing. Cosines that differ by at most `tie` are equal: sums of the same vectors
    in another order differ by rounding. Raises `InputError` for a kind that is no column.
    """
    if unknown := [kind for kind in (*kept, *changed) if kind not in cosines.columns]:
        raise InputError(f"no cosines of the kind {unknown[0]!r}; there are {', '.join(map(str, cosines.columns))}")
    columns = {}
    for one, other in itertools.product(kept, changed):
        gap = cosines[one] - cosines[other]
        columns[one, other] = gap.gt(0).astype(float).where(gap.abs() > tie, 0.5).where(gap.notna())
    return pd.DataFrame(columns, index=cosines.index).rename_axis(columns=["kept", "changed"])


def bag_of_words_cosine(first: Sequence[str], second: Sequence[str]) -> NDArray[np.float64]:
    """Give the cosine of the word counts of each two texts, in lower case: what needs no meaning at all; (n,)."""
    counts = CountVectorizer(token_pattern=_WORD).fit_transform([*first, *second])
    rows = normalize(counts.astype(np.float64))
    left, right = rows[: len(first)], rows[len(first) :]
    return np.asarray(left.multiply(right).sum(axis=1)).ravel()


def length_similarity(first: Sequence[str], second: Sequence[str]) -> NDArray[np.float64]:
    """Give minus the difference of the numbers of words of each two texts; (n,)."""
    count = CountVectorizer(token_pattern=_WORD).build_tokenizer()
    sizes = [np.array([len(count(text)) for text in texts], dtype=np.float64) for texts in (first, second)]
    gaps: NDArray[np.float64] = -np.abs(sizes[0] - sizes[1])
    return gaps


def paired_permutation(
    first: NDArray[np.floating], second: NDArray[np.floating], draws: int, rng: np.random.Generator
) -> float:
    """Test whether two models' scores on the same items, (n,) each, have the same mean; gives a p-value.

    Two-sided; in each draw the two scores of every item are exchanged at random (good2005permutation).
    Raises `InputError` for scores that do not match, or hold NaN, or are fewer than two.
    """
    if first.shape != second.shape or first.ndim != 1 or len(first) < 2 or not np.isfinite([first, second]).all():
        raise InputError(
            f"a paired test needs two finite samples of equal length, got {first.shape} and {second.shape}"
        )

    def mean_gap(one: NDArray[np.floating], other: NDArray[np.floating], axis: int) -> NDArray[np.floating]:
        gap: NDArray[np.floating] = (one - other).mean(axis=axis)
        return gap

    found = stats.permutation_test(
        (first, second), mean_gap, permutation_type="samples", vectorized=True, n_resamples=draws, rng=rng
    )
    return float(found.pvalue)


def holm(p_values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Adjust p-values for their number by Holm's step-down method (holm1979simple); (n,) to (n,)."""
    order = np.argsort(p_values, kind="stable")
    scaled = np.asarray(p_values, dtype=np.float64)[order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(scaled))
    return adjusted
