"""Sets of related and random pairs as chapters test on them, and words that are in one category."""

import pandas as pd
import pytest

from embedlib import load_dataset
from embedlib.datasets.categories import one_category_each
from embedlib.datasets.labelled_sets import load_labelled_sets
from embedlib.errors import InputError


def test_pairs_of_bless_and_of_thesauri_are_those_no_reading_was_chosen_on():
    sets = load_labelled_sets(["bless", "semantic-neighbours", "bless"])
    assert list(sets) == ["BLESS", "Semantic neighbours"]
    for name, frame in {"bless": sets["BLESS"], "semantic-neighbours": sets["Semantic neighbours"]}.items():
        left_out = frame.attrs["not used"]
        assert len(frame) + sum(left_out.values()) == len(load_dataset(name))
        assert left_out["a word with itself"] > 0 < left_out["in development data"]
        assert (frame["word1"] != frame["word2"]).all()
    pairs = {frozenset(pair) for pair in sets["BLESS"][["word1", "word2"]].to_numpy()}
    rated = load_dataset("men", part="development")
    assert pairs.isdisjoint(frozenset(pair) for pair in rated[["word1", "word2"]].to_numpy())
    relations = load_dataset("bats", part="development")
    ends = zip(relations["source"], relations["targets"], strict=True)
    assert pairs.isdisjoint(frozenset((one, other)) for one, others in ends for other in others)


def test_pairs_can_be_limited_to_second_words():
    (some,) = load_labelled_sets(["bless"], {"animal", "bark", "piano", "tool"}).values()
    assert set(some["word2"]) <= {"animal", "bark", "piano", "tool"}
    assert some["word1"].nunique() > 20
    assert some.attrs["not used"]["second word not allowed"] > 20_000
    with pytest.raises(InputError, match="bless has no related or no random pair left of 26,310"):
        load_labelled_sets(["bless"], {"zxqwv"})
    with pytest.raises(InputError, match="men has no random pairs of words; sets that have are bless, semantic-n"):
        load_labelled_sets(["men"])


def test_a_word_of_two_categories_is_in_none():
    words = pd.DataFrame({"category": [*"aaabbb"], "word": ["one", "two", "six", "two", "five", "one"]})
    kept = one_category_each(words)
    assert kept["word"].to_list() == ["six", "five"]
    assert kept.attrs["in several"] == 2
    # The sixth is not among the first two of its category, so "one" is in one of them only.
    assert one_category_each(words, 2)["word"].to_list() == ["one", "five"]
    battig = one_category_each(load_dataset("battig-categories"), 10)
    assert battig["word"].is_unique
    assert len(battig) + 40 == 560
    with pytest.raises(InputError, match="listed is 0; allowed: at least 1"):
        one_category_each(words, 0)
