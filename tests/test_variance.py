"""Shares of variance: by hand, against scipy's F and mean cosines, and in worlds whose shares are known."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics.pairwise import cosine_similarity

from embedlib.errors import InputError
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.context import self_similarity
from embedlib.metrics.similarity import unit
from embedlib.metrics.variance import nested_sums, variance_shares

RNG = np.random.default_rng(5)
EAST, NORTH = np.array([1.0, 0.0], np.float32), np.array([0.0, 2.0], np.float32)


def boot_of(words, draws=200, seed=1):
    return Bootstrap(list(dict.fromkeys(words)), draws, np.random.default_rng(seed))


def layout(words, sizes=(4, 3)):
    """Give the words and senses of contexts, each word with senses of some sizes."""
    rows = [(f"w{word}", f"s{sense}") for word in range(words) for sense, size in enumerate(sizes) for _ in range(size)]
    return [word for word, _ in rows], [sense for _, sense in rows]


def world(words, senses, sds, d, rng):
    """Draw vectors around a shared direction, with effects of word, sense and context of some spreads."""
    pairs = list(zip(words, senses, strict=True))
    of_word = {word: rng.normal(0, sds[0], d) for word in dict.fromkeys(words)}
    of_sense = {pair: rng.normal(0, sds[1], d) for pair in dict.fromkeys(pairs)}
    shared = np.full(d, 1.0)
    rows = [shared + of_word[word] + of_sense[word, sense] + rng.normal(0, sds[2], d) for word, sense in pairs]
    return np.array(rows, np.float32)


def test_sums_and_shares_by_hand():
    # Word a has two senses that lie at right angles, word b one sense whose contexts are opposite.
    vectors = np.stack([EAST, EAST, NORTH, NORTH, -EAST, EAST])
    words, senses = list("aaaabb"), list("xxyyzz")
    found = nested_sums(vectors, words, senses)
    # Means: a (1/2, 1/2), b (0, 0), all (1/3, 1/3).
    assert found["sum of squares"].to_numpy() == pytest.approx([4 * 2 / 36 + 2 * 2 / 9, 4 * 0.5, 2.0])
    assert found["df"].tolist() == [1, 1, 3]
    # Rest: 2 / 3. Sense: one df and 6 - (2 + 2) of a, nothing of b: (2 - 2 / 3) / 2.
    # Word: 2 (1 - 1 / 6 * ...) = 1 of the rest, (2 * 1/3 + 2 * 2/3) = 2 of the sense, 6 - 20 / 6 of the word.
    rest, sense = 2 / 3, (2 - 2 / 3) / 2
    word = (2 / 3 - rest - 2 * sense) / (6 - 20 / 6)
    total = word + sense + rest
    shares = variance_shares(vectors, words, senses, boot_of(words)).value
    assert shares.to_dict() == pytest.approx({"word": word / total, "sense": sense / total, "rest": rest / total})
    assert shares["word"] < 0  # it is left there


def test_sums_against_scipys_f():
    words, senses = layout(5, (3, 1, 2))
    words, senses = [*words, "w5", "w5"], [*senses, "s0", "s0"]
    vectors = RNG.standard_normal((len(words), 4)).astype(np.float32)
    found = nested_sums(vectors, words, senses)
    rows = pd.DataFrame(unit(vectors).astype(float))
    whole = ((rows - rows.mean()) ** 2).sum()
    assert found["sum of squares"].sum() == pytest.approx(whole.sum())

    def between(keys):
        groups = [part.to_numpy() for _, part in rows.groupby(keys)]
        ratio = stats.f_oneway(*groups).statistic * (len(groups) - 1) / (len(rows) - len(groups))
        return (whole * ratio / (1 + ratio)).sum()

    of_words = between(pd.Series(words))
    of_senses = between(pd.Series(words) + pd.Series(senses))
    assert found.loc["word", "sum of squares"] == pytest.approx(of_words, rel=1e-5)
    assert found.loc["sense", "sum of squares"] == pytest.approx(of_senses - of_words, rel=1e-5)


def test_where_groups_are_of_one_size_shares_are_mean_cosines():
    words, senses = layout(6, (3, 3))
    vectors = world(words, senses, (0.5, 0.4, 0.6), 8, RNG)
    cosines = cosine_similarity(vectors)
    kinds = {"sense": [], "word": [], "none": []}
    for i, j in itertools.combinations(range(len(words)), 2):
        kind = "none" if words[i] != words[j] else "sense" if senses[i] == senses[j] else "word"
        kinds[kind].append(cosines[i, j])
    a, b, c = (np.mean(kinds[kind]) for kind in ("sense", "word", "none"))
    found = variance_shares(vectors, words, senses, boot_of(words)).value
    expected = {"word": (b - c) / (1 - c), "sense": (a - b) / (1 - c), "rest": (1 - a) / (1 - c)}
    assert found.to_dict() == pytest.approx(expected, abs=1e-5)
    # Movement has noise and sense in one: all that is not the word, sense counted as often as it comes.
    moved = self_similarity(vectors, words).movement.mean()
    assert moved == pytest.approx(found["rest"] + found["sense"] * 3 / 5, abs=1e-5)


@pytest.mark.parametrize(("sizes", "sds"), [((4, 3), (0, 0, 1)), ((4, 3), (0.6, 0.5, 0.8)), ((5, 1, 2), (0.6, 0, 0.8))])
def test_shares_of_a_known_world_are_right_on_average(sizes, sds):
    words, senses = layout(12, sizes)
    # Words of one sense say nothing of senses, and make the groups unequal.
    words, senses = [*words, *["lone"] * 6], [*senses, *["s0"] * 6]
    # With many dimensions, lengths are alike, so that unit vectors keep the shares.
    found = pd.DataFrame([
        variance_shares(world(words, senses, sds, 400, np.random.default_rng(seed)), words, senses, boot_of(words, 2))
        .value for seed in range(60)
    ])  # fmt: skip
    true = np.square(sds) / np.square(sds).sum()
    error = 4 * found.std() / np.sqrt(len(found)) + 4e-3
    assert (np.abs(found.mean() - true) < error).all(), (found.mean(), true)
    assert found.sum(axis=1).to_numpy() == pytest.approx(1)


def test_noise_moves_without_a_share_of_word_or_sense():
    words, senses = layout(30)
    vectors = RNG.standard_normal((len(words), 60)).astype(np.float32)
    assert self_similarity(vectors, words).movement.mean() == pytest.approx(1, abs=0.05)
    raw = nested_sums(vectors, words, senses)["share"]
    assert raw["word"] > 0.1
    assert raw["sense"] > 0.1
    found = variance_shares(vectors, words, senses, boot_of(words, 500))
    for source in ("word", "sense"):
        assert abs(found[source].value) < 0.02
        assert found[source].low < 0 < found[source].high
    assert found["rest"].value > 0.97


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    words, senses = layout(25)
    true = np.square([0.5, 0.5, 0.7]) / np.square([0.5, 0.5, 0.7]).sum()
    held = []
    for seed in range(60):
        vectors = world(words, senses, (0.5, 0.5, 0.7), 200, np.random.default_rng(seed))
        table = variance_shares(vectors, words, senses, boot_of(words, 200, seed)).table()
        held.append((table["low"] < true) & (true < table["high"]))
    assert (np.mean(held, axis=0) > 0.8).all()


def test_copies_of_a_word_are_one_word():
    """In a draw a word that comes twice is no evidence of a spread of words, nor against one."""
    words, senses = layout(4, (3, 3))
    vectors = RNG.standard_normal((len(words), 300)).astype(np.float32)
    found = variance_shares(vectors, words, senses, boot_of(words, 3000))["word"]
    assert np.nanmean(found.draws) == pytest.approx(found.value, abs=0.01)


def test_the_order_of_rows_and_a_shared_direction_do_not_matter():
    words, senses = layout(5)
    vectors = world(words, senses, (0.5, 0.5, 0.5), 30, RNG)
    boot, order = boot_of(words), RNG.permutation(len(words))
    first = variance_shares(vectors, words, senses, boot)
    second = variance_shares(vectors[order] * 3, [words[row] for row in order], [senses[row] for row in order], boot)
    for source in first:
        assert second[source].value == pytest.approx(first[source].value, abs=1e-5)
        assert second[source].draws == pytest.approx(first[source].draws, abs=1e-5, nan_ok=True)


def test_what_cannot_be_split_is_refused():
    vectors, words, senses = np.eye(4, dtype=np.float32), list("aabb"), list("xyxy")
    for bad, said in (
        ((vectors[:3], words, senses), "4 words and 4 senses for vectors of shape"),
        ((vectors, list("aaaa"), list("xxyy")), "1 words, 2 senses"),
        ((vectors, words, list("xxxx")), "2 words, 2 senses"),
        ((vectors, words, senses), "a sense with two contexts"),
        ((np.ones((6, 3), np.float32), list("aaaabb"), list("xxyyxx")), "all vectors are equal"),
        ((np.zeros((6, 3), np.float32), list("aaaabb"), list("xxyyxx")), "all zeros"),
    ):
        with pytest.raises(InputError, match=said):
            nested_sums(*bad)
    with pytest.raises(InputError, match="'b' is not one of the units"):
        variance_shares(np.eye(6, dtype=np.float32), list("aaaabb"), list("xxyyxx"), boot_of(["a", "c"]))
