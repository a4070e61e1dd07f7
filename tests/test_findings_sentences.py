"""The sentences of the page of findings, for every outcome."""

import numpy as np
import pandas as pd
import pytest

from embedlib.metrics.verdicts import VERDICTS, Verdict
from embedlib.records.findings import say_context, say_leads, say_verdicts, say_ways_to_read, say_words_alone


def leads(*rows):
    return pd.DataFrame(rows, columns=["effect", "ahead"], index=["pairs", "analogies", "senses"][: len(rows)])


@pytest.mark.parametrize(
    ("frame", "claim", "sure"),
    [
        (leads((np.nan, "neither")), "This run compares no LLM with a classical model.", ""),
        (leads((0.1, "LLM"), (0.2, "LLM")), "On all of our two measures", "The LLM is clearly ahead on all of them."),
        (leads((-0.1, "classical"), (-0.2, "neither")), "On none of our two measures",
         "The classical model is clearly ahead on one of them. On analogies, the difference is too small"),
        (leads((0.1, "neither"), (-0.2, "classical"), (0.3, "LLM")), "On two of our three measures",
         "The classical model is clearly ahead on one of them. The LLM is clearly ahead on one of them. On pairs,"),
        (leads((0.1, "LLM"), (np.nan, "neither")), "On all of our one measures", "The LLM is clearly ahead on all"),
    ],
)  # fmt: skip
def test_leads(frame, claim, sure):
    found = say_leads(frame)
    assert found[0].startswith(claim)
    assert found[1].startswith(sure)
    assert bool(found[1]) == bool(sure)


def test_the_better_family_is_named_first_and_nan_compares_nothing():
    better, worse = pd.Series({"LLM": 0.9, "classical": 0.8}), pd.Series({"LLM": 0.7, "classical": 0.8})
    claim, numbers = say_words_alone(better, worse)
    assert claim.startswith("The best LLM is better than the best classical model")
    assert "in 90 of 100 cases. The best classical model does so in 80 of 100." in numbers
    assert "80 of 100 answers and the best LLM 70 of 100." in numbers
    assert say_words_alone(worse, better)[0].startswith("The best classical model")
    assert say_words_alone(better, worse.replace(0.7, np.nan)) == ("Words alone are not compared in this run.", "")


def test_verdicts_are_counted_in_words_with_their_parts():
    found = {
        word: Verdict(word, word, 0, 0, 0, {"a": word == "reproduced", "b": word != "partly"}) for word in VERDICTS
    }
    claim, parts = say_verdicts(found)
    assert claim == (
        "Of the study's four claims, one is reproduced in full, one in part, one not at all and one untested."
    )
    assert parts == "Together, the claims have 8 parts. Of these, 4 hold."
    assert "none is reproduced in full" in say_verdicts({"D1": found["partly"]})[0]


@pytest.mark.parametrize("word", VERDICTS)
def test_context_is_said_by_the_verdict_and_clear_leads_are_said_to_be_clear(word):
    moves = Verdict("C1", word, 0, 0, 0, {})
    claim, senses = say_context(moves, "gemma", "an LLM", "sbert", low=0.01)
    starts = dict(zip(VERDICTS, ["LLMs do move", "Some LLMs move", "LLMs do not move", "Whether LLMs"], strict=True))
    assert claim.startswith(starts[word])
    assert senses.endswith("gemma, an LLM, is best at that, clearly ahead of sbert.")
    assert "but not clearly" in say_context(moves, "gemma", "an LLM", "sbert", low=0.0)[1]


@pytest.mark.parametrize(("gain", "prompt", "helps"), [(0.1, -0.1, True), (-0.1, 0.1, True), (-0.1, 0.0, False)])
def test_another_way_to_read_helps_where_something_is_gained(gain, prompt, helps):
    claim, numbers = say_ways_to_read(gain, "accuracy", "analogies of gemma", prompt, left=-0.1)
    assert claim.startswith("An LLM can do better") == helps
    assert numbers.endswith("SBERT is no longer ahead there.")
    assert say_ways_to_read(gain, "accuracy", "analogies", prompt, left=0.1)[1].endswith("SBERT is still ahead there.")
