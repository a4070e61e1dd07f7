"""Sense scores against hand-computed values and scikit-learn."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity

from embedlib.errors import InputError
from embedlib.metrics.senses import sense_areas, sense_auc, sense_scores, tag_senses

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


def test_the_tagger_by_hand_and_at_chance():
    apart = np.stack([EAST, EAST, EAST, NORTH, NORTH])
    assert tag_senses(apart, list("xxxyy")).tolist() == [1.0] * 5
    odd = np.stack([EAST, EAST, NORTH, NORTH, NORTH, NORTH])
    # The third x is among the y: it is tagged y, and drags no other along.
    assert tag_senses(odd, list("xxxyyy")).tolist() == [1, 1, 0, 1, 1, 1]
    # All vectors alike: every tag is a tie, whatever the sizes of the senses.
    assert tag_senses(np.tile(EAST, (7, 1)), list("xxxxyyy")).tolist() == [0.5] * 7
    random = [tag_senses(RNG.standard_normal((7, 6)) + 3, list("xxxxyyy")).mean() for _ in range(400)]
    assert abs(np.mean(random) - 0.5) < 3 * np.std(random) / 20
    with pytest.raises(InputError, match="two senses of two contexts"):
        tag_senses(np.ones((4, 2)), list("xxxy"))


def test_words_are_scored_by_themselves_and_keep_their_order():
    vectors = np.stack([EAST, NORTH, EAST, NORTH, EAST, EAST, NORTH, NORTH])
    words = ["seal", "bank", "seal", "bank", "bank", "bank", "seal", "seal"]
    labels = list("xxxxyyyy")
    # The third context of the bank lies with the others of its sense, that of the seal does not.
    vectors[6] = EAST
    found = sense_scores(vectors, words, labels)
    assert found.areas.index.tolist() == found.accuracy.index.tolist() == ["seal", "bank"]
    for word in ("seal", "bank"):
        rows = [row for row, name in enumerate(words) if name == word]
        own = [labels[row] for row in rows]
        assert found.areas[word] == sense_auc(vectors[rows], own)
        assert found.tagged[rows].tolist() == tag_senses(vectors[rows], own).tolist()
        assert found.accuracy[word] == found.tagged[rows].mean()
    assert found.areas["bank"] == found.accuracy["bank"] == 1
    assert found.accuracy["seal"] < 1
    assert sense_areas(vectors, words, labels).equals(found.areas)
    for bad in ((words[:-1], labels), (words, labels[:-1])):
        with pytest.raises(InputError, match="for vectors of shape"):
            sense_areas(vectors, *bad)
