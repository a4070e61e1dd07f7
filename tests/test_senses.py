"""Sense scores against hand-computed values and scikit-learn."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity

from embedlib.errors import InputError
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.senses import same_sense_areas, sense_areas, sense_auc

RNG = np.random.default_rng(3)
EAST, NORTH = np.array([1.0, 0.0], np.float32), np.array([0.0, 2.0], np.float32)


def test_sense_auc_against_scikit_learn():
    vectors, labels = RNG.standard_normal((8, 4)).astype(np.float32), list("xxxyyyyx")
    cosines = cosine_similarity(vectors)
    pairs = list(itertools.combinations(range(8), 2))
    truth = [labels[i] == labels[j] for i, j in pairs]
    assert sense_auc(vectors, labels) == pytest.approx(roc_auc_score(truth, [cosines[i, j] for i, j in pairs]))
    assert sense_auc(np.stack([EAST, EAST, NORTH, NORTH]), list("xxyy")) == 1.0
    for bad in (list("xxxx"), list("xyzw"), list("xx")):
        with pytest.raises(InputError, match="one sense and of two"):
            sense_auc(np.ones((4, 2), np.float32), bad)


def test_words_are_scored_by_themselves_and_keep_their_order():
    vectors = np.stack([EAST, NORTH, EAST, NORTH, EAST, EAST, NORTH, NORTH])
    words = ["seal", "bank", "seal", "bank", "bank", "bank", "seal", "seal"]
    labels = list("xxxxyyyy")
    # The third context of the bank lies with the others of its sense, that of the seal does not.
    vectors[6] = EAST
    found = sense_areas(vectors, words, labels)
    assert found.index.tolist() == ["seal", "bank"]
    for word in ("seal", "bank"):
        rows = [row for row, name in enumerate(words) if name == word]
        assert found[word] == sense_auc(vectors[rows], [labels[row] for row in rows])
    assert found["seal"] < found["bank"] == 1
    for bad in ((words[:-1], labels), (words, labels[:-1])):
        with pytest.raises(InputError, match="for vectors of shape"):
            sense_areas(vectors, *bad)


def test_pairs_of_one_sense_against_scikit_learn():
    names, n = [f"w{number}" for number in range(12)], 60
    words = np.array(names)[np.r_[np.arange(12), RNG.integers(12, size=n - 12)]]
    same = RNG.random(n) < 0.5
    cosines = pd.DataFrame({"gemma": same + RNG.normal(0, 1, n), "tied": RNG.integers(3, size=n) / 3.0})
    # What differs by rounding is equal.
    cosines["glove"] = 1 + RNG.normal(0, 1e-9, n)
    cosines.loc[3, "tied"] = np.nan
    boot = Bootstrap(names, 50, np.random.default_rng(0))
    found = same_sense_areas(cosines, same, words, boot)
    known = cosines.notna().all(axis=1)
    for model in ("gemma", "tied"):
        scores = cosines.loc[known, model]
        assert found[model].value == pytest.approx(roc_auc_score(same[known], scores), abs=1e-9)
        # A word is drawn with all its pairs.
        for draw in range(0, 50, 10):
            weights = boot.counts_of(words)[draw, known]
            wanted = roc_auc_score(same[known], scores, sample_weight=weights)
            assert found[model].draws[draw] == pytest.approx(wanted)
    assert found["glove"].row == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("same", "words", "message"),
    [
        ([True, True, True, False], list("abab"), "known are 3 of one sense and 1 of two"),
        ([True, True, False], list("abab"), "3 labels and 4 words for 4 pairs"),
        ([True, True, False, False], list("abax"), "'x' is not one of the units"),
    ],
)
def test_pairs_that_cannot_be_told_apart_are_refused(same, words, message):
    cosines = pd.DataFrame({"gemma": [0.9, 0.8, 0.3, 0.2]})
    with pytest.raises(InputError, match=message):
        same_sense_areas(cosines, same, words, Bootstrap(["a", "b"], 5, np.random.default_rng(0)))
