"""What each part of a whole is worth, where parts need each other."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Hashable, Mapping
from typing import TypeVar

from embedlib.errors import InputError
from embedlib.metrics.estimates import Estimate

Player = TypeVar("Player", bound=Hashable)
Worth = TypeVar("Worth", float, Estimate)


def shapley(values: Mapping[frozenset[Player], Worth]) -> dict[Player, Worth]:
    """Share what all parts are worth together among them, by Shapley's values (shapley1953).

    `values` has the score of every combination of parts, the empty one among them: 2^n for n parts, each a number or
    an `Estimate`. A part is worth what it adds to the parts before it, averaged over all orders in which they can
    come. So the parts' values sum to the score of all less that of none, equal parts are worth the same, and a part
    that changes no score is worth exactly zero. Parts come in the order in which `values` names them first. Raises
    `InputError` for a combination without a score.

    Example:
        >>> scores = {"": 0.1, "layer": 0.3, "space": 0.1, "layer space": 0.5}
        >>> found = shapley({frozenset(parts.split()): score for parts, score in scores.items()})
        >>> {part: round(worth, 2) for part, worth in found.items()}
        {'layer': 0.3, 'space': 0.1}
    """
    # Sets have no order of their own, so parts of one combination are told apart by their names.
    parts = list(dict.fromkeys(part for together in values for part in sorted(together, key=str)))
    others = {part: [other for other in parts if other != part] for part in parts}
    for size in range(len(parts) + 1):
        for chosen in itertools.combinations(parts, size):
            if frozenset(chosen) not in values:
                raise InputError(f"the combination of {', '.join(map(str, chosen)) or 'no part'} has no score")
    found = {}
    for part in parts:
        terms = []
        for size in range(len(parts)):
            # The share of all orders in which just these parts come before.
            share = 1 / (len(parts) * math.comb(len(parts) - 1, size))
            for before in map(frozenset, itertools.combinations(others[part], size)):
                terms.append((values[before | {part}] - values[before]) * share)
        found[part] = functools.reduce(operator.add, terms)
    return found
