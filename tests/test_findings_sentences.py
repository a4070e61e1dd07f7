"""The sentences of the page of findings, for every outcome."""

import numpy as np
import pandas as pd
import pytest

from embedlib.metrics.verdicts import VERDICTS, Part, Verdict
from embedlib.records.findings import say_context, say_leads, say_verdicts, say_ways_to_read, say_words_alone


def leads(*rows):
    return pd.DataFrame(rows, columns=["effect", "ahead"], index=["pairs", "analogies", "senses"][: len(rows)])


@pytest.mark.parametrize(
    ("frame", "claim", "others"),
    [
        (leads((np.nan, "neither")), "This run compares no LLM with a classical model.", ""),
        (leads((0.1, "LLM"), (0.2, "LLM")), "On all of our two measures of meaning the best LLM is clearly ahead", ""),
        (leads((-0.1, "classical"), (0.2, "neither")), "On none of our two measures of meaning is the best LLM clearly",
         "The classical model is clearly ahead on pairs. Undecided is analogies."),
        (leads((0.1, "neither"), (-0.2, "classical"), (0.3, "LLM")),
         "On one of our three measures of meaning the best LLM is clearly ahead of the best classical model: senses.",
         "The classical model is clearly ahead on analogies. Undecided is pairs."),
        (leads((0.1, "neither"), (-0.2, "neither")), "On none of our two", "Undecided are pairs and analogies."),
        (leads((-0.1, "classical"), (-0.2, "classical")), "On none", "The classical model is clearly ahead on all of"),
        (leads((0.1, "LLM"), (np.nan, "neither")), "On our one measure of meaning the best LLM is clearly ahead", ""),
    ],
)  # fmt: skip
def test_leads(frame, claim, others):
    found = say_leads(frame)
    assert found[0].startswith(claim)
    assert found[1].startswith(others)
    assert bool(found[1]) == bool(others)


def test_the_better_side_is_named_where_it_is_clearly_better_and_nan_compares_nothing():
    better, worse = pd.Series({"LLM": 0.9, "classical": 0.8}), pd.Series({"LLM": 0.7, "classical": 0.8})
    claim, numbers = say_words_alone(better, worse, "LLM")
    assert claim.startswith("The best LLM is better than the best classical model")
    assert "The best LLM picks the related one of two pairs in 90 of 100 cases." in numbers
    assert "The best classical model does so in 80 of 100." in numbers
    assert "80 of 100 answers and the best LLM 70 of 100." in numbers
    assert say_words_alone(worse, better, "classical")[0].startswith("The best classical model is better")
    undecided, numbers = say_words_alone(better, worse, "neither")
    assert undecided.startswith("It is undecided whether")
    assert "90 of 100" in numbers
    nothing = ("Words alone are not compared in this run.", "")
    assert say_words_alone(better, worse.replace(0.7, np.nan), "neither") == nothing


def test_verdicts_are_counted_in_words_and_named():
    found = {word: Verdict(word, Part("main", word), (Part("side", "supported"),)) for word in VERDICTS}
    claim, which = say_verdicts(found)
    assert claim == ("Of the study's four claims, one is supported, one contradicted, one undecided and one untested.")
    assert which == (
        "Supported: supported. Contradicted: contradicted. Undecided: undecided. Untested: cannot be tested here."
    )
    two = {name: Verdict(name, Part("main", "contradicted")) for name in ("D1", "D2")}
    assert say_verdicts(two) == (
        "Of the study's two claims, two are contradicted.", "Contradicted: D1 and D2."
    )  # fmt: skip
    assert say_verdicts({"D1": two["D1"]})[0] == "Of the study's one claim, one is contradicted."
    assert say_verdicts({}) == ("This run has no verdict.", "")


@pytest.mark.parametrize("word", VERDICTS)
def test_context_is_said_by_the_verdict_and_clear_leads_are_said_to_be_clear(word):
    moves = Verdict("C1", Part("main", word))
    claim, senses = say_context(moves, "gemma", "an LLM", "sbert", low=0.01)
    starts = dict(
        zip(VERDICTS, ["LLMs move", "LLMs move", "It is undecided whether LLMs", "Whether LLMs"], strict=True)
    )
    assert claim.startswith(starts[word])
    assert ("less than" in claim) == (word == "contradicted")
    assert senses.endswith("gemma, an LLM, is best at that, clearly ahead of sbert.")
    assert "but not clearly" in say_context(moves, "gemma", "an LLM", "sbert", low=0.0)[1]


@pytest.mark.parametrize(("gain", "prompt", "helps"), [(0.1, -0.1, True), (-0.1, 0.1, True), (-0.1, 0.0, False)])
def test_another_way_to_read_helps_where_something_is_gained(gain, prompt, helps):
    claim, numbers = say_ways_to_read(gain, "accuracy", "analogies of gemma", prompt, "sbert", left=-0.1)
    assert claim.startswith("An LLM can do better") == helps
    assert numbers.endswith("sbert is no longer ahead there.")
    assert say_ways_to_read(gain, "accuracy", "analogies", prompt, "use", left=0.1)[1].endswith(
        "use is still ahead there."
    )
