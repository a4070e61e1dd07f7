"""Multiple-choice analogies, as of a school test: a pair of words, and a few pairs to choose the like of it from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from embedlib.errors import InputError
from embedlib.metrics.analogy import choose_pairs
from embedlib.metrics.questions import WordTable


def words_of_choices(items: pd.DataFrame) -> list[str]:
    """List the distinct words of multiple-choice questions, as of `sat-analogies` with choices, in their order.

    Raises `InputError` for questions without choices.

    Example:
        >>> items = pd.DataFrame({"a": ["bird"], "a2": ["nest"], "choices": [(("bee", "hive"), ("cat", "nest"))]})
        >>> words_of_choices(items)
        ['bird', 'nest', 'bee', 'hive', 'cat']
    """
    if "choices" not in items:
        raise InputError("these questions list right answers alone; there are no pairs to choose from")
    named: dict[str, None] = {}
    for a, a2, choices in items[["a", "a2", "choices"]].itertuples(index=False):
        named |= dict.fromkeys([a, a2, *(word for pair in choices for word in pair)])
    return list(named)


def right_choices(items: pd.DataFrame, table: WordTable) -> pd.Series:
    """Say of each multiple-choice question whether `choose_pairs` answers it rightly: (n,) bool, by its row.

    `items` are as of `sat-analogies` with choices, and `table` has the words. A question with a word that has no vector
    counts as wrong. Raises `InputError` for questions without choices.

    Example:
        >>> from types import SimpleNamespace
        >>> vectors = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [-1, 0, 0]], dtype=np.float32)
        >>> table = SimpleNamespace(keys=["bird", "nest", "bee", "hive", "cat"], vectors=vectors)
        >>> items = pd.DataFrame({"a": ["bird"] * 2, "a2": ["nest"] * 2, "b": "bee", "b2": ["hive", "den"]})
        >>> items["choices"] = [(("bee", "cat"), ("bee", "hive")), (("bee", "den"), ("bee", "cat"))]
        >>> right_choices(items, table).to_list()
        [True, False]
    """
    words_of_choices(items)
    row_of = {word: row for row, word in enumerate(table.keys)}
    shown = [
        [(a, a2), *choices] for a, a2, choices in items[["a", "a2", "choices"]].itertuples(index=False)
    ]  # fmt: skip
    places = [[[row_of.get(word, -1) for word in pair] for pair in pairs] for pairs in shown]
    rows = np.array(places, dtype=np.int32)  # (n, 1 + k, 2)
    known = (rows >= 0).all(axis=(1, 2))
    picked = choose_pairs(table.vectors, rows[known, 0], rows[known, 1:])
    right = [tuple(pair) for pair in items[["b", "b2"]].itertuples(index=False)]
    found = np.zeros(len(items), dtype=np.bool_)
    for place, choice in zip(np.flatnonzero(known), picked, strict=True):
        found[place] = shown[place][1 + choice] == right[place]
    return pd.Series(found, items.index)
