"""Triplets of sentences, and what a count of words makes of them, by hand."""

import numpy as np
import pandas as pd
import pytest

from embedlib.errors import InputError
from embedlib.metrics.triplets import bag_of_words_cosine, length_similarity, triplet_accuracy, triplet_wins


def test_triplets_by_hand():
    cosines = pd.DataFrame(
        {"synonym": [0.9, 0.5, np.nan], "swap": [0.8, 0.5, 0.1], "jumble": [0.95, 0.6, 0.2]}, ["a", "b", "c"]
    )
    wins = triplet_wins(cosines, ["synonym"], ["swap", "jumble"])
    assert wins["synonym", "swap"].tolist()[:2] == [1.0, 0.5]
    assert wins["synonym", "jumble"].tolist()[:2] == [0.0, 0.0]
    assert wins.loc["c"].isna().all()
    rounded = pd.DataFrame({"voice": [1.0], "jumble": [1.0000002]})
    assert triplet_wins(rounded, ["voice"], ["jumble"]).to_numpy().tolist() == [[0.5]]
    assert triplet_wins(rounded, ["voice"], ["jumble"], tie=0).to_numpy().tolist() == [[0.0]]
    with pytest.raises(InputError, match="kind 'voice'"):
        triplet_wins(cosines, ["voice"], ["swap"])


def test_baselines_by_hand():
    first, second = ["The dog saw the cat.", "One two"], ["The cat saw the dog!", "one three four"]
    assert bag_of_words_cosine(first, second) == pytest.approx([1.0, 1 / np.sqrt(6)])
    assert length_similarity(first, second).tolist() == [0, -1]
    assert length_similarity(["I don't"], ["I do not"]).tolist() == [-1]


def test_the_accuracy_of_some_kinds_is_the_mean_of_their_triplets():
    cosines = pd.DataFrame(
        {"synonym": [0.9, 0.5], "voice": [0.7, np.nan], "swap": [0.8, 0.5], "jumble": [0.6, 0.6]}, ["a", "b"]
    )
    wins = triplet_wins(cosines, ["synonym", "voice"], ["swap", "jumble"])
    assert triplet_accuracy(wins).to_dict() == {"a": 0.75, "b": 0.25}
    assert triplet_accuracy(wins, changed=["swap"]).to_dict() == {"a": 0.5, "b": 0.5}
    assert triplet_accuracy(wins, kept=["voice"], changed=["jumble"])["a"] == 1
    assert np.isnan(triplet_accuracy(wins, kept=["voice"])["b"])
    with pytest.raises(InputError, match="kind 'negation'; there are swap, jumble"):
        triplet_accuracy(wins, changed=["negation"])
