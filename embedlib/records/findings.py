"""The sentences of the page of findings, made from what the chapters recorded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from embedlib.metrics.verdicts import VERDICTS, Verdict, VerdictWord
from embedlib.records.phrases import listed, number_word

# How a count of claims is followed by what they are.
_ARE: dict[VerdictWord, str] = {
    "supported": "supported", "contradicted": "contradicted", "undecided": "undecided",
    "cannot be tested here": "untested",
}  # fmt: skip


def say_leads(leads: pd.DataFrame) -> tuple[str, str]:
    """Say on which measures the best LLM is clearly ahead of the best classical model, and on which nobody is.

    `leads` has a row a measure: effect, and who is ahead ("LLM", "classical" or "neither", where the interval has
    zero in it). Measures without an effect are left out.

    Example:
        >>> leads = pd.DataFrame({"effect": [0.1, -0.2], "ahead": ["LLM", "classical"]}, ["senses", "analogies"])
        >>> claim, others = say_leads(leads)
        >>> claim
        'On one of our two measures of meaning the best LLM is clearly ahead of the best classical model: senses.'
        >>> others
        'The classical model is clearly ahead on analogies.'
    """
    tested = leads.dropna(subset=["effect", "ahead"])
    if tested.empty:
        return "This run compares no LLM with a classical model.", ""
    llm, classical, neither = (tested.index[tested["ahead"] == side] for side in ("LLM", "classical", "neither"))
    ours = f"our {number_word(len(tested))} measures of meaning" if len(tested) > 1 else "our one measure of meaning"
    ahead = "clearly ahead of the best classical model"
    if len(llm) == 0:
        claim = f"On none of {ours} is the best LLM {ahead}."
    elif len(llm) == len(tested):
        claim = f"On {'all of ' if len(tested) > 1 else ''}{ours} the best LLM is {ahead}."
    else:
        claim = f"On {number_word(len(llm))} of {ours} the best LLM is {ahead}: {listed(llm)}."
    others = []
    if len(classical):
        where = "all of them" if len(classical) == len(tested) > 1 else listed(classical)
        others.append(f"The classical model is clearly ahead on {where}.")
    if len(neither):
        others.append(f"Undecided {'is' if len(neither) == 1 else 'are'} {listed(neither)}.")
    return claim, " ".join(others)


def say_words_alone(pairs: pd.Series, analogies: pd.Series, ahead: str) -> tuple[str, str]:
    """Say which side knows better which words are related, with its numbers and those on analogies.

    `pairs` and `analogies` have the scores of the best of each side, LLM and classical, as shares of 1; `ahead` is who
    is clearly ahead on related words: "LLM", "classical" or "neither". Where a score is NaN there is nothing to
    compare, and no numbers.

    Example:
        >>> pairs, analogies = pd.Series({"LLM": 0.72, "classical": 0.83}), pd.Series({"LLM": 0.2, "classical": 0.3})
        >>> claim, numbers = say_words_alone(pairs, analogies, "classical")
        >>> claim
        'The best classical model is better than the best LLM at finding related words.'
        >>> numbers.split(". ")[1]
        'The best LLM does so in 72 of 100'
    """
    if any(np.isnan(row[side]) for row in (pairs, analogies) for side in ("LLM", "classical")):
        return "Words alone are not compared in this run.", ""
    scores = {"classical model": pairs["classical"], "LLM": pairs["LLM"]}
    better, worse = sorted(scores, key=lambda who: scores[who], reverse=True)
    numbers = (
        f"The best {better} picks the related one of two pairs in {_of_hundred(scores[better])} cases. "
        f"The best {worse} does so in {_of_hundred(scores[worse])}. "
        f"On analogies, the best classical model finds {_of_hundred(analogies['classical'])} answers "
        f"and the best LLM {_of_hundred(analogies['LLM'])}."
    )
    if ahead == "neither":
        return "It is undecided whether LLMs or classical models are better at finding related words.", numbers
    winner, loser = ("LLM", "classical model") if ahead == "LLM" else ("classical model", "LLM")
    return f"The best {winner} is better than the best {loser} at finding related words.", numbers


def say_verdicts(verdicts: Mapping[str, Verdict]) -> tuple[str, str]:
    """Say how many of the study's claims are supported, contradicted, undecided and untested, and which they are.

    Example:
        >>> from embedlib.metrics.verdicts import Part
        >>> found = {"D1": Verdict("D1", Part("closer in LLMs", "contradicted", -0.1, -0.2, -0.05))}
        >>> found["D2"] = Verdict("D2", Part("the best LLM is ahead", "supported", 0.1, 0.05, 0.2))
        >>> count, which = say_verdicts(found)
        >>> count
        "Of the study's two claims, one is supported and one contradicted."
        >>> which
        'Supported: D2. Contradicted: D1.'
    """
    claims = {word: [claim for claim, found in verdicts.items() if found.verdict == word] for word in VERDICTS}
    came = [f"{number_word(len(claims[word]))} {way}" for word, way in _ARE.items() if claims[word]]
    if not came:
        return "This run has no verdict.", ""
    first, _, rest = came[0].partition(" ")
    verb = "is" if first == "one" else "are"
    which = [f"{_ARE[word].capitalize()}: {listed(names)}." for word, names in claims.items() if names]
    of = f"Of the study's {number_word(len(verdicts))} claims" if len(verdicts) > 1 else "Of the study's one claim"
    return f"{of}, {listed([f'{first} {verb} {rest}', *came[1:]])}.", " ".join(which)


def say_context(moves: Verdict, first: str, kind: str, second: str, low: float) -> tuple[str, str]:
    """Say whether LLMs move a word's vector with its context (claim C1), and who follows the sense best.

    `first` is the model that follows the sense best, of a `kind` such as "an LLM", and `second` the next
    one; `low` is the lower end of the interval of its lead.

    Example:
        >>> from embedlib.metrics.verdicts import Part
        >>> moves = Verdict("C1", Part("LLMs over classical models", "supported", 0.2, 0.1, 0.3))
        >>> claim, senses = say_context(moves, "sbert", "a classical model", "gemma", low=-0.01)
        >>> claim
        "LLMs move a word's vector with its context more than classical models do."
        >>> senses.split(", ", 1)[1]
        'sbert, a classical model, is best at that, but not clearly ahead of gemma.'
    """
    move = "a word's vector with its context"
    claim = {
        "supported": f"LLMs move {move} more than classical models do.",
        "contradicted": f"LLMs move {move} less than classical models do.",
        "undecided": f"It is undecided whether LLMs move {move} more than classical models do.",
        "cannot be tested here": f"Whether LLMs move {move} more than classical models do cannot be tested here.",
    }[moves.verdict]
    margin = "clearly" if low > 0 else "but not clearly"
    senses = (
        "A vector that moves does not always follow the sense of the word. After the directions that all vectors "
        f"of a model share are removed, {first}, {kind}, is best at that, {margin} ahead of {second}."
    )
    return claim, senses


def say_ways_to_read(
    gain: float, unit: str, where: str, prompt_gain: float, baseline: str, left: float
) -> tuple[str, str]:
    """Say what another way of reading an LLM is worth.

    `gain` is the most that another layer and pooling add, in `unit`, and `where` the task and model;
    `prompt_gain` is the most that a prompt adds to the correlation on sentences, and `left` is the
    lead there that the model `baseline` has with it.

    Example:
        >>> claim, numbers = say_ways_to_read(0.12, "accuracy", "analogies of gemma", 0.05, "sbert", 0.1)
        >>> claim
        'An LLM can do better than when it is read in the default way.'
        >>> numbers.split(". ")[0]
        'Choosing another layer and pooling adds up to 0.12 to the accuracy (analogies of gemma)'
    """
    claim = "Another way of reading an LLM does not help it."
    if max(gain, prompt_gain) > 0:
        claim = "An LLM can do better than when it is read in the default way."
    who = f"{baseline} is still ahead" if left > 0 else f"{baseline} is no longer ahead"
    numbers = (
        f"Choosing another layer and pooling adds up to {gain:.2f} to the {unit} ({where}). A prompt adds up to "
        f"{prompt_gain:.2f} to the correlation with ratings of similar sentences. {who} there."
    )
    return claim, numbers


def _of_hundred(share: float) -> str:
    """Write a share as cases of a hundred."""
    return f"{100 * share:.0f} of 100"
