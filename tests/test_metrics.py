import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from embedlib.errors import InputError
from embedlib.metrics import similarity
from embedlib.metrics.bootstrap import resample_counts
from embedlib.metrics.estimates import percentile_interval


@pytest.fixture
def vectors():
    return np.random.default_rng(0).normal(0.3, 1, (60, 7)).astype(np.float32)


def off_diagonal(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)]


def test_moments_by_hand():
    right_angle = np.array([[2, 0], [0, 3], [1, 0]], dtype=np.float32)
    moments = similarity.all_pairs_moments(right_angle)
    assert moments.pairs == 3
    assert moments.mean == pytest.approx(1 / 3)
    assert moments.sd == pytest.approx(np.std([0, 0, 1]))


def test_moments_equal_scikit_learn_over_all_pairs(vectors):
    cosines = off_diagonal(cosine_similarity(vectors))
    moments = similarity.all_pairs_moments(vectors)
    assert moments.mean == pytest.approx(cosines.mean(), abs=1e-6)
    assert moments.sd == pytest.approx(cosines.std(), abs=1e-6)


def test_pairwise_cosine_equals_scikit_learn(vectors):
    left, right = similarity.sample_pairs(60, 9000, np.random.default_rng(1))
    assert (left != right).all()
    np.testing.assert_allclose(
        similarity.pairwise_cosine(vectors, left, right), cosine_similarity(vectors)[left, right], atol=1e-6
    )


def test_sampled_pairs_cover_all_pairs_alike():
    left, right = similarity.sample_pairs(4, 120_000, np.random.default_rng(2))
    counts = np.bincount(left * 4 + right, minlength=16).reshape(4, 4)
    assert (counts.diagonal() == 0).all()
    np.testing.assert_allclose(off_diagonal(counts) / 120_000, 1 / 12, rtol=0.05)


def test_bootstrap_equals_resampling_by_hand(vectors):
    counts = resample_counts(60, 5, np.random.default_rng(3))
    assert (counts.sum(axis=1) == 60).all()
    cosines = cosine_similarity(vectors)
    for row, mean in zip(counts, similarity.bootstrap_mean_cosine(vectors, counts), strict=True):
        drawn = np.repeat(np.arange(60), row)
        pairs = cosines[np.ix_(drawn, drawn)][drawn[:, None] != drawn[None, :]]
        assert mean == pytest.approx(pairs.mean(), abs=1e-6)


def test_bootstrap_interval_covers_the_mean(vectors):
    counts = resample_counts(60, 400, np.random.default_rng(4))
    low, high = percentile_interval(similarity.bootstrap_mean_cosine(vectors, counts))
    assert low < similarity.all_pairs_moments(vectors).mean < high


def test_centring_takes_the_mean_away_and_nothing_is_mutated(vectors):
    before = vectors.copy()
    centred = similarity.centre(vectors)
    np.testing.assert_allclose(centred.mean(axis=0), 0, atol=1e-6)
    similarity.unit(vectors)
    similarity.all_pairs_moments(vectors)
    np.testing.assert_array_equal(vectors, before)


def test_percentile_interval_by_hand():
    assert percentile_interval(np.arange(101.0), 0.9) == pytest.approx((5.0, 95.0))


def test_bad_input_is_named(vectors):
    zero = vectors.copy()
    zero[3] = 0
    rng = np.random.default_rng(0)
    for call, said in (
        (lambda: similarity.unit(zero), "row 3 is all zeros"),
        (lambda: similarity.all_pairs_moments(zero), "row 3 is all zeros"),
        (lambda: similarity.all_pairs_moments(vectors[:1]), "at least two vectors"),
        (lambda: similarity.sample_pairs(1, 5, rng), "at least 2 items"),
        (lambda: similarity.pairwise_cosine(vectors, np.arange(3), np.arange(4)), "equal length"),
        (lambda: similarity.bootstrap_mean_cosine(vectors, np.ones((2, 3), np.uint8)), "do not fit 60"),
        (lambda: similarity.bootstrap_mean_cosine(vectors[:2], np.array([[2, 0]], np.uint8)), "fewer than two"),
        (lambda: resample_counts(0, 1, rng), "at least 1"),
        (lambda: percentile_interval(np.array([1.0])), "at least two draws"),
    ):
        with pytest.raises(InputError, match=said):
            call()
