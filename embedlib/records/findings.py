"""The sentences of the page of findings, made from what the chapters recorded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from embedlib.metrics.verdicts import Verdict
from embedlib.records.phrases import listed, number_word

_WAYS = {"partly": "in part", "not reproduced": "not at all", "cannot be tested here": "untested"}


def say_leads(leads: pd.DataFrame) -> tuple[str, str]:
    """Say on which measures the best LLM is ahead of the best classical model, and how sure that is.

    `leads` has a row a measure: effect, and who is ahead ("LLM", "classical" or "neither"). Measures
    without an effect are left out.

    Example:
        >>> leads = pd.DataFrame({"effect": [0.1, -0.2], "ahead": ["neither", "classical"]}, ["senses", "analogies"])
        >>> claim, sure = say_leads(leads)
        >>> claim
        'On one of our two measures of meaning the best small LLM beats the best classical model: senses.'
        >>> sure.split(". ")[0]
        'The classical model is clearly ahead on one of them'
    """
    tested = leads.dropna()
    ahead = tested.index[tested["effect"] > 0]
    ours = f"our {number_word(len(tested))} measures of meaning"
    if tested.empty:
        claim = "This run compares no LLM with a classical model."
    elif len(ahead) == 0:
        claim = f"On none of {ours} does the best small LLM beat the best classical model."
    elif len(ahead) == len(tested):
        claim = f"On all of {ours} the best small LLM beats the best classical model."
    else:
        some = f"On {number_word(len(ahead))} of {ours}"
        claim = f"{some} the best small LLM beats the best classical model: {listed(ahead)}."
    sure = []
    for side, who in (("classical", "classical model"), ("LLM", "LLM")):
        if count := int((tested["ahead"] == side).sum()):
            how_many = "all" if count == len(tested) else number_word(count)
            sure.append(f"The {who} is clearly ahead on {how_many} of them.")
    if len(unclear := tested.index[tested["ahead"] == "neither"]):
        sure.append(f"On {listed(unclear)}, the difference is too small to say who is ahead.")
    return claim, " ".join(sure)


def say_words_alone(pairs: pd.Series, analogies: pd.Series) -> tuple[str, str]:
    """Say which family knows better which words are related, with its numbers and those on analogies.

    Both have the scores of the best of each family, LLM and classical, as shares of 1. Where one of them is
    NaN there is nothing to compare, and no numbers.

    Example:
        >>> pairs, analogies = pd.Series({"LLM": 0.72, "classical": 0.83}), pd.Series({"LLM": 0.2, "classical": 0.3})
        >>> claim, numbers = say_words_alone(pairs, analogies)
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
        f"It picks the related one of two pairs in {_of_hundred(scores[better])} cases. "
        f"The best {worse} does so in {_of_hundred(scores[worse])}. "
        f"On analogies, the best classical model finds {_of_hundred(analogies['classical'])} answers "
        f"and the best LLM {_of_hundred(analogies['LLM'])}."
    )
    return f"The best {better} is better than the best {worse} at finding related words.", numbers


def say_verdicts(verdicts: Mapping[str, Verdict]) -> tuple[str, str]:
    """Say how many of the study's claims are reproduced, and how many of their parts hold; verdicts by claim.

    Example:
        >>> found = {"D1": Verdict("D1", "partly", 0.1, 0.0, 0.2, {"gemma": True, "qwen": False})}
        >>> found["D2"] = Verdict("D2", "reproduced", 0.1, 0.05, 0.2, {"first": True})
        >>> claim, parts = say_verdicts(found)
        >>> claim
        "Of the study's two claims, one is reproduced in full and one in part."
        >>> parts
        'Together, the claims have 3 parts. Of these, 2 hold.'
    """
    counts = pd.Series([found.verdict for found in verdicts.values()]).value_counts()
    whole = int(counts.get("reproduced", 0))
    came = [f"{number_word(whole)} {'is' if whole < 2 else 'are'} reproduced in full"]
    came += [f"{number_word(int(counts[word]))} {way}" for word, way in _WAYS.items() if word in counts]
    parts = [held for found in verdicts.values() for held in found.holds.values()]
    claim = f"Of the study's {number_word(len(verdicts))} claims, {listed(came)}."
    return claim, f"Together, the claims have {len(parts)} parts. Of these, {sum(parts)} hold."


def say_context(moves: Verdict, first: str, kind: str, second: str, low: float) -> tuple[str, str]:
    """Say whether LLMs move a word's vector with its context (claim C1), and who follows the sense best.

    `first` is the model that follows the sense best, of a `kind` such as "an LLM", and `second` the next
    one; `low` is the lower end of the interval of its lead.

    Example:
        >>> moves = Verdict("C1", "reproduced", 0.2, 0.1, 0.3, {})
        >>> claim, senses = say_context(moves, "sbert", "a classical model", "gemma", low=-0.01)
        >>> claim
        "LLMs do move a word's vector with its context more than classical models do."
        >>> senses.split(", ", 1)[1]
        'sbert, a classical model, is best at that, but not clearly ahead of gemma.'
    """
    more = "a word's vector with its context more than classical models do"
    claim = {
        "reproduced": f"LLMs do move {more}.",
        "partly": f"Some LLMs move {more}, some do not.",
        "not reproduced": f"LLMs do not move {more}.",
        "cannot be tested here": f"Whether LLMs move {more} cannot be tested here.",
    }[moves.verdict]
    margin = "clearly" if low > 0 else "but not clearly"
    senses = (
        "A vector that moves does not always follow the sense of the word. After the directions that all vectors "
        f"of a model share are removed, {first}, {kind}, is best at that, {margin} ahead of {second}."
    )
    return claim, senses


def say_ways_to_read(gain: float, unit: str, where: str, prompt_gain: float, left: float) -> tuple[str, str]:
    """Say what another way of reading an LLM is worth.

    `gain` is the most that another layer and pooling add, in `unit`, and `where` the task and model;
    `prompt_gain` is the most that a prompt adds to the correlation on sentences, and `left` is SBERT's lead
    there with it.

    Example:
        >>> claim, numbers = say_ways_to_read(0.12, "accuracy", "analogies of gemma", 0.05, left=0.1)
        >>> claim
        'An LLM can do better than when it is read in the default way.'
        >>> numbers.split(". ")[0]
        'Choosing another layer and pooling adds up to 0.12 to the accuracy (analogies of gemma)'
    """
    claim = "Another way of reading an LLM does not help it."
    if max(gain, prompt_gain) > 0:
        claim = "An LLM can do better than when it is read in the default way."
    who = "SBERT is still ahead" if left > 0 else "SBERT is no longer ahead"
    numbers = (
        f"Choosing another layer and pooling adds up to {gain:.2f} to the {unit} ({where}). A prompt adds up to "
        f"{prompt_gain:.2f} to the correlation with ratings of similar sentences. {who} there."
    )
    return claim, numbers


def _of_hundred(share: float) -> str:
    """Write a share as cases of a hundred."""
    return f"{100 * share:.0f} of 100"
