"""The sentences of the page of findings, for every outcome."""

import numpy as np
import pandas as pd
import pytest

from embedlib.metrics.verdicts import VERDICTS, Part, Verdict
from embedlib.records.findings import list_parts, split_leads
from embedlib.records.findings_sentences import (
    say_context,
    say_leads,
    say_model_written,
    say_readings,
    say_surviving_leads,
    say_verdicts,
    say_what_matters,
    say_words_alone,
)


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
def test_context_is_said_by_the_verdict_and_who_tells_senses_apart_by_the_lead(word):
    moves = Verdict("C1", Part("main", word))
    ahead = pd.Series({"effect": 0.1, "ahead": "LLM"})
    claim, who = say_context(moves, ahead, "gemma", "sbert")
    starts = dict(
        zip(VERDICTS, ["LLMs move", "LLMs move", "It is undecided whether LLMs", "Whether LLMs"], strict=True)
    )
    assert claim.startswith(starts[word])
    assert ("less than" in claim) == (word == "contradicted")
    assert who.endswith("gemma, the best LLM, tells senses apart better than sbert.")
    behind = say_context(moves, ahead.replace("LLM", "classical"), "gemma", "sbert")[1]
    assert behind.endswith("sbert, the best classical model, tells senses apart better than gemma.")
    assert say_context(None, pd.Series({"effect": np.nan, "ahead": "neither"}), "none", "none") == (
        "Whether LLMs move a word's vector with its context more than classical models do cannot be tested here.", ""
    )  # fmt: skip


def changes(*rows):
    """Give differences at the own layer of the chosen reading, from (what, difference, half of the interval)."""
    return pd.concat([change("chosen", *row) for row in rows])


def change(reading, what, value, half):
    key = pd.MultiIndex.from_tuples([(what, reading, "own layer")], names=["what", "reading", "layer"])
    return pd.DataFrame([(value, value - half, value + half)], key, ["difference", "low", "high"])


@pytest.mark.parametrize(
    ("rows", "claim"),
    [
        ([("reading, decoders", 0.4, 0.05), ("size, decoders", 0.2, 0.05), ("kind, matched size", -0.1, 0.01)],
         "How an LLM is read matters more than an LLM's size. "
         "An LLM's size matters more than whether a model is an LLM or an older one."),
        # Without two decoders of one training, the size of an encoder counts.
        ([("reading, decoders", 0.05, 0.1), ("size, encoders", -0.3, 0.1), ("kind, matched size", 0.25, 0.1)],
         "An older encoder's size matters about as much as whether a model is an LLM or an older one. "
         "Whether a model is an LLM or an older one matters about as much as how an LLM is read."),
        # Rows are fixed beforehand, not the largest; and a difference of NaN does not count.
        ([("size, encoders", 0.5, 0.01), ("size, decoders", 0.3, 0.01), ("kind, matched size", 0.1, 0.01),
          ("kind, matched size, general text", 0.9, 0.01), ("reading, decoders", np.nan, 0.1)],
         "An LLM's size matters more than whether a model is an LLM or an older one."),
        ([("reading, decoders", 0.4, 0.05)], ""),
    ],
)  # fmt: skip
def test_what_matters_is_ordered_by_size_and_more_only_where_the_intervals_are_apart(rows, claim):
    assert say_what_matters(changes(*rows))[0] == claim
    assert say_what_matters(None) == ("", "")


def test_what_the_kind_is_worth_is_said_at_both_readings():
    rows = changes(("reading, decoders", 0.4, 0.05), ("kind, matched size", 0.05, 0.01))
    both = pd.concat([rows, change("study", "kind, matched size", 0.38, 0.05)])
    said = "moves it by +0.05. Read in the other way, the older model of the same size leads by 0.38."
    assert say_what_matters(both)[1].endswith(said)


def test_readings_are_said_to_change_who_is_ahead_where_they_do():
    first = leads((0.1, "LLM"), (-0.2, "classical"), (0.0, "neither"))
    assert say_readings(first, first, ["chosen", "study"]).endswith("who is ahead changes on none of three measures.")
    second = first.assign(ahead=["neither", "classical", "LLM"])
    assert say_readings(first, second, ["a", "b"]) == (
        'With the reading "b" in place of "a", who is ahead changes on two of three measures: pairs and senses.'
    )
    assert say_readings(first, first.assign(effect=np.nan), ["a"]) == "This run has one reading only."
    one = leads((0.1, "LLM"))
    assert say_readings(one, one, ["a", "b"]).endswith("who is ahead does not change on the one measure.")


def test_clear_leads_that_hang_on_one_model_are_not_counted():
    frame = leads((0.1, "LLM"), (-0.2, "classical"), (0.1, "neither"))
    frame["left out, low"], frame["left out, high"] = [0.05, -0.3, -0.1], [0.2, 0.1, 0.1]
    assert say_surviving_leads(frame) == "Of the two clear leads, one stays if any one of the models is dropped."
    assert say_surviving_leads(frame.tail(1)) == ""


def test_parts_of_no_verdict_are_an_empty_table():
    assert list_parts({"first": {}, "second": {}}).empty


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (leads((np.nan, "neither")), ""),
        (leads((0.1, "LLM")),
         "One more measure rests on texts that language models wrote. The LLM is clearly ahead on pairs."),
        (leads((0.1, "LLM"), (0.2, "neither")),
         "Two more measures rest on texts that language models wrote. The LLM is clearly ahead on pairs. "
         "Undecided is analogies."),
        (leads((-0.1, "classical"), (-0.2, "classical")),
         "Two more measures rest on texts that language models wrote. "
         "The classical model is clearly ahead on all of them."),
    ],
)  # fmt: skip
def test_what_models_wrote_is_said_apart(frame, said):
    assert say_model_written(frame) == said


def test_a_headline_rests_on_people_and_facts_alone():
    table = leads((0.1, "LLM"), (0.2, "neither"), (0.3, "LLM"))
    table["labels"] = ["people and dictionaries", "facts, WordNet and language models", "unknown"]
    grounded, written = split_leads(table)
    assert list(grounded.index) == ["pairs", "senses"]
    assert list(written.index) == ["analogies"]
