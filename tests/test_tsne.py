"""The maps' t-SNE, against scikit-learn's and against differences of its own divergence."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.manifold import TSNE, trustworthiness

import embedlib
from embedlib.book.site.tsne import SETTINGS, affinities, gradient, tsne
from embedlib.metrics.similarity import unit


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def divergence(places, near, exaggeration=1.0):
    """Compute sum p log(p / q), with `exaggeration` times p, from all pairs; q is a share of 1 / (1 + d^2)."""
    like = 1 / (1 + cdist(places.T, places.T, "sqeuclidean"))
    np.fill_diagonal(like, 0)
    p = exaggeration * near.toarray()
    there = p > 0
    return float((p[there] * np.log(p[there])).sum() - (p[there] * np.log((like / like.sum())[there])).sum())


def test_affinities_have_the_perplexity_that_is_asked_for(rng):
    rows = rng.standard_normal((40, 5)).astype(np.float32)
    near = affinities(rows, 6).toarray()
    assert near.sum() == pytest.approx(1)
    assert np.array_equal(near, near.T)
    # By hand: in a square two sides have one weight and the diagonal another, whose entropy is that of 2.5 choices.
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=np.float32)
    square = affinities(corners, 2.5).toarray()
    assert square[0, 1] == pytest.approx(square[0, 2])
    sides, diagonal = square[0, 1] * 4, square[0, 3] * 4
    assert 2 * sides + diagonal == pytest.approx(1)
    entropy = -(2 * sides * np.log(sides) + diagonal * np.log(diagonal))
    assert np.exp(entropy) == pytest.approx(2.5, rel=1e-3)


def test_rows_that_are_equal_have_affinities_too():
    rows = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    near = affinities(rows, 2.5)
    assert np.isfinite(near.data).all()
    assert near.sum() == pytest.approx(1)
    assert np.isfinite(tsne(rows)).all()


@pytest.mark.parametrize("exaggeration", [1, 4])
def test_the_gradient_is_that_of_the_divergence(rng, exaggeration):
    near = affinities(rng.standard_normal((12, 4)).astype(np.float32), 3)
    places = rng.standard_normal((2, 12))
    slope, total = gradient(places, near, exaggeration)
    like = 1 / (1 + cdist(places.T, places.T, "sqeuclidean"))
    assert total == pytest.approx(like.sum() - 12, rel=1e-5)
    # The exaggerated affinities pull harder, and the push stays as it is: the gradient is linear in the pull.
    pull = gradient(places, near, 2.0)[0] - gradient(places, near, 1.0)[0]
    assert slope == pytest.approx(gradient(places, near, 1.0)[0] + (exaggeration - 1) * pull, abs=1e-5)
    if exaggeration == 1:
        step = 1e-5
        for axis, point in [(0, 0), (1, 5), (0, 11)]:
            moved = np.zeros_like(places)
            moved[axis, point] = step
            rise = divergence(places + moved, near) - divergence(places - moved, near)
            assert slope[axis, point] == pytest.approx(rise / (2 * step), abs=1e-5)


def test_a_map_is_as_good_as_that_of_scikit_learn():
    rows = embedlib.embed_words("glove-6b-50d", embedlib.load_words(600)).vectors
    own = tsne(rows)
    assert own.shape == (600, 2)
    assert own.dtype == np.float32
    assert np.array_equal(own, tsne(rows))
    library = TSNE(init="pca", perplexity=SETTINGS["perplexity"], max_iter=750, random_state=0)
    theirs = library.fit_transform(unit(rows))
    near = affinities(unit(rows), SETTINGS["perplexity"])
    assert divergence(theirs.T.astype(float), near) == pytest.approx(library.kl_divergence_, rel=0.02)
    assert divergence(own.T.astype(float), near) < 1.03 * divergence(theirs.T.astype(float), near)
    trust = [trustworthiness(unit(rows), places, n_neighbors=10, metric="cosine") for places in (own, theirs)]
    assert trust[0] > trust[1] - 0.01
