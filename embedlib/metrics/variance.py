"""Of what the variance of vectors in context is made: the word, its sense, and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedlib.errors import InputError
from embedlib.metrics.bootstrap import Bootstrap, Counts
from embedlib.metrics.estimates import Estimates
from embedlib.metrics.similarity import Vectors, unit

SOURCES = ("word", "sense", "rest")


@dataclass(frozen=True)
class _Groups:
    """What is known of each word, in the order of `names`.

    `sizes` are its contexts, `senses` the number of its senses, `overlap` the mean size of a context's
    sense, and `within` and `rest` its sums of squares between and within senses: (words,) each. `means`
    are the words' mean vectors less the mean of all: (words, d).
    """

    names: pd.Index
    sizes: NDArray[np.float64]
    senses: NDArray[np.float64]
    overlap: NDArray[np.float64]
    means: NDArray[np.float64]
    within: NDArray[np.float64]
    rest: NDArray[np.float64]


def nested_sums(vectors: Vectors, words: Sequence[str], senses: Sequence[str]) -> pd.DataFrame:
    """Split the squares of unit vectors about their mean by word, sense within word, and rest.

    `vectors` is (n, d), a row a context; `words` and `senses`, (n,) each, say whose it is and in which
    sense. Squares are added over dimensions. They are split one after the other, the word first (sums of
    squares of type I), so that the three add up to the whole in groups of any sizes (searle1992variance).
    Gives a row a source with the sum of squares, df (its degrees of freedom) and its raw share. Raw shares
    are *not* those of a model: means of few contexts differ even where vectors are noise.
    `variance_shares` corrects that.

    Raises `InputError` for shapes that do not match, fewer than two words, no word in two senses, no sense
    with two contexts, a zero row, and vectors that are all equal.

    Example:
        >>> vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [-1, 0], [1, 0]], dtype=np.float32)
        >>> nested_sums(vectors, list("aaaabb"), list("xxyyzz")).round(2)
              sum of squares  df  share
        word            0.67   1   0.14
        sense           2.00   1   0.43
        rest            2.00   3   0.43
    """
    groups = _group(vectors, words, senses)
    once = np.ones((1, len(groups.names)))
    squares = np.concatenate(_squares(groups, once))
    free = np.diff([1, len(groups.names), groups.senses.sum(), groups.sizes.sum()]).astype(int)
    index = pd.Index(SOURCES)
    return pd.DataFrame({"sum of squares": squares, "df": free, "share": squares / squares.sum()}, index)


def variance_shares(vectors: Vectors, words: Sequence[str], senses: Sequence[str], boot: Bootstrap) -> Estimates:
    """Estimate which share of the variance of unit vectors is the word's, its sense's, and the rest.

    Arguments and errors are those of `nested_sums`; the units of `boot` are the words. A vector is taken
    as a mean plus an effect of its word, one of its sense and one of its context, each drawn at random;
    the shares are those of the variances of the three. They are estimated without bias by setting the
    sums of squares of `nested_sums` equal to their expected values, which are known for groups of any
    sizes (Henderson's first method, searle1992variance). So the word's and the sense's share of noise are
    zero on average, and an estimate can be below zero; it is left there. It is so by more than chance where
    a word's forms or places were balanced within each sense, and a layer sees little else. The shares add
    up to one.

    Where all groups are of one size, this is a comparison of mean cosines. With A of two contexts of one
    sense, B of two senses of one word and C of two words, the shares are (B - C) / (1 - C) of the word,
    (A - B) / (1 - C) of the sense and (1 - A) / (1 - C) of the rest. What all vectors share counts for
    nothing, and the rest has the context, the form of the word and noise.

    An interval comes from drawing words anew, each with all its contexts. Copies of a word in a draw count
    as one word, not as two that happen to agree: that goes into the expected values. A draw without two
    words or without two senses of a word is NaN.

    Example:
        >>> vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [-1, 0], [-1, 0], [0, -1], [0, -1]], dtype=np.float32)
        >>> boot = Bootstrap(["a", "b"], 100, np.random.default_rng(0))
        >>> variance_shares(vectors, list("aaaabbbb"), list("wwxxyyzz"), boot).value.round(2).to_dict()
        {'word': 0.33, 'sense': 0.67, 'rest': 0.0}
    """
    groups = _group(vectors, words, senses)

    def shares(counts: Counts) -> pd.DataFrame:
        variances = _variances(groups, counts.astype(np.float64))
        total = variances.sum(axis=1, keepdims=True)
        return pd.DataFrame(variances / np.where(total > 0, total, np.nan), columns=list(SOURCES))

    return boot.apply_columns(shares, of=groups.names)


def _group(vectors: Vectors, words: Sequence[str], senses: Sequence[str]) -> _Groups:
    if vectors.ndim != 2 or not len(vectors) == len(words) == len(senses):
        raise InputError(f"{len(words)} words and {len(senses)} senses for vectors of shape {vectors.shape}")
    word_of, names = pd.factorize(np.asarray(words, dtype=object))
    pairs = pd.MultiIndex.from_arrays([word_of, np.asarray(senses, dtype=object)])
    sense_of, kinds = pd.factorize(pairs)
    owner = kinds.get_level_values(0).to_numpy()
    per_sense = np.bincount(sense_of).astype(np.float64)
    if len(names) < 2 or len(owner) == len(names) or per_sense.max() < 2:
        raise InputError(
            "shares of variance need two words or more, one of them in two senses, and a sense with two contexts; "
            f"got {len(names)} words, {len(owner)} senses and {len(vectors)} contexts"
        )
    rows = unit(vectors).astype(np.float64)
    rows -= rows.mean(axis=0)
    # Unit vectors of float32 differ by rounding, so equal ones need not be equal to the last digit.
    if np.abs(rows).max() < 1e-6:
        raise InputError("all vectors are equal: there is no variance to share")
    sizes = np.bincount(word_of).astype(np.float64)
    means, centres = _sums(rows, word_of) / sizes[:, None], _sums(rows, sense_of) / per_sense[:, None]
    within = _sums(per_sense * np.square(centres - means[owner]).sum(axis=1), owner)
    rest = _sums(np.square(rows - centres[sense_of]).sum(axis=1), word_of)
    overlap = _sums(per_sense**2, owner) / sizes
    return _Groups(pd.Index(names), sizes, np.bincount(owner).astype(np.float64), overlap, means, within, rest)


def _sums(rows: NDArray[np.float64], group: NDArray[np.intp]) -> NDArray[np.float64]:
    """Add up the rows of each group: (n, ...) and (n,) to (groups, ...)."""
    sums = np.zeros((int(group.max()) + 1, *rows.shape[1:]))
    np.add.at(sums, group, rows)
    return sums


def _squares(
    groups: _Groups, weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Give the sums of squares of word, sense and rest where words weigh as told: (draws, words) to (draws,) each."""
    filled = weights * groups.sizes
    total = filled @ groups.means
    between = filled @ np.square(groups.means).sum(axis=1) - np.square(total).sum(axis=1) / filled.sum(axis=1)
    return between, weights @ groups.within, weights @ groups.rest


def _variances(groups: _Groups, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve for the variances of word, sense and rest from their expected sums of squares: (draws, 3).

    With N contexts in a draw, and a word i of n contexts, J senses and weight w, whose context's sense has
    s contexts on average, the expected squares are
    rest: sum w (n - J) of the rest's variance;
    sense: sum w (J - 1) of the rest's and sum w (n - s) of the sense's;
    word: sum w (1 - w n / N) of the rest's, sum w s (1 - w n / N) of the sense's and sum w n (1 - w n / N)
    of the word's. With weights of one these are the textbook's; w n / N makes copies of a word one word.
    """
    between, within, rest = _squares(groups, weights)
    filled = weights * groups.sizes
    other = weights * (1 - filled / filled.sum(axis=1, keepdims=True))
    of_rest = _divide(rest, weights @ (groups.sizes - groups.senses))
    of_sense = _divide(within - weights @ (groups.senses - 1) * of_rest, weights @ (groups.sizes - groups.overlap))
    known = other.sum(axis=1) * of_rest + other @ groups.overlap * of_sense
    return np.stack([_divide(between - known, other @ groups.sizes), of_sense, of_rest], axis=1)


def _divide(squares: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide, NaN where a draw has nothing to divide by (rounding apart)."""
    found: NDArray[np.float64] = squares / np.where(times > 1e-9, times, np.nan)
    return found
