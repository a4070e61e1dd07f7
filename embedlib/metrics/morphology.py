"""Forms of a word against words that are spelled like it, and what letters alone can do."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from embedlib.errors import InputError
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimate

SIZES = (2, 3)


def letter_overlap(first: Iterable[str], second: Iterable[str], *, sizes: Sequence[int] = SIZES) -> NDArray[np.float64]:
    """Give the Dice overlap of the letter n-grams of two words, pair by pair: (n,), from 0 to 1 (dice1945measures).

    The n-grams are those of each word with its ends marked, each counted once. This is a null model: it knows no
    word, so what it can tell, spelling tells. Raises `InputError` for lists of different lengths, an empty word,
    or sizes that are not positive numbers.

    Example:
        >>> letter_overlap(["corn", "corn"], ["corner", "wheat"]).round(2)
        array([0.64, 0.  ])
    """
    if not sizes or min(sizes) < 1:
        raise InputError(f"sizes are {list(sizes)}; allowed: one or more lengths of at least 1")
    grams = [(_ngrams(one, tuple(sizes)), _ngrams(two, tuple(sizes))) for one, two in _pairs(first, second)]
    return np.array([2 * len(one & two) / max(1, len(one) + len(two)) for one, two in grams], dtype=np.float64)


def prefix_overlap(first: Iterable[str], second: Iterable[str]) -> NDArray[np.float64]:
    """Give the share of the longer word that two words begin with together, pair by pair: (n,), from 0 to 1.

    A second null model, which sees what `letter_overlap` sees less well: a long common beginning. Raises
    `InputError` for lists of different lengths and for an empty word.

    Example:
        >>> prefix_overlap(["corn", "corn"], ["corner", "wheat"]).round(2)
        array([0.67, 0.  ])
    """
    pairs = _pairs(first, second)
    shares = [_shared_start(one, two) / max(len(one), len(two)) for one, two in pairs]
    return np.array(shares, dtype=np.float64)


def foil_auc(
    form: ArrayLike, foil: ArrayLike, pair: ArrayLike, boot: Bootstrap, *, of: ArrayLike | None = None
) -> Estimate:
    """Estimate the chance that a word is nearer to its own form than to a foil of it; chance is one half.

    A row is a foil: `form` and `foil`, (n,), are the scores of the word with its form and with this foil, say
    cosines, and `pair` the label of the word and its form. Equal scores count half, and each pair counts once,
    however many foils it has: this is the AUC within each pair (hanley1982meaning), averaged. `of` names the unit
    of each row, (n,), such as its relation; None is the pair itself. Rows with NaN are left out, and a unit of which
    none is left counts for nothing. The estimate is NaN where no row is left.

    Raises `InputError` where lengths differ, a pair belongs to two units, or a unit is not one that is drawn.

    Example:
        >>> boot = Bootstrap(["plural", "past"], 4, np.random.default_rng(0))
        >>> of = ["plural", "plural", "past"]
        >>> foil_auc([0.8, 0.8, 0.3], [0.2, 0.9, 0.3], ["car-cars", "car-cars", "go-went"], boot, of=of).value
        0.5
    """
    columns = {
        "form": np.asarray(form, dtype=np.float64), "foil": np.asarray(foil, dtype=np.float64),
        "pair": np.asarray(pair), "unit": np.asarray(pair if of is None else of),
    }  # fmt: skip
    if len({values.shape for values in columns.values()}) > 1:
        said = ", ".join(f"{name} {values.shape}" for name, values in columns.items())
        raise InputError(f"these do not fit each other: {said}")
    rows = pd.DataFrame(columns)
    if (several := rows.groupby("pair")["unit"].nunique() > 1).any():
        raise InputError(f"the pair {several.idxmax()!r} is of more than one unit")
    boot.mask(rows["unit"])  # an unknown unit is an error, also where its scores are NaN
    rows = rows.dropna(subset=["form", "foil"])
    if rows.empty:
        return boot.estimate(np.nan, np.full(len(boot.counts), np.nan))
    won = (rows["form"] > rows["foil"]) + (rows["form"] == rows["foil"]) / 2
    pairs = won.groupby([rows["unit"], rows["pair"]], sort=False).mean()
    return boot.mean(pairs.to_numpy(), of=pairs.index.get_level_values("unit"))


@lru_cache(maxsize=100_000)
def _ngrams(word: str, sizes: tuple[int, ...]) -> frozenset[str]:
    marked = f"<{word}>"
    return frozenset(marked[i : i + n] for n in sizes for i in range(len(marked) - n + 1))


def _shared_start(first: str, second: str) -> int:
    """Count the letters that two words begin with together."""
    same = itertools.takewhile(lambda letters: letters[0] == letters[1], zip(first, second, strict=False))
    return sum(1 for _ in same)


def _pairs(first: Iterable[str], second: Iterable[str]) -> list[tuple[str, str]]:
    """Join two lists of words pair by pair."""
    left, right = list(first), list(second)
    if len(left) != len(right):
        raise InputError(f"{len(left)} first and {len(right)} second words are not pairs")
    if not all(left) or not all(right):
        raise InputError("an empty word has no letters to compare")
    return list(zip(left, right, strict=True))
