"""The sentences of the page of findings, made out of its tables."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

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
    llm = tested.index[tested["ahead"] == "LLM"]
    ours = f"our {number_word(len(tested))} measures of meaning" if len(tested) > 1 else "our one measure of meaning"
    ahead = "clearly ahead of the best classical model"
    if len(llm) == 0:
        claim = f"On none of {ours} is the best LLM {ahead}."
    elif len(llm) == len(tested):
        claim = f"On {'all of ' if len(tested) > 1 else ''}{ours} the best LLM is {ahead}."
    else:
        claim = f"On {number_word(len(llm))} of {ours} the best LLM is {ahead}: {listed(llm)}."
    return claim, _say_others(tested)


def say_model_written(leads: pd.DataFrame) -> str:
    """Say who is ahead on measures whose texts language models wrote, which no headline rests on.

    `leads` is a table as for `say_leads`. Measures without an effect are left out; without any there is nothing to say.

    Example:
        >>> say_model_written(pd.DataFrame({"effect": [-0.2], "ahead": ["classical"]}, ["senses"]))
        'One more measure rests on texts that language models wrote. The classical model is clearly ahead on senses.'
    """
    tested = leads.dropna(subset=["effect", "ahead"])
    if tested.empty:
        return ""
    count = f"{_capital(number_word(len(tested)))} more measure{'s rest' if len(tested) > 1 else ' rests'}"
    llm = tested.index[tested["ahead"] == "LLM"]
    ahead = f"The LLM is clearly ahead on {listed(llm)}. " if len(llm) else ""
    return f"{count} on texts that language models wrote. {ahead}{_say_others(tested)}".strip()


def _say_others(tested: pd.DataFrame) -> str:
    """Say on which measures the classical model is clearly ahead, and which are undecided."""
    classical, neither = (tested.index[tested["ahead"] == side] for side in ("classical", "neither"))
    others = []
    if len(classical):
        where = "all of them" if len(classical) == len(tested) > 1 else listed(classical)
        others.append(f"The classical model is clearly ahead on {where}.")
    if len(neither):
        others.append(f"Undecided {'is' if len(neither) == 1 else 'are'} {listed(neither)}.")
    return " ".join(others)


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


def say_verdicts(verdicts: Mapping[str, Verdict], called: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Say how many of the study's claims are supported, contradicted, undecided and untested, and which they are.

    `called` says in a few words what a claim is about.

    Example:
        >>> from embedlib.metrics.verdicts import Part
        >>> found = {"D1": Verdict("D1", Part("closer in LLMs", "contradicted", -0.1, -0.2, -0.05))}
        >>> found["D2"] = Verdict("D2", Part("the best LLM is ahead", "supported", 0.1, 0.05, 0.2))
        >>> count, which = say_verdicts(found, {"D1": "random pairs"})
        >>> count
        "Of the study's two claims, one is supported and one contradicted."
        >>> which
        'Supported: D2. Contradicted: D1 (random pairs).'
    """
    claims = {word: [claim for claim, found in verdicts.items() if found.verdict == word] for word in VERDICTS}
    came = [f"{number_word(len(claims[word]))} {way}" for word, way in _ARE.items() if claims[word]]
    if not came:
        return "This run has no verdict.", ""
    first, _, rest = came[0].partition(" ")
    verb = "is" if first == "one" else "are"
    named = {claim: f"{claim} ({called[claim]})" if called and claim in called else claim for claim in verdicts}
    which = [
        f"{_ARE[word].capitalize()}: {listed(named[claim] for claim in names)}."
        for word, names in claims.items() if names
    ]  # fmt: skip
    of = f"Of the study's {number_word(len(verdicts))} claims" if len(verdicts) > 1 else "Of the study's one claim"
    return f"{of}, {listed([f'{first} {verb} {rest}', *came[1:]])}.", " ".join(which)


def say_what_models_wrote(rests_on: Mapping[str, str]) -> str:
    """Say which claims rest on what language models wrote or sorted; nothing where none does.

    `rests_on` says of each claim with a verdict who stands behind it.

    Example:
        >>> say_what_models_wrote({"D2": "people", "C1": "language models", "C2": "language models"})
        'Beware of C1 and C2: language models wrote or sorted the texts that decide them.'
    """
    names = [claim for claim, who in rests_on.items() if "language models" in who]
    if not names:
        return ""
    them = "them" if len(names) > 1 else "it"
    return f"Beware of {listed(names)}: language models wrote or sorted the texts that decide {them}."


def say_context(moves: Verdict | None, senses: pd.Series, llm: str, classical: str) -> tuple[str, str]:
    """Say whether LLMs move a word's vector with its context (claim C1), and who tells its senses apart.

    `senses` is the row of a table of leads, with effect, low and high; `llm` and `classical` are the best models.

    Example:
        >>> from embedlib.metrics.verdicts import Part
        >>> moves = Verdict("C1", Part("LLMs over classical models", "supported", 0.2, 0.1, 0.3))
        >>> claim, who = say_context(moves, pd.Series({"effect": -0.1, "ahead": "neither"}), "gemma", "sbert")
        >>> claim
        "LLMs move a word's vector with its context more than classical models do."
        >>> who
        'A vector that moves need not follow the sense. Whether gemma or sbert tells senses apart better is undecided.'
    """
    move = "a word's vector with its context"
    claim = {
        "supported": f"LLMs move {move} more than classical models do.",
        "contradicted": f"LLMs move {move} less than classical models do.",
        "undecided": f"It is undecided whether LLMs move {move} more than classical models do.",
        "cannot be tested here": f"Whether LLMs move {move} more than classical models do cannot be tested here.",
    }[moves.verdict if moves else "cannot be tested here"]
    if np.isnan(senses["effect"]):
        return claim, ""
    first, second = (llm, classical) if senses["ahead"] == "LLM" else (classical, llm)
    who = f"{first}, the best {'LLM' if first == llm else 'classical model'}, tells senses apart better than {second}."
    if senses["ahead"] == "neither":
        who = f"Whether {llm} or {classical} tells senses apart better is undecided."
    return claim, f"A vector that moves need not follow the sense. {who}"


def say_readings(first: pd.DataFrame, second: pd.DataFrame, names: Sequence[str]) -> str:
    """Say on how many measures another reading gives another answer to who is ahead.

    `first` and `second` are the leads at the two readings, and `names` what the readings are called.

    Example:
        >>> first = pd.DataFrame({"effect": [0.1, 0.2], "ahead": ["LLM", "neither"]}, ["pairs", "senses"])
        >>> say_readings(first, first.assign(ahead=["LLM", "classical"]), ["chosen", "study"])
        'With the reading "study" in place of "chosen", who is ahead changes on one of two measures: senses.'
    """
    both = first["effect"].notna() & second["effect"].notna()
    if not both.any():
        return "This run has one reading only."
    moved = first.index[both & (first["ahead"] != second["ahead"])]
    start = f'With the reading "{names[-1]}" in place of "{names[0]}", who is ahead'
    count = int(both.sum())
    of = f"{number_word(count)} measures" if count > 1 else "the one measure"
    if not len(moved):
        return f"{start} changes on none of {of}." if count > 1 else f"{start} does not change on {of}."
    on = f"{number_word(len(moved))} of {of}" if count > 1 else of
    return f"{start} changes on {on}: {listed(moved)}."


def say_surviving_leads(leads: pd.DataFrame) -> str:
    """Say how many of the clear leads are still on the same side whichever one of the models is left out.

    Example:
        >>> row = {"effect": 0.2, "ahead": "LLM", "left out, low": -0.1, "left out, high": 0.3}
        >>> say_surviving_leads(pd.DataFrame([row], ["senses"]))
        'Of the one clear lead, none stays if any one of the models is dropped.'
    """
    clear = leads[leads["effect"].notna() & (leads["ahead"] != "neither")]
    known = clear.dropna(subset=["left out, low", "left out, high"])
    if known.empty:
        return ""
    low, high = known["left out, low"], known["left out, high"]
    stays = np.where(known["ahead"] == "LLM", low > 0, high < 0)
    count = int(stays.sum())
    dropped = "if any one of the models is dropped"
    if count == len(known):
        return f"{'All clear leads stay' if count > 1 else 'The one clear lead stays'} {dropped}."
    of = f"{number_word(len(known))} clear lead{'s' if len(known) > 1 else ''}"
    return f"Of the {of}, {number_word(count)} stay{'s' if count <= 1 else ''} {dropped}."


class _Change(NamedTuple):
    """One thing that was changed while others stayed: how it is called, and what it is worth."""

    name: str
    value: float
    low: float
    high: float

    @property
    def sizes(self) -> tuple[float, float]:
        """The ends of the interval of the size, whatever its sign."""
        ends = sorted((abs(self.low), abs(self.high)))
        return (0.0, ends[1]) if self.low <= 0 <= self.high else (ends[0], ends[1])


# What is changed, and the row of the chapter on size and kind that says what it is worth. Each is fixed beforehand.
# The size of a decoder counts, and that of an encoder only where there are no two decoders of one training.
_CHANGES = {
    "how an LLM is read": "reading, decoders",
    "an LLM's size": "size, decoders",
    "an older encoder's size": "size, encoders",
    "whether a model is an LLM or an older one": "kind, matched size",
}


def say_what_matters(differences: pd.DataFrame | None) -> tuple[str, str]:
    """Say which changes the correlation with people most: how a model is read, its size or its kind.

    `differences` are those of the chapter on size and kind, by what, reading and layer: difference, low and high.
    What counts is the difference at a model's own layer and the first reading. "More" is said only where the two
    intervals do not overlap. What the kind is worth at another reading is said, too. Nothing is said with fewer than
    two changes.

    Example:
        >>> keys = [(what, "chosen", "own layer") for what in ("reading, decoders", "size, decoders")]
        >>> differences = pd.DataFrame([[0.4, 0.3, 0.5], [0.05, 0.0, 0.1]], keys, ["difference", "low", "high"])
        >>> differences.index = pd.MultiIndex.from_tuples(keys, names=["what", "reading", "layer"])
        >>> claim, numbers = say_what_matters(differences)
        >>> claim
        "How an LLM is read matters more than an LLM's size."
        >>> numbers
        "How an LLM is read moves the rank correlation with people by +0.40. An LLM's size moves it by +0.05."
    """
    rows = {name: _at_own_layer(differences, what) for name, what in _CHANGES.items()}
    if len(rows["an LLM's size"]):
        del rows["an older encoder's size"]
    found = [_Change(name, *known.iloc[0]) for name, known in rows.items() if len(known)]
    if len(found) < 2:
        return "", ""
    found.sort(key=lambda change: -abs(change.value))
    said = []
    for larger, smaller in itertools.pairwise(found):
        word = "more than" if larger.sizes[0] > smaller.sizes[1] else "about as much as"
        said.append(f"{_capital(larger.name)} matters {word} {smaller.name}.")
    first, *others = found
    numbers = f"{_capital(first.name)} moves the rank correlation with people by {first.value:+.2f}."
    for change in others:
        numbers += f" {_capital(change.name)} moves it by {change.value:+.2f}."
    if len(kinds := rows["whether a model is an LLM or an older one"]) > 1:
        gap = kinds["difference"].iloc[1]
        who = "older model" if gap > 0 else "LLM"
        numbers += f" Read in the other way, the {who} of the same size leads by {abs(gap):.2f}."
    return " ".join(said), numbers


def _at_own_layer(differences: pd.DataFrame | None, what: str) -> pd.DataFrame:
    """Take the known rows of a change that are at a model's own layer, a row a reading."""
    columns = ["difference", "low", "high"]
    if differences is None:
        return pd.DataFrame(columns=columns)
    names = differences.index.get_level_values("what"), differences.index.get_level_values("layer")
    own: pd.DataFrame = differences.loc[(names[0] == what) & (names[1] == "own layer"), columns]
    return own.dropna(subset=["difference"])


def _capital(text: str) -> str:
    """Write a text with a capital letter at its start."""
    return text[:1].upper() + text[1:]


def _of_hundred(share: float) -> str:
    """Write a share as cases of a hundred."""
    return f"{100 * share:.0f} of 100"
