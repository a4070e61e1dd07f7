"""Self-similarity and movement against hand-computed values and all pairs of scikit-learn's cosines."""

import itertools

import numpy as np
import pytest
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
    apart = {word: (1 - value) / (1 - found.between) for word, value in found.by_word.items()}
    assert found.movement.to_dict() == pytest.approx(apart)


@pytest.mark.parametrize("words", [["a", "a", "b"], ["a", "a", "a"], ["a", "a"]])
def test_self_similarity_needs_two_words_in_two_contexts(words):
    with pytest.raises(InputError):
        context.self_similarity(np.ones((3, 2), np.float32), words)


def test_self_similarity_refuses_a_zero_row():
    with pytest.raises(InputError, match="zero"):
        context.self_similarity(np.zeros((4, 2), np.float32), list("aabb"))
