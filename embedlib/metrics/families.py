"""The two sides of a comparison, LLMs and classical models: the best of each, and how far one is ahead.

A handful of models says little about their families, however many items they are measured on. So an effect
has, beside the interval over items, what it is without each of the models, and how often it would be as large
if the models' labels were given out by chance.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedlib.errors import InputError, UnknownNameError
from embedlib.metrics.estimates import Estimate, Estimates

How = Literal["best", "mean"]
SIDE_NAMES = ("LLM", "classical", "neither")
LABELINGS = 20_000  # up to which all ways to give out the labels are tried, and of which that many are drawn otherwise

# How the scores of a side become one: of estimates, and of the numbers of a row where a mask says so.
_Reduce = Callable[..., Any]
_WAYS: dict[str, tuple[Callable[[Estimates, Sequence[str]], Estimate], _Reduce]] = {
    "best": (Estimates.best_of, lambda values, where: np.max(values, axis=-1, where=where, initial=-np.inf)),
    "mean": (Estimates.average, lambda values, where: np.mean(values, axis=-1, where=where)),
}


@dataclass(frozen=True, eq=False)
class FamilyEffect:
    """What LLMs score more than classical models, and how much that hangs on the choice of models.

    `estimate` has the interval over items. `left_out` maps a model to the effect without it; a model that is alone
    on its side cannot be left out, and is in `alone`. `p` is the two-sided permutation p of the labels, and `least_p`
    the smallest that any scores of so many models could have. `best_llm` and `best_classical` are the models of the
    highest score; that of a side without a model is "none", and then there is no estimate and the numbers are NaN.
    `without_score` names models whose score is NaN, which take no part.

    `-effect` is what classical models score more.
    """

    estimate: Estimate | None
    best_llm: str
    best_classical: str
    left_out: Mapping[str, float]
    alone: tuple[str, ...]
    p: float
    least_p: float
    without_score: tuple[str, ...] = ()

    def __neg__(self) -> FamilyEffect:
        estimate = None if self.estimate is None else -self.estimate
        return replace(self, estimate=estimate, left_out={model: -value for model, value in self.left_out.items()})

    @property
    def left_out_range(self) -> tuple[float, float]:
        """The lowest and the highest effect when one model is left out; NaN where none can be."""
        return (min(self.left_out.values()), max(self.left_out.values())) if self.left_out else (np.nan, np.nan)

    @property
    def facts(self) -> dict[str, float | str]:
        """The effect and the two best models, under the names that chapters record them by.

        Example:
            >>> scores = Estimates({"glove": Estimate(0.3, [0.2, 0.4]), "gemma": Estimate(0.5, [0.4, 0.6])})
            >>> facts = family_effect(scores, {"glove": "classical", "gemma": "LLM"}).facts
            >>> list(facts)[:4], facts["best-llm"]
            (['llm-lead', 'llm-lead-low', 'llm-lead-high', 'llm-lead-left-out-low'], 'gemma')
        """
        value, low, high = self.estimate.row if self.estimate is not None else (np.nan, np.nan, np.nan)
        left_low, left_high = self.left_out_range
        return {
            "llm-lead": value, "llm-lead-low": low, "llm-lead-high": high,
            "llm-lead-left-out-low": left_low, "llm-lead-left-out-high": left_high,
            "llm-lead-p": self.p, "llm-lead-least-p": self.least_p,
            "best-llm": self.best_llm, "best-classical": self.best_classical,
        }  # fmt: skip


def family_effect(
    scores: Estimates, sides: Mapping[str, str], how: How = "best", rng: np.random.Generator | None = None
) -> FamilyEffect:
    """Compare LLMs with classical models, on the same draws: the scores of the first less those of the second.

    `scores` are the models' estimates; `sides` maps a model to "LLM", "classical" or "neither", which takes no part.
    With `how` "best" a side's score is that of its best model, chosen anew in each bootstrap draw; with "mean" it
    is the mean over its models.

    The permutation p (good2005permutation) tries all ways to give the labels to the models, as many LLMs as
    there are: the share of them whose effect is at least as large, or at least as small, whichever is less, times
    two. Its least possible value is two in the number of ways. Beyond 20,000 ways, that many are drawn from `rng`.

    Raises `InputError` for a model without a side, or for more ways than 20,000 without `rng`, and
    `UnknownNameError` for another side or way.

    Example:
        >>> values = {"glove": 0.1, "use": 0.2, "gemma": 0.3, "qwen": 0.5}
        >>> scores = Estimates({model: Estimate(value, [value, value]) for model, value in values.items()})
        >>> sides = {"glove": "classical", "use": "classical", "gemma": "LLM", "qwen": "LLM"}
        >>> found = family_effect(scores, sides)
        >>> print(found.best_llm, found.best_classical, found.estimate)
        qwen use 0.30 [0.30, 0.30]
        >>> [f"{effect:.1f}" for effect in found.left_out_range], round(found.p, 2), round(found.least_p, 2)
        (['0.1', '0.4'], 0.33, 0.33)
    """
    if how not in _WAYS:
        raise UnknownNameError.of("way to join the scores of a side", how, _WAYS)
    join, reduce = _WAYS[how]
    known = {side: [model for model in models if not np.isnan(scores[model].value)]
             for side, models in _by_side(list(scores), sides).items()}  # fmt: skip
    llms, classical = known["LLM"], known["classical"]
    best_llm, best_classical = (str(scores.best(side)) if side else "none" for side in (llms, classical))
    silent = tuple(model for model in scores if sides[model] != "neither" and model not in [*llms, *classical])
    if not llms or not classical:
        return FamilyEffect(None, best_llm, best_classical, {}, (), np.nan, np.nan, silent)
    models = [*llms, *classical]
    values, is_llm = scores.value[models].to_numpy(), np.arange(len(models)) < len(llms)
    left_out = {}
    for place, model in enumerate(models):
        rest = np.arange(len(models)) != place
        if (rest & is_llm).any() and (rest & ~is_llm).any():
            left_out[model] = float(reduce(values, rest & is_llm) - reduce(values, rest & ~is_llm))
    p, least_p = _permutation_p(values, is_llm, reduce, rng)
    return FamilyEffect(
        join(scores, llms) - join(scores, classical), best_llm, best_classical, left_out,
        tuple(model for model in models if model not in left_out), p, least_p, silent,
    )  # fmt: skip


def _permutation_p(
    values: NDArray[np.float64], is_llm: NDArray[np.bool_], reduce: _Reduce, rng: np.random.Generator | None
) -> tuple[float, float]:
    """Give the two-sided p of the labels, and its least possible value."""
    models, llms = len(values), int(is_llm.sum())
    ways = math.comb(models, llms)
    if ways <= LABELINGS:
        masks = np.zeros((ways, models), dtype=bool)
        for mask, chosen in zip(masks, itertools.combinations(range(models), llms), strict=True):
            mask[list(chosen)] = True
    elif rng is None:
        raise InputError(
            f"{models} models can be labelled in {ways:,} ways; up to {LABELINGS:,} all of them are tried, beyond that "
            "a Generator is needed to draw some: give `rng`"
        )
    else:
        masks = rng.permuted(np.tile(is_llm, (LABELINGS, 1)), axis=1)
        masks = np.concatenate([is_llm[None], masks])  # what was seen is one of the ways (phipson2010permutation)
    rows = np.broadcast_to(values, masks.shape)
    gaps = reduce(rows, masks) - reduce(rows, ~masks)
    seen = float(reduce(values, is_llm) - reduce(values, ~is_llm))
    near = 1e-12 * float(np.abs(values).max())  # equal but for rounding
    tail = min(np.mean(gaps >= seen - near), np.mean(gaps <= seen + near))
    return min(1.0, 2 * float(tail)), min(1.0, 2 / len(masks))


def best_of_sides(scores: pd.DataFrame, sides: Mapping[str, str]) -> pd.DataFrame:
    """Name the best LLM and the best classical model of each row of scores, and give their scores.

    `scores` has a row for each thing that is scored and a column a model; `sides` maps a model to "LLM",
    "classical" or "neither". NaN is left out, and the first of equals is named. A side without a score has the
    best "none" and the score NaN. Raises as `family_effect` does.

    Example:
        >>> scores = pd.DataFrame({"glove": [0.3, 0.2], "use": [0.1, 0.4], "gemma": [0.2, None]}, ["pairs", "senses"])
        >>> best_of_sides(scores, {"glove": "classical", "use": "classical", "gemma": "LLM"})
               best LLM  LLM best classical  classical
        pairs     gemma  0.2          glove        0.3
        senses     none  NaN            use        0.4
    """
    columns: dict[str, list[object]] = {}
    for side, models in _by_side(list(scores.columns), sides).items():
        known = [row.dropna() for _, row in scores[models].iterrows()]
        columns[f"best {side}"] = [row.idxmax() if len(row) else "none" for row in known]
        columns[side] = [row.max() if len(row) else float("nan") for row in known]
    return pd.DataFrame(columns, scores.index)


def first_places(scores: pd.DataFrame) -> pd.DataFrame:
    """Give each column 1 in the rows where it is highest, and 0 elsewhere; equals share the 1.

    Example:
        >>> first_places(pd.DataFrame({"glove": [0.3, 0.2], "use": [0.1, 0.2]}))
           glove  use
        0    1.0  0.0
        1    0.5  0.5
    """
    is_first = scores.eq(scores.max(axis=1), axis=0)
    return is_first.div(is_first.sum(axis=1), axis=0)


def _by_side(models: Sequence[str], sides: Mapping[str, str]) -> dict[str, list[str]]:
    """List the models of the two sides, in their order."""
    for model in models:
        if model not in sides:
            raise InputError(f"the model {model!r} has no side; there are sides of {', '.join(sides) or 'none'}")
        if sides[model] not in SIDE_NAMES:
            raise UnknownNameError.of(f"side of {model}", sides[model], SIDE_NAMES)
    return {side: [model for model in models if sides[model] == side] for side in SIDE_NAMES[:2]}
