"""The page of findings: its tables out of what the chapters recorded, and its sentences.

A chapter records what it measures at its first reading, and the same names with `-second` at another one. What it
did not record is left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from embedlib.errors import NotebookError
from embedlib.metrics.verdicts import VERDICTS, Part, Verdict, VerdictWord
from embedlib.records.phrases import listed, number_word
from embedlib.records.read import last_run, read_records

SUFFIXES = {"first": "", "second": "-second"}  # behind the name of a record, by the reading it is about
# The columns of a table of leads, by what a chapter adds to the name of its lead.
_LEAD = {
    "effect": "", "low": "-low", "high": "-high", "left out, low": "-left-out-low",
    "left out, high": "-left-out-high", "p": "-p", "least p": "-least-p",
}  # fmt: skip

# How a count of claims is followed by what they are.
_ARE: dict[VerdictWord, str] = {
    "supported": "supported", "contradicted": "contradicted", "undecided": "undecided",
    "cannot be tested here": "untested",
}  # fmt: skip


def read_chapters(chapters: Iterable[str], runs: Sequence[str] = ()) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    """Read what each chapter's last run recorded, and list the chapters that have no run to read.

    Those have no records. `runs` are executed notebooks that are read in the place of the last runs.

    Example:
        >>> recorded, missing = read_chapters(["04_analogies", "99_none"])
        >>> missing, recorded["99_none"], len(recorded["04_analogies"]) > 0
        (['99_none'], {}, True)
    """
    recorded: dict[str, Mapping[str, Any]] = {}
    missing = []
    for chapter in dict.fromkeys(chapters):
        try:
            recorded[chapter] = read_records(last_run(chapter, runs))
        except NotebookError:
            recorded[chapter] = {}
            missing.append(chapter)
    return recorded, missing


def find_leads(recorded: Mapping[str, Mapping[str, Any]], measures: Mapping[str, str], reading: str) -> pd.DataFrame:
    """Find the lead of the best LLM in the chapter of each measure, at the "first" or the "second" reading.

    `measures` maps a measure to its chapter. A row a measure: effect, low, high, the range without one model,
    p and its least value, and who is ahead, "LLM", "classical" or "neither". What a chapter lacks is NaN.

    Example:
        >>> recorded = {"04": {"llm-lead": -0.1, "llm-lead-low": -0.2, "llm-lead-high": -0.05}, "08": {}}
        >>> find_leads(recorded, {"analogies": "04", "senses": "08"}, "first")["ahead"].to_list()
        ['classical', 'neither']
    """
    rows = {}
    for measure, chapter in measures.items():
        facts = recorded[chapter]
        row: dict[str, Any] = {
            column: facts.get(f"llm-lead{end}{SUFFIXES[reading]}", np.nan) for column, end in _LEAD.items()
        }
        row["ahead"] = "LLM" if row["low"] > 0 else "classical" if row["high"] < 0 else "neither"
        rows[measure] = row
    return pd.DataFrame.from_dict(rows, "index", columns=[*_LEAD, "ahead"]).rename_axis("measure")


def join_summaries(recorded: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Join the table `summary` of the chapters: a row a model and reading, and a column a task.

    A chapter without one is left out. Of two chapters with a task of one name the first counts.

    Example:
        >>> at = pd.MultiIndex.from_tuples([("gemma", "chosen")], names=["model", "reading"])
        >>> recorded = {"03": {"summary": pd.DataFrame({"pairs": [0.7]}, at)}, "04": {}}
        >>> recorded["08"] = {"summary": pd.DataFrame({"senses": [0.6]}, at)}
        >>> list(join_summaries(recorded))
        ['pairs', 'senses']
    """
    found = [records["summary"] for records in recorded.values() if "summary" in records]
    if not found:
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=["model", "reading"]))
    rows = list(dict.fromkeys(row for frame in found for row in frame.index))
    joined: pd.DataFrame = pd.concat([frame.reindex(rows) for frame in found], axis=1)
    joined.index = pd.MultiIndex.from_tuples(rows, names=["model", "reading"])
    alone: pd.DataFrame = joined.loc[:, ~joined.columns.duplicated()]
    return alone


def find_verdicts(recorded: Mapping[str, Mapping[str, Any]], claims: pd.DataFrame, reading: str) -> dict[str, Verdict]:
    """Find the verdict of each claim at the "first" or the "second" reading; one that is not recorded is left out.

    `claims` has a row a claim, with the `chapter` and the name of its `verdict` there.

    Example:
        >>> claims = pd.DataFrame({"chapter": ["04"], "verdict": ["d4-verdict"]}, ["D4"])
        >>> find_verdicts({"04": {}}, claims, "second")
        {}
    """
    places = zip(claims.index, claims["chapter"], claims["verdict"], strict=True)
    found = {str(claim): recorded[chapter].get(name + SUFFIXES[reading]) for claim, chapter, name in places}
    return {claim: verdict for claim, verdict in found.items() if isinstance(verdict, Verdict)}


def list_parts(verdicts: Mapping[str, Mapping[str, Verdict]]) -> pd.DataFrame:
    """List the parts of all claims, the main one of each first: a row a claim, part and reading.

    `verdicts` maps a reading to the verdicts of the claims. The columns are those of `Verdict.table()`.

    Example:
        >>> from embedlib.metrics.verdicts import Part
        >>> found = Verdict("D1", Part("closer in LLMs", "contradicted", -0.1, -0.2, -0.05))
        >>> list_parts({"first": {"D1": found}, "second": {}})["verdict"].to_dict()
        {('D1', 'closer in LLMs', 'first'): 'contradicted'}
    """
    rows = {}
    for claim in dict.fromkeys(claim for found in verdicts.values() for claim in found):
        tables = {reading: found[claim].table() for reading, found in verdicts.items() if claim in found}
        for part in dict.fromkeys(part for table in tables.values() for part in table.index):
            for reading, table in tables.items():
                if part in table.index:
                    rows[claim, part, reading] = table.loc[part]
    columns = Verdict("", Part.of("", None)).table().columns
    keys = pd.DataFrame(list(rows), columns=["claim", "part", "reading"])
    index = pd.MultiIndex.from_frame(keys)
    return pd.DataFrame([list(row) for row in rows.values()], index, columns)


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
        'Of the one clear lead, none is the same whichever of the models is left out.'
    """
    clear = leads[leads["effect"].notna() & (leads["ahead"] != "neither")]
    known = clear.dropna(subset=["left out, low", "left out, high"])
    if known.empty:
        return ""
    low, high = known["left out, low"], known["left out, high"]
    stays = np.where(known["ahead"] == "LLM", low > 0, high < 0)
    count = int(stays.sum())
    of = f"{number_word(len(known))} clear lead{'s' if len(known) > 1 else ''}"
    verb = "are" if count > 1 else "is"
    return f"Of the {of}, {number_word(count)} {verb} the same whichever of the models is left out."


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
    "how a decoder is read": "reading, decoders",
    "a decoder's size": "size, decoders",
    "an encoder's size": "size, encoders",
    "a model's kind": "kind, matched size",
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
        "How a decoder is read matters more than a decoder's size."
        >>> numbers
        "How a decoder is read moves the rank correlation with people by +0.40. A decoder's size moves it by +0.05."
    """
    rows = {name: _at_own_layer(differences, what) for name, what in _CHANGES.items()}
    if len(rows["a decoder's size"]):
        del rows["an encoder's size"]
    found = [_Change(name, *known.iloc[0]) for name, known in rows.items() if len(known)]
    if len(found) < 2:
        return "", ""
    found.sort(key=lambda change: -abs(change.value))
    claim = _capital(found[0].name)
    for place, (larger, smaller) in enumerate(itertools.pairwise(found)):
        word = "more than" if larger.sizes[0] > smaller.sizes[1] else "about as much as"
        claim += f" matters {word} {smaller.name}" if place == 0 else f", and that {word} {smaller.name}"
    first, *others = found
    numbers = f"{_capital(first.name)} moves the rank correlation with people by {first.value:+.2f}."
    for change in others:
        numbers += f" {_capital(change.name)} moves it by {change.value:+.2f}."
    if len(kinds := rows["a model's kind"]) > 1:
        numbers += f" At the other reading, the kind moves it by {kinds['difference'].iloc[1]:+.2f}."
    return f"{claim}.", numbers


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
