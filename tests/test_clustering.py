"""V-measure and silhouette with whole categories drawn, against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as sk

from embedlib.errors import InputError
from embedlib.metrics import clustering, similarity
from embedlib.metrics.bootstrap import Bootstrap

RNG = np.random.default_rng(4)
NAMES = np.array(["tool", "animal", "fruit", "colour"])
TRUTH = np.repeat(NAMES, [30, 20, 25, 15])
CENTRES = RNG.standard_normal((4, 8)) * 1.2
SPACES = {
    name: (np.repeat(CENTRES, [30, 20, 25, 15], axis=0) + noise * RNG.standard_normal((90, 8))).astype(np.float32)
    for name, noise in {"clear": 0.5, "blurred": 1.6}.items()
}
BOOT = Bootstrap(list(NAMES), 200, np.random.default_rng(6))


@pytest.mark.parametrize("method", clustering.METHODS)
def test_a_draw_is_scikit_learns_score_of_the_drawn_words(method):
    scores = clustering.score_clusters(SPACES, TRUTH, BOOT, method, seed=4)
    for model, vectors in SPACES.items():
        labels = clustering.cluster(vectors, TRUTH, method, seed=4).labels
        own = sk.silhouette_samples(similarity.unit(vectors), TRUTH, metric="cosine")
        v, silhouette = scores.v_measure[model], scores.silhouette[model]
        assert v.value == pytest.approx(sk.v_measure_score(TRUTH, labels))
        assert silhouette.value == pytest.approx(own.mean(), abs=1e-6)
        raw = np.full(200, np.nan)
        for draw in range(200):
            rows = np.repeat(np.arange(90), BOOT.counts_of(TRUTH)[draw])
            assert silhouette.draws[draw] == pytest.approx(own[rows].mean(), abs=1e-6)
            if len(set(TRUTH[rows])) > 1:
                raw[draw] = sk.v_measure_score(TRUTH[rows], labels[rows])
        # The draws of the V-measure are in their places, moved to the value, and as wide as a jackknife says.
        without = [sk.v_measure_score(TRUTH[name != TRUTH], labels[name != TRUTH]) for name in np.unique(TRUTH)]
        error = np.sqrt(3 / 4 * np.sum((np.array(without) - np.mean(without)) ** 2))
        spread = np.nanstd(raw)
        wanted = v.value + (raw - np.nanmean(raw)) * error / spread if spread > 1e-9 else raw
        assert v.draws == pytest.approx(wanted, nan_ok=True)


def test_a_clear_space_is_ahead_in_both_measures_on_the_same_draws():
    scores = clustering.score_clusters(SPACES, list(TRUTH), BOOT, seed=4)
    for measure in (scores.v_measure, scores.silhouette):
        assert list(measure) == ["clear", "blurred"]
        assert measure.difference("clear", "blurred").is_above(0)


def test_a_v_measure_by_hand():
    # Drawn once each: clusters 0 and 1 of a, cluster 1 of b. H(b's cluster) etc. in bits: categories .918, clusters
    # .918, both 1.585. So 2 x (.918 + .918 - 1.585) / 1.836 = .274.
    labels, truth = np.array([0, 1, 1]), ["a", "a", "b"]
    counts = np.array([[1, 1], [1, 3], [0, 2]], dtype=np.uint8)
    found = clustering.bootstrap_v_measure(labels, truth, counts)
    assert found[0] == pytest.approx(0.274, abs=5e-4)
    assert found[1] == pytest.approx(sk.v_measure_score(list("aabbb"), [0, 1, 1, 1, 1]))
    assert np.isnan(found[2])


def test_scores_of_clusters_refuse_what_does_not_fit():
    with pytest.raises(InputError, match="same words of all models: got 89 and 90"):
        clustering.score_clusters({"a": SPACES["clear"], "b": SPACES["clear"][:-1]}, TRUTH, BOOT, seed=0)
    with pytest.raises(InputError, match="'tools' is not one of the units"):
        clustering.score_clusters(SPACES, np.where(TRUTH == "tool", "tools", TRUTH), BOOT, seed=0)
    with pytest.raises(InputError, match="cannot be clustered"):
        clustering.score_clusters({"a": SPACES["clear"][:-1]}, TRUTH, BOOT, seed=0)
    with pytest.raises(InputError, match="do not fit each other"):
        clustering.bootstrap_v_measure(np.array([0, 1]), ["a", "b"], np.ones((3, 3), np.uint8))
