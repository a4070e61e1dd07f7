"""Word lists: the book's lexicon, its most frequent words, or a file of one's own."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from embedlib._util.paths import data_dir
from embedlib.datasets.words import read_words
from embedlib.errors import InputError


@functools.cache
def _lexicon(path: Path) -> pd.DataFrame:
    # Read as text: "nan" and "null" are words.
    table = pd.read_csv(path, sep="\t", keep_default_na=False, dtype={"word": str, "zipf": float})
    return table.set_index("word")


def load_lexicon() -> pd.DataFrame:
    """Read the lexicon: a row for each word, the most frequent first, with the words as its index.

    The words are the 77,568 lemmas of WordNet 3.1 that are plain a-z (fellbaum1998wordnet). The column `zipf` is the
    Zipf frequency, log10 of the occurrences in a billion words (speer2022wordfreq). `pos` has the parts of speech, the
    commonest first, and `lexfile` the lexicographer file of the first sense of each; both are joined by commas.

    Example:
        >>> load_lexicon().loc["dog", "pos"]
        'noun,verb'
    """
    return _lexicon(data_dir() / "lexicon.tsv").copy()


def load_words(words: int | str = "all", *, encoding: str = "utf-8") -> list[str]:
    """Read a word list.

    `words` is how many of the lexicon's words to take, most frequent first, "all" of them, or the
    path of a text file with one word a line, see `embedlib.datasets.words.read_words`.

    Raises `InputError` for a number outside the lexicon and for a file that is missing, empty, or no list of words.

    Example:
        >>> import embedlib
        >>> embedlib.load_words(3)
        ['a', 'in', 'i']
    """
    if isinstance(words, str) and words != "all":
        return read_words(Path(words).expanduser(), encoding)
    listed: list[str] = _lexicon(data_dir() / "lexicon.tsv").index.to_list()
    if words == "all":
        return listed
    if isinstance(words, bool) or not isinstance(words, int) or not 1 <= words <= len(listed):
        raise InputError(f"words is {words!r}; allowed: 1 to {len(listed)}, 'all', or a file of words")
    return listed[:words]


def frequency_bands(words: Sequence[str], limits: Sequence[float]) -> dict[str, list[str]]:
    """Sort words into bands of Zipf frequency, the most frequent first; a band without words is left out.

    `limits` are the lower ends of all bands but the last. Words that the lexicon does not have are a band of their
    own, the last one. Raises `InputError` where there are no limits or one is given twice.

    Example:
        >>> frequency_bands(["zxqwv", "zebrawood", "dog"], [5, 4])
        {'Zipf 5 and more': ['dog'], 'Zipf below 4': ['zebrawood'], 'not in the lexicon': ['zxqwv']}
    """
    if not limits or len(set(limits)) < len(limits):
        raise InputError(f"bands are {list(limits)}; allowed: one or more distinct Zipf frequencies")
    falling = sorted(limits, reverse=True)
    names = [f"Zipf {falling[0]:g} and more"]
    names += [f"Zipf {low:g} to {high:g}" for high, low in itertools.pairwise(falling)]
    names += [f"Zipf below {falling[-1]:g}", "not in the lexicon"]
    zipf = _lexicon(data_dir() / "lexicon.tsv")["zipf"].reindex(list(words)).fillna(-np.inf)
    ordered = zipf.sort_values(ascending=False, kind="stable")
    places = np.searchsorted(-np.array(falling), -ordered.to_numpy(), side="left")
    places[np.isneginf(ordered.to_numpy())] = len(falling) + 1
    return {name: part.to_list() for n, name in enumerate(names) if len(part := ordered.index[places == n])}
