"""Verdicts on claims, computed from effects with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from embedlib.errors import InputError
from embedlib.metrics.estimates import Estimate, Estimates

VerdictWord = Literal["reproduced", "partly", "not reproduced", "cannot be tested here"]
VERDICTS: tuple[str, ...] = get_args(VerdictWord)
# How a verdict ends the sentence "The claim is ...".
SAID: dict[VerdictWord, str] = {
    "reproduced": "reproduced",
    "partly": "partly reproduced",
    "not reproduced": "not reproduced",
    "cannot be tested here": "one that cannot be tested with these models",
}


@dataclass(frozen=True)
class Verdict:
    """A claim's verdict with its effect and 95 % interval.

    `holds` says for each model, or for each part of the claim, whether it holds. Where the claim
    cannot be tested, the effect and the interval are NaN and `holds` is empty.
    """

    claim: str
    verdict: VerdictWord
    effect: float
    low: float
    high: float
    holds: Mapping[str, bool]

    def __str__(self) -> str:
        return self.verdict


def higher_in_llms(claim: str, scores: Estimates, family: Mapping[str, str]) -> Verdict:
    """Judge the claim that a score is higher for LLMs than for classical models.

    `scores` are the models' estimates on the same draws; `family` maps a model to "llm" or
    "classical". The effect is the mean score over LLMs less the mean over classical models. The
    claim holds for an LLM whose score is above that of every classical model, the interval of each
    difference clear of zero.

    *Reproduced*: it holds for every LLM. *Partly*: it holds for some. *Not reproduced*: for none.
    *Cannot be tested here*: a family has no model.

    Raises `InputError` for an unknown family or for draws with NaN.

    Example:
        >>> scores = Estimates({"glove": Estimate(0.3, [0.2, 0.4]), "gemma": Estimate(0.5, [0.4, 0.6])})
        >>> found = higher_in_llms("D1", scores, {"glove": "classical", "gemma": "llm"})
        >>> found.verdict, round(found.effect, 2)
        ('reproduced', 0.2)
    """
    if unknown := {family.get(model, "none") for model in scores} - {"llm", "classical"}:
        raise InputError(f"family {sorted(unknown)[0]!r}; allowed: llm, classical")
    if scores.draws.isna().to_numpy().any():
        raise InputError("bootstrap draws hold NaN")
    llms, classical = ([model for model in scores if family[model] == side] for side in ("llm", "classical"))
    if not llms or not classical:
        return Verdict(claim, "cannot be tested here", np.nan, np.nan, np.nan, {})
    gap = scores.average(llms) - scores.average(classical)
    holds = {llm: all(scores.difference(llm, other).is_above(0) for other in classical) for llm in llms}
    return Verdict(claim, _word(holds), gap.value, *gap.interval(), holds)


def from_parts(claim: str, parts: Mapping[str, Estimate | None]) -> Verdict:
    """Judge a claim of several statements, each an effect that the claim says is above zero; None cannot be tested.

    A part holds where its interval is clear of zero. *Reproduced*: all parts that can be tested
    hold; *partly*: some do; *not reproduced*: none does; *cannot be tested here*: no part can be.
    The effect and its interval are those of the first part that can be tested.

    Example:
        >>> parts = {"higher": Estimate(0.2, [0.1, 0.3]), "lower": Estimate(0.0, [-0.1, 0.1]), "other": None}
        >>> found = from_parts("D4", parts)
        >>> found.verdict, dict(found.holds)
        ('partly', {'higher': True, 'lower': False})
    """
    tested = {name: part for name, part in parts.items() if part is not None}
    if not tested:
        return Verdict(claim, "cannot be tested here", np.nan, np.nan, np.nan, {})
    holds = {name: part.is_above(0) for name, part in tested.items()}
    first = next(iter(tested.values()))
    return Verdict(claim, _word(holds), *first.row, holds)


def _word(holds: Mapping[str, bool]) -> VerdictWord:
    if all(holds.values()):
        return "reproduced"
    return "partly" if any(holds.values()) else "not reproduced"
