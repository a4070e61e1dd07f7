"""Which part of a data set readings are chosen on, and which part chapters test on.

A reading (the token in front, the layer, the pooling and so on) is chosen on development data. A chapter tests on
the rest, so that no model is measured on what its reading was chosen on. The rule is written down in catalogue.toml.
It draws nothing: the parts are the same on every machine.

- "rows": every third row is development, the first of the file among them.
- "relations": every third row of each relation is, the first among them.
- "anchors": every third anchor is, with all its sentences, in the order in which anchors come first.
- "all": the whole set is, and no chapter may test on it.

Items are apart, words are not: a word may be in a pair of either part. Of relations, a test pair that is development
data too, in another relation or the other way round, is in neither part. Sets of ratings share pairs with each other:
`embedlib.datasets.rated_sets.load_rated_sets` leaves those of development data out.
"""

from __future__ import annotations

import itertools
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedlib.errors import UnknownNameError

DataPart = Literal["development", "test"]
Development = Literal["rows", "relations", "anchors", "all"]

PARTS: tuple[DataPart, ...] = get_args(DataPart)
_EVERY = 3


def check_part(part: str | None) -> DataPart | None:
    """Give the name of a part as it is, or None for the whole; raises `UnknownNameError` for any other.

    Example:
        >>> check_part("test")
        'test'
    """
    if part is None:
        return None
    for known in PARTS:
        if part == known:
            return known
    raise UnknownNameError.of("part of a data set", part, PARTS)


def is_development(frame: pd.DataFrame, rule: Development) -> NDArray[np.bool_]:
    """Mark the rows of a table that are development data: (n,) bool.

    The table has a column `relation` for the rule "relations", and `anchor` for "anchors".

    Example:
        >>> pairs = pd.DataFrame({"relation": ["a", "a", "a", "a", "b", "b"]})
        >>> is_development(pairs, "relations").tolist()
        [True, False, False, True, True, False]
    """
    if rule == "all":
        return np.ones(len(frame), dtype=np.bool_)
    number: NDArray[np.integer]
    if rule == "rows":
        number = np.arange(len(frame))
    elif rule == "relations":
        number = frame.groupby("relation", sort=False).cumcount().to_numpy()
    else:
        number = pd.factorize(frame["anchor"])[0]
    marked: NDArray[np.bool_] = number % _EVERY == 0
    return marked


def take_part(frame: pd.DataFrame, rule: Development, part: DataPart) -> pd.DataFrame:
    """Take one of the two parts of a table: its rows in their order, numbered from 0.

    Of relations, the test part has no pair of words that the development part has.

    Example:
        >>> pairs = pd.DataFrame({"word1": ["a", "b", "c", "d"]})
        >>> take_part(pairs, "rows", "development")["word1"].to_list()
        ['a', 'd']
        >>> take_part(pairs, "rows", "test")["word1"].to_list()
        ['b', 'c']
    """
    marked = is_development(frame, rule)
    if part == "test" and rule == "relations" and "targets" in frame:
        ends = zip(frame["source"], frame["targets"], strict=True)
        rows = [{frozenset((source, target)) for target in targets} for source, targets in ends]
        known = set().union(*itertools.compress(rows, marked))
        marked = marked | np.array([not known.isdisjoint(pairs) for pairs in rows], dtype=np.bool_)
    return frame[marked if part == "development" else ~marked].reset_index(drop=True)
