"""Triplets of sentences: a base, one that keeps its meaning, and one that changes it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from embedlib.errors import InputError

_WORD = r"(?u)\w+(?:['\u2019]\w+)*"


def triplet_wins(
    cosines: pd.DataFrame, kept: Sequence[str], changed: Sequence[str], *, tie: float = 1e-6
) -> pd.DataFrame:
    """Ask of each kept and each changed variation which is nearer to the base: 1 the kept one, 0 the other.

    `cosines` has a row a base sentence and a column a kind of variation: its cosine with the base.
    Gives a row a base and a column a pair (kept kind, changed kind); a tie is a half, and NaN stands
    where a cosine is missing. Cosines that differ by at most `tie` are equal: sums of the same vectors
    in another order differ by rounding. Raises `InputError` for a kind that is no column.

    Example:
        >>> cosines = pd.DataFrame({"synonym": [0.9, 0.6], "swap": [0.8, 0.7]}, index=["dog", "cat"])
        >>> triplet_wins(cosines, ["synonym"], ["swap"])["synonym", "swap"].to_dict()
        {'dog': 1.0, 'cat': 0.0}
    """
    if unknown := [kind for kind in (*kept, *changed) if kind not in cosines.columns]:
        raise InputError(f"no cosines of the kind {unknown[0]!r}; there are {', '.join(map(str, cosines.columns))}")
    columns = {}
    for one, other in itertools.product(kept, changed):
        gap = cosines[one] - cosines[other]
        columns[one, other] = gap.gt(0).astype(float).where(gap.abs() > tie, 0.5).where(gap.notna())
    return pd.DataFrame(columns, index=cosines.index).rename_axis(columns=["kept", "changed"])


def bag_of_words_cosine(first: Sequence[str], second: Sequence[str]) -> NDArray[np.float64]:
    """Give the cosine of the word counts of each two texts, in lower case: what needs no meaning at all; (n,).

    Example:
        >>> bag_of_words_cosine(["The dog saw the cat."], ["The cat saw the dog!"]).round(6)
        array([1.])
    """
    counts = CountVectorizer(token_pattern=_WORD).fit_transform([*first, *second])
    rows = normalize(counts.astype(np.float64))
    left, right = rows[: len(first)], rows[len(first) :]
    return np.asarray(left.multiply(right).sum(axis=1)).ravel()


def length_similarity(first: Sequence[str], second: Sequence[str]) -> NDArray[np.float64]:
    """Give minus the difference of the numbers of words of each two texts; (n,).

    Example:
        >>> length_similarity(["one two", "one"], ["one two three", "one two three"])
        array([-1., -2.])
    """
    count = CountVectorizer(token_pattern=_WORD).build_tokenizer()
    sizes = [np.array([len(count(text)) for text in texts], dtype=np.float64) for texts in (first, second)]
    gaps: NDArray[np.float64] = -np.abs(sizes[0] - sizes[1])
    return gaps


def triplet_accuracy(
    wins: pd.DataFrame, *, kept: Sequence[str] | None = None, changed: Sequence[str] | None = None
) -> pd.Series:
    """Give each base's share of triplets that are right, over some kinds of variation or over all.

    `wins` is of `triplet_wins`. A triplet with a missing cosine is left out; a base without any other
    is NaN. Raises `InputError` for a kind that `wins` does not have.

    Example:
        >>> cosines = pd.DataFrame({"synonym": [0.9], "swap": [0.8], "negation": [0.95]}, index=["dog"])
        >>> wins = triplet_wins(cosines, ["synonym"], ["swap", "negation"])
        >>> triplet_accuracy(wins).to_dict(), triplet_accuracy(wins, changed=["swap"]).to_dict()
        ({'dog': 0.5}, {'dog': 1.0})
    """
    chosen = []
    for level, kinds in (("kept", kept), ("changed", changed)):
        there = wins.columns.unique(level)
        if unknown := [kind for kind in kinds or () if kind not in there]:
            raise InputError(f"no triplets of the kind {unknown[0]!r}; there are {', '.join(map(str, there))}")
        chosen.append(there if kinds is None else list(kinds))
    return wins.loc[:, (list(chosen[0]), list(chosen[1]))].mean(axis=1)
