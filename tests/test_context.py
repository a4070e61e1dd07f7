"""Metrics of context against hand-computed values, scikit-learn and statistics of known tests."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity

from embedlib.errors import InputError
from embedlib.metrics import context

RNG = np.random.default_rng(3)
EAST, NORTH = np.array([1.0, 0.0], np.float32), np.array([0.0, 2.0], np.float32)


def test_self_similarity_by_hand_and_against_all_pairs():
    found = context.self_similarity(np.stack([EAST, EAST, NORTH, NORTH]), ["a", "a", "b", "b"])
    assert found.by_word.to_dict() == {"a": 1.0, "b": 1.0}
    assert (found.between, found.corrected) == (0.0, 1.0)
    vectors, words = RNG.standard_normal((9, 5)).astype(np.float32), list("aaabbcccc")
    found = context.self_similarity(vectors, words)
    cosines = cosine_similarity(vectors)
    pairs = {(i, j): cosines[i, j] for i, j in itertools.combinations(range(9), 2)}
    for word, value in found.by_word.items():
        assert value == pytest.approx(
            np.mean([c for (i, j), c in pairs.items() if words[i] == words[j] == word]), abs=1e-6
        )
    assert found.between == pytest.approx(np.mean([c for (i, j), c in pairs.items() if words[i] != words[j]]), abs=1e-6)
    assert found.corrected == pytest.approx(found.by_word.mean() - found.between)


@pytest.mark.parametrize("words", [["a", "a", "b"], ["a", "a", "a"], ["a", "a"]])
def test_self_similarity_needs_two_words_in_two_contexts(words):
    with pytest.raises(InputError):
        context.self_similarity(np.ones((3, 2), np.float32), words)


def test_self_similarity_refuses_a_zero_row():
    with pytest.raises(InputError, match="zero"):
        context.self_similarity(np.zeros((4, 2), np.float32), list("aabb"))


def test_sense_auc_against_scikit_learn():
    vectors, senses = RNG.standard_normal((8, 4)).astype(np.float32), list("xxxyyyyx")
    cosines = cosine_similarity(vectors)
    pairs = list(itertools.combinations(range(8), 2))
    truth = [senses[i] == senses[j] for i, j in pairs]
    assert context.sense_auc(vectors, senses) == pytest.approx(roc_auc_score(truth, [cosines[i, j] for i, j in pairs]))
    assert context.sense_auc(np.stack([EAST, EAST, NORTH, NORTH]), list("xxyy")) == 1.0
    for bad in (list("xxxx"), list("xyzw"), list("xx")):
        with pytest.raises(InputError, match="one sense and of two"):
            context.sense_auc(np.ones((4, 2), np.float32), bad)


def test_the_tagger_by_hand_and_at_chance():
    apart = np.stack([EAST, EAST, EAST, NORTH, NORTH])
    assert context.tag_senses(apart, list("xxxyy")).tolist() == [1.0] * 5
    odd = np.stack([EAST, EAST, NORTH, NORTH, NORTH, NORTH])
    # The third x is among the y: it is tagged y, and drags no other along.
    assert context.tag_senses(odd, list("xxxyyy")).tolist() == [1, 1, 0, 1, 1, 1]
    # All vectors alike: every tag is a tie, whatever the sizes of the senses.
    assert context.tag_senses(np.tile(EAST, (7, 1)), list("xxxxyyy")).tolist() == [0.5] * 7
    random = [context.tag_senses(RNG.standard_normal((7, 6)) + 3, list("xxxxyyy")).mean() for _ in range(400)]
    assert abs(np.mean(random) - 0.5) < 3 * np.std(random) / 20
    with pytest.raises(InputError, match="two senses of two contexts"):
        context.tag_senses(np.ones((4, 2)), list("xxxy"))


def test_triplets_by_hand():
    cosines = pd.DataFrame(
        {"synonym": [0.9, 0.5, np.nan], "swap": [0.8, 0.5, 0.1], "jumble": [0.95, 0.6, 0.2]}, ["a", "b", "c"]
    )
    wins = context.triplet_wins(cosines, ["synonym"], ["swap", "jumble"])
    assert wins["synonym", "swap"].tolist()[:2] == [1.0, 0.5]
    assert wins["synonym", "jumble"].tolist()[:2] == [0.0, 0.0]
    assert wins.loc["c"].isna().all()
    rounded = pd.DataFrame({"voice": [1.0], "jumble": [1.0000002]})
    assert context.triplet_wins(rounded, ["voice"], ["jumble"]).to_numpy().tolist() == [[0.5]]
    assert context.triplet_wins(rounded, ["voice"], ["jumble"], tie=0).to_numpy().tolist() == [[0.0]]
    with pytest.raises(InputError, match="kind 'voice'"):
        context.triplet_wins(cosines, ["voice"], ["swap"])


def test_baselines_by_hand():
    first, second = ["The dog saw the cat.", "One two"], ["The cat saw the dog!", "one three four"]
    assert context.bag_of_words_cosine(first, second) == pytest.approx([1.0, 1 / np.sqrt(6)])
    assert context.length_similarity(first, second).tolist() == [0, -1]
    assert context.length_similarity(["I don't"], ["I do not"]).tolist() == [-1]


def test_the_paired_test_against_the_exact_distribution():
    first, second = np.array([3.0, 5.0, 4.0, 6.0, 2.5]), np.array([1.0, 4.5, 4.2, 3.0, 2.0])
    gaps = first - second
    means = [np.dot(signs, gaps) for signs in itertools.product([1, -1], repeat=len(gaps))]
    exact = np.mean([abs(value) >= abs(gaps.sum()) - 1e-12 for value in means])
    assert context.paired_permutation(first, second, 10_000, RNG) == pytest.approx(exact)
    many = RNG.normal(0.2, 1, 300)
    p = context.paired_permutation(many, np.zeros(300), 5000, RNG)
    assert p == pytest.approx(stats.ttest_1samp(many, 0).pvalue, abs=0.01)
    with pytest.raises(InputError, match="equal length"):
        context.paired_permutation(first, second[:3], 10, RNG)


def test_holm_by_hand():
    assert context.holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert context.holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]
    assert context.holm(np.array([])).tolist() == []
