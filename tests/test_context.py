"""Self-similarity, movement and variations, by hand and against all pairs of scikit-learn's cosines."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from embedlib.errors import InputError
from embedlib.metrics import context
from embedlib.metrics.bootstrap import Bootstrap

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


def variations(**columns):
    frame = pd.DataFrame(columns)
    return frame.assign(pos=["verb" if anchor == "run" else "noun" for anchor in frame["anchor"]])


def boot_of(frame, draws=300):
    return Bootstrap(frame["anchor"].unique(), draws, np.random.default_rng(0))


def test_variations_by_hand():
    half = EAST + NORTH / 2
    frame = variations(
        anchor=["crane", "crane", "crane", "crane", "bank", "bank", "run", "run"],
        kind=["voice", "base", "same sense", "same sense", "base", "voice", "base", "same sense"],
    )
    vectors = np.stack([NORTH, EAST, EAST, half, half, half, EAST, -EAST])
    found = context.variation_similarity(vectors, frame, boot_of(frame))
    root = np.sqrt(0.5)
    assert list(found) == ["voice", "same sense", context.OTHER_ANCHORS]
    # Voice: 0 and 1, and none for the verb. Same sense: the mean of 1 and the root, and -1.
    assert found["voice"].value == pytest.approx(0.5)
    assert found["same sense"].value == pytest.approx(((1 + root) / 2 - 1) / 2)
    # The two nouns are the only two of one part of speech.
    assert found[context.OTHER_ANCHORS].value == pytest.approx(root)
    moved = context.variation_movement(found)
    assert list(moved) == ["voice", "same sense"]
    assert moved["voice"].value == pytest.approx(0.5 / (1 - root))
    with pytest.raises(InputError, match="no estimate of 'other anchors'"):
        context.variation_movement(found.only(["voice"]))


def test_other_anchors_against_all_pairs_and_draws_without_copies():
    names = [f"w{number}" for number in range(9)]
    frame = pd.DataFrame({"anchor": names, "pos": ["noun"] * 4 + ["verb"] * 5, "kind": "base"})
    vectors = RNG.standard_normal((9, 5)).astype(np.float32)
    boot = boot_of(frame)
    found = context.variation_similarity(vectors, frame, boot)[context.OTHER_ANCHORS]
    cosines = cosine_similarity(vectors)

    def between(rows):
        pairs = itertools.combinations(rows, 2)
        same = [cosines[i, j] for i, j in pairs if i != j and frame["pos"][i] == frame["pos"][j]]
        return np.mean(same)

    assert found.value == pytest.approx(between(range(9)), abs=1e-6)
    for draw in range(5):
        assert found.draws[draw] == pytest.approx(between(np.repeat(np.arange(9), boot.counts[draw])), abs=1e-6)


def test_a_word_that_stays_in_place_does_not_move_and_noise_moves_as_far_as_another_word():
    names = np.repeat([f"w{number}" for number in range(40)], 2)
    frame = pd.DataFrame({"anchor": names, "pos": "noun", "kind": ["base", "voice"] * 40})
    cone = np.full(50, 2.0)
    still = np.repeat(RNG.standard_normal((40, 50)) + cone, 2, axis=0).astype(np.float32)
    noise = (RNG.standard_normal((80, 50)) + cone).astype(np.float32)
    for vectors, expected in ((still, 0), (noise, 1)):
        found = context.variation_similarity(vectors, frame, boot_of(frame))
        assert context.variation_movement(found)["voice"].value == pytest.approx(expected, abs=0.05)


def test_anchors_without_a_part_of_speech_in_common_have_nothing_to_compare_with():
    frame = variations(anchor=["crane", "crane", "run", "run"], kind=["base", "voice"] * 2)
    found = context.variation_similarity(np.stack([EAST, EAST, NORTH, NORTH]), frame, boot_of(frame))
    assert found["voice"].row == pytest.approx((1, 1, 1))
    assert np.isnan(found[context.OTHER_ANCHORS].row).all()
    assert np.isnan(context.variation_movement(found)["voice"].row).all()


def test_variations_that_cannot_be_read_are_refused():
    frame = variations(anchor=["crane", "crane", "bank", "bank"], kind=["base", "voice"] * 2)
    vectors, boot = np.stack([EAST, EAST, NORTH, NORTH]), boot_of(frame)
    for bad, units, said in (
        (frame.drop(columns="pos"), boot, "no column 'pos'; there are anchor, kind"),
        (frame[:3], boot, "3 variations for vectors of shape"),
        (frame.assign(kind=["base", "base", "base", "voice"]), boot, "'crane' has 2 sentences of the kind 'base'"),
        (frame.assign(kind=["base", "voice", "voice", "voice"]), boot, "'bank' has 0 sentences of the kind 'base'"),
        (frame, Bootstrap(["crane", "rank"], 9, RNG), "only one side has bank, rank"),
    ):
        with pytest.raises(InputError, match=said):
            context.variation_similarity(vectors, bad, units)
