"""Separation, agreement, clustering, geometry, histograms, neighbours: by hand and against public code."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from sklearn import metrics as sk
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.neighbors import NearestNeighbors

from embedlib.errors import InputError, UnknownNameError
from embedlib.metrics import agreement, clustering, geometry, relatedness, similarity
from embedlib.metrics.bootstrap import resample_counts

RNG = np.random.default_rng(3)
CLOUD = (RNG.standard_normal((400, 9)) * np.linspace(1, 3, 9) + 1).astype(np.float32)


def test_separation_by_hand_and_by_scikit_learn():
    found = relatedness.separate(np.array([0.9, 0.5, 0.5]), np.array([0.1, 0.5]))
    assert found.auc == pytest.approx(5 / 6)
    left, right = RNG.normal(0.5, 1, 300), RNG.normal(0, 1, 200)
    found = relatedness.separate(left, right)
    truth = np.r_[np.ones(300), np.zeros(200)]
    assert found.auc == pytest.approx(sk.roc_auc_score(truth, np.r_[left, right]))
    pooled = np.sqrt((299 * left.var(ddof=1) + 199 * right.var(ddof=1)) / 498)
    assert found.d == pytest.approx((left.mean() - right.mean()) / pooled)
    edges = np.linspace(min(left.min(), right.min()), max(left.max(), right.max()), 51)
    shares = [np.histogram(x, edges)[0] / len(x) for x in (left, right)]
    assert found.overlap == pytest.approx(np.minimum(*shares).sum(), abs=0.02)
    assert relatedness.separate(left, left).auc == pytest.approx(0.5)
    assert relatedness.separate(left, left).overlap == pytest.approx(1)


def test_a_bootstrap_draw_is_the_separation_of_the_drawn_pairs():
    left, right = RNG.normal(1, 1, 40).round(1), RNG.normal(0, 1, 30).round(1)
    n, m = (resample_counts(len(x), 5, np.random.default_rng(9)) for x in (left, right))
    draws = relatedness.bootstrap_separation(left, right, n, m)
    drawn = relatedness.separate(np.repeat(left, n[2]), np.repeat(right, m[2]))
    assert draws.loc[2, "auc"] == pytest.approx(drawn.auc)
    assert draws.loc[2, "d"] == pytest.approx(drawn.d)


def test_separation_refuses_what_it_cannot_measure():
    with pytest.raises(InputError, match="at least 2 finite scores"):
        relatedness.separate(np.array([1.0]), np.array([1.0, 2.0]))
    with pytest.raises(InputError, match="at least 2 finite scores"):
        relatedness.separate(np.array([1.0, np.nan]), np.array([1.0, 2.0]))
    with pytest.raises(InputError, match="all scores are equal"):
        relatedness.separate(np.ones(3), np.ones(3))


def test_rank_correlations_are_scipys_and_skip_what_a_model_misses():
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5], "y": [1.0, 3, 2, 4, np.nan]})
    row = agreement.rank_correlations(frame).iloc[0]
    assert (row["pairs"], row["spearman"]) == (4, pytest.approx(0.8))
    assert row["spearman"] == pytest.approx(scipy_stats.spearmanr([1, 2, 3, 4], [1, 3, 2, 4]).statistic)
    with pytest.raises(InputError, match="at least 3"):
        agreement.rank_correlations(frame.iloc[:2])


def test_neighbour_overlap_by_hand():
    first = np.array([[1, 2], [3, 4]], dtype=np.int32)
    second = np.array([[2, 5], [4, 3]], dtype=np.int32)
    assert agreement.neighbour_overlap(first, second).tolist() == [0.5, 1.0]
    with pytest.raises(InputError, match="same k"):
        agreement.neighbour_overlap(first, second[:, :1])


def test_clusters_are_scikit_learns():
    vectors = np.concatenate([CLOUD[:30] + 9 * np.eye(9, dtype=np.float32)[k] for k in range(3)])
    names = np.repeat(["a", "b", "c"], 30)
    rows = similarity.unit(vectors)
    peers = {
        "k-means": KMeans(3, n_init=10, random_state=4).fit_predict(rows),
        "agglomerative": AgglomerativeClustering(3, metric="cosine", linkage="average").fit_predict(rows),
    }
    for method, labels in peers.items():
        found = clustering.cluster(vectors, list(names), method, seed=4)
        assert found.v_measure == pytest.approx(sk.v_measure_score(names, labels))
        assert found.silhouette == pytest.approx(sk.silhouette_score(rows, names, metric="cosine"))
    perfect = clustering.cluster(np.repeat(np.eye(2, dtype=np.float32), 3, axis=0), list("aaabbb"), seed=0)
    assert perfect.v_measure == pytest.approx(1)
    with pytest.raises(UnknownNameError, match="k-means"):
        clustering.cluster(vectors, list(names), "kmeans", seed=0)
    with pytest.raises(InputError, match="cannot be clustered"):
        clustering.cluster(vectors, ["a"] * 90, seed=0)


def test_isoscore_is_its_packages_and_one_for_a_ball():
    from IsoScore.IsoScore import IsoScore

    peer = float(IsoScore(CLOUD))
    assert geometry.isoscore(CLOUD) == pytest.approx(peer, abs=2e-3)
    ball = np.random.default_rng(0).standard_normal((40_000, 5)).astype(np.float32)
    assert geometry.isoscore(ball) == pytest.approx(1, abs=0.01)
    line = np.outer(np.arange(50), np.ones(4)).astype(np.float32)
    assert geometry.isoscore(line) == pytest.approx(0, abs=1e-6)
    with pytest.raises(InputError, match="no shape"):
        geometry.isoscore(np.ones((5, 3), np.float32))


def test_effective_rank_by_hand():
    cross = np.concatenate([np.eye(4), -np.eye(4)]).astype(np.float32)
    assert geometry.effective_rank(cross) == pytest.approx(4)
    assert geometry.effective_rank(np.outer([1, 2, 4], [1, 1, 1]).astype(np.float32)) == pytest.approx(1, abs=1e-3)


def test_hubness_by_hand():
    star = geometry.hubness(np.array([[1], [0], [0], [0]], dtype=np.int32))
    assert (star.largest, star.orphans) == (3, 0.5)
    assert star.skew == pytest.approx(scipy_stats.skew([3, 1, 0, 0]))


def test_transforms():
    white = geometry.whiten(CLOUD)
    np.testing.assert_allclose(np.cov(white.T), np.eye(9), atol=1e-3)
    flat = np.concatenate([CLOUD, CLOUD[:, :1]], axis=1)
    assert geometry.whiten(flat).shape == (400, 9)
    left = geometry.remove_components(CLOUD, 2)
    variances = np.sort(np.linalg.eigvalsh(np.cov(left.T)))
    np.testing.assert_allclose(variances[:2], 0, atol=1e-5)
    np.testing.assert_allclose(variances[2:], np.sort(np.linalg.eigvalsh(np.cov(CLOUD.T)))[:-2], rtol=1e-4)
    with pytest.raises(InputError, match="0 to 8"):
        geometry.remove_components(CLOUD, 9)


def check_counts(found, expected):
    """Compare two histograms of the same pairs; a cosine on the edge of a bin may round to either side."""
    assert found.sum() == expected.sum()
    assert np.abs(found - expected).sum() <= 2 * 5


@pytest.mark.parametrize("size", [3, 1_030, 3_000])
def test_histogram_of_all_pairs_equals_numpys(size):
    vectors = np.random.default_rng(size).standard_normal((size, 24)).astype(np.float32)
    counts = similarity.all_pairs_histogram(vectors)
    expected = np.zeros(200, dtype=np.int64)
    for top, left, block in similarity.upper_blocks(similarity.unit(vectors)):
        above = np.add.outer(np.arange(len(block)) + top, -np.arange(block.shape[1]) - left) < 0
        expected += np.histogram(block[above], bins=np.linspace(-1, 1, 201))[0]
    assert expected.sum() == size * (size - 1) // 2
    check_counts(counts[0, 0], expected)


def test_histogram_by_band_adds_up():
    vectors = np.random.default_rng(8).standard_normal((5_200, 6)).astype(np.float32)
    bands = [1_000, 1_500, 5_000]
    counts = similarity.all_pairs_histogram(vectors, bands=bands, bins=40)
    check_counts(counts.sum(axis=(0, 1)), similarity.all_pairs_histogram(vectors, bins=40)[0, 0])
    sizes = np.diff([0, *bands, 5_200])
    expected = np.triu(np.outer(sizes, sizes), 1) + np.diag(sizes * (sizes - 1) // 2)
    np.testing.assert_array_equal(counts.sum(axis=2), expected)
    check_counts(counts[1, 1], similarity.all_pairs_histogram(vectors[1_000:1_500], bins=40)[0, 0])
    for bad in ([0], [3, 2], [5_200]):
        with pytest.raises(InputError, match="do not rise"):
            similarity.all_pairs_histogram(vectors, bands=bad)
    with pytest.raises(InputError, match="even number"):
        similarity.all_pairs_histogram(vectors, bins=7)


def test_neighbours_are_scikit_learns_and_ties_go_by_order():
    vectors = np.random.default_rng(2).standard_normal((5_300, 10)).astype(np.float32)
    places, cosines = similarity.nearest_neighbours(vectors, 10)
    peer = NearestNeighbors(n_neighbors=11, metric="cosine", algorithm="brute").fit(vectors)
    distances, others = peer.kneighbors(vectors)
    np.testing.assert_allclose(cosines, 1 - distances[:, 1:], atol=2e-6)
    assert (places == others[:, 1:]).mean() > 0.999
    vectors[[40, 3_000, 5_100]] = vectors[7]
    places, _ = similarity.nearest_neighbours(vectors, 3)
    assert places[[7, 40, 3_000, 5_100]].tolist() == [
        [40, 3_000, 5_100], [7, 3_000, 5_100], [7, 40, 5_100], [7, 40, 3_000],
    ]  # fmt: skip
    with pytest.raises(InputError, match="allowed: 1 to 5299"):
        similarity.nearest_neighbours(vectors, 5_300)
    with pytest.raises(InputError, match="all zeros"):
        similarity.nearest_neighbours(np.zeros((5, 2), np.float32), 1)


def test_related_pairs_take_the_best_answer_and_their_kind():
    frame = pd.DataFrame({
        "group": ["inflectional", "encyclopedic"], "relation": ["I01", "E01"], "source": ["dog", "lamb"],
        "targets": [("dogs",), ("sheep", "ewe")],
    })  # fmt: skip
    found = relatedness.related_pairs(frame)
    assert found["kind"].to_list() == ["morphological", "semantic"]
    assert found["second"].to_list() == ["dogs", "sheep"]


def test_unrelated_pairs_keep_every_word_as_often():
    names = [(relation, f"{relation}{n}") for relation in "abcd" for n in range(25)]
    pairs = pd.DataFrame(
        [{"kind": "semantic", "relation": relation, "first": word, "second": word.upper()} for relation, word in names]
    )
    for within in (False, True):
        drawn = relatedness.re_pair(pairs, np.random.default_rng(1), within=within)
        assert sorted(drawn["first"]) == sorted(pairs["first"])
        assert sorted(drawn["second"]) == sorted(pairs["second"])
        assert not set(zip(drawn["first"], drawn["second"], strict=True)) & set(
            zip(pairs["first"], pairs["second"], strict=True)
        )
        same = drawn["first"].str[0] == drawn["second"].str[0].str.lower()
        assert same.all() if within else not same.any()
    again = relatedness.re_pair(pairs, np.random.default_rng(1), within=True)
    assert again["second"].to_list() == drawn["second"].to_list()
    with pytest.raises(InputError, match="no other relation"):
        relatedness.re_pair(pairs[:25], np.random.default_rng(1))
    with pytest.raises(InputError, match="no other pair"):
        relatedness.re_pair(pairs[:1], np.random.default_rng(1), within=True)
