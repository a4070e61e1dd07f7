"""Verdicts on claims, computed from effects with their intervals.

An effect is signed so that above zero supports the claim. A claim's verdict is that of its main part.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, get_args

import numpy as np
import pandas as pd

from embedlib.errors import InputError
from embedlib.metrics.estimates import Estimate
from embedlib.metrics.families import FamilyEffect

_NORMAL = NormalDist()
VerdictWord = Literal["supported", "contradicted", "undecided", "cannot be tested here"]
VERDICTS: tuple[VerdictWord, ...] = get_args(VerdictWord)
# How a verdict ends the sentence "The claim is ...".
SAID: dict[VerdictWord, str] = {
    "supported": "supported",
    "contradicted": "contradicted",
    "undecided": "undecided",
    "cannot be tested here": "one that cannot be tested with these models",
}


@dataclass(frozen=True)
class Part:
    """One statement of a claim: its verdict, and the effect with the 95 % interval that it was judged by.

    The interval is over items. `detectable` is the smallest effect that an undecided part could have seen. The
    other numbers are about the models, where the effect is one of LLMs over classical models: the range of the
    effect when one model is left out, the permutation p of their labels and its least possible value. What a part
    has not is NaN.
    """

    name: str
    verdict: VerdictWord
    effect: float = np.nan
    low: float = np.nan
    high: float = np.nan
    detectable: float = np.nan
    left_out_low: float = np.nan
    left_out_high: float = np.nan
    p: float = np.nan
    least_p: float = np.nan

    @classmethod
    def of(cls, name: str, effect: Estimate | FamilyEffect | None) -> Part:
        """Judge a statement by an effect that it says is above zero; None, or a NaN, cannot be tested.

        *Supported*: the whole 95 % interval is above zero. *Contradicted*: the whole interval is below zero.
        *Undecided*: zero is in it. The numbers about models are those of a `FamilyEffect`.

        Example:
            >>> part = Part.of("LLMs over classical models", Estimate(0.2, [0.1, 0.2, 0.3]))
            >>> part.verdict, part.effect
            ('supported', 0.2)
            >>> Part.of("less", Estimate(-0.2, [-0.3, -0.1])).verdict, Part.of("untested", None).verdict
            ('contradicted', 'cannot be tested here')
        """
        estimate = effect.estimate if isinstance(effect, FamilyEffect) else effect
        if estimate is None or np.isnan(estimate.value):
            return cls(name, "cannot be tested here")
        is_decided = estimate.is_above(0) or estimate.is_below(0)
        word: VerdictWord = "undecided" if not is_decided else "supported" if estimate.is_above(0) else "contradicted"
        detectable = np.nan if is_decided else detectable_effect(estimate)
        models = (*effect.left_out_range, effect.p, effect.least_p) if isinstance(effect, FamilyEffect) else ()
        return cls(name, word, *estimate.row, detectable, *models)

    def __str__(self) -> str:
        return self.verdict


# The fields of a part by the columns of a table of them. A recorded table shows the ends of a range as one cell.
_COLUMNS = {
    "verdict": "verdict", "effect": "effect", "low": "low", "high": "high", "left out, low": "left_out_low",
    "left out, high": "left_out_high", "p": "p", "least p": "least_p", "detectable": "detectable",
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """A claim's verdict, which is that of its main part; the other `parts` are listed under it.

    Raises `InputError` for two parts of one name.

    Example:
        >>> lead = Part.of("the best LLM is ahead", Estimate(0.2, [0.1, 0.3]))
        >>> found = Verdict("D4", lead, (Part.of("the baseline is often first", Estimate(0.0, [-0.1, 0.1])),))
        >>> print(found)
        supported
        >>> found.table()["verdict"].to_list()
        ['supported', 'undecided']
    """

    claim: str
    main: Part
    parts: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        names = Counter(part.name for part in self.all_parts)
        if twice := [name for name, count in names.items() if count > 1]:
            raise InputError(f"the claim {self.claim} has two parts named {twice[0]!r}; a part's name is its own")

    def __str__(self) -> str:
        return self.verdict

    @property
    def verdict(self) -> VerdictWord:
        """The verdict of the main part."""
        return self.main.verdict

    @property
    def all_parts(self) -> tuple[Part, ...]:
        """The main part and then the others."""
        return (self.main, *self.parts)

    def table(self) -> pd.DataFrame:
        """Give a frame with a row a part, the main one first, and a column a field.

        `figures.draw_forest` draws it.
        """
        rows = [[getattr(part, field) for field in _COLUMNS.values()] for part in self.all_parts]
        return pd.DataFrame(rows, pd.Index([part.name for part in self.all_parts], name="part"), list(_COLUMNS))


def detectable_effect(estimate: Estimate, level: float = 0.95, power: float = 0.8) -> float:
    """Give the smallest effect that a bootstrap such as that of an estimate would see (bloom1995minimum).

    That is the effect which has the chance `power` that its interval of `level` is clear of zero on the right side:
    2.80 standard errors by default.

    Example:
        >>> round(detectable_effect(Estimate(0.0, [-1.0, 0.0, 1.0])), 2)
        2.8
    """
    return float((_NORMAL.inv_cdf((1 + level) / 2) + _NORMAL.inv_cdf(power)) * estimate.standard_error)
