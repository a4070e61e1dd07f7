"""Rotations: a known one is found again, as scipy finds it, and no pair is tested with its own words."""

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.transform import Rotation

from embedlib.errors import InputError
from embedlib.metrics.rotation import cross_fit_rotation, fit_rotation

RNG = np.random.default_rng(3)
TURN = Rotation.from_euler("xyz", [30, 45, 60], degrees=True).as_matrix()
FIRST = RNG.standard_normal((60, 3)).astype(np.float32)
# Every word is in several pairs: 12 first words, and 15 second ones.
WORDS = pd.DataFrame({"word1": [f"a{n % 12}" for n in range(60)], "word2": [f"b{n % 15}" for n in range(60)]})
SAME = np.arange(60) % 3 > 0


def rotate(first, second, *, folds=10, **kwargs):
    return cross_fit_rotation(first, second, WORDS, SAME, folds=folds, rng=np.random.default_rng(0), **kwargs)


def test_a_known_rotation_is_found_again():
    assert fit_rotation(FIRST, FIRST @ TURN) == pytest.approx(TURN, abs=1e-6)
    found = rotate(FIRST, FIRST @ TURN)
    assert found.tested.all()
    assert found.first == pytest.approx(FIRST @ TURN, abs=1e-5)
    assert found.second == pytest.approx(FIRST @ TURN)


def test_a_quarter_turn_by_hand():
    # (1, 0) to (0, 1) and (0, 1) to (-1, 0).
    found = fit_rotation(np.eye(2, dtype=np.float32), np.array([[0, 1], [-1, 0]], np.float32))
    assert found == pytest.approx(np.array([[0, 1], [-1, 0]]))


def test_a_noisy_rotation_is_scipys():
    noisy = FIRST @ TURN + 0.5 * RNG.standard_normal(FIRST.shape)
    wanted, _ = orthogonal_procrustes(FIRST.astype(float), noisy)
    assert fit_rotation(FIRST, noisy) == pytest.approx(wanted)
    # Each part of the data has scipy's rotation of the pairs that it was fitted on.
    found = rotate(FIRST, noisy)
    for part in range(10):
        test, kept = found.fold == part, found.fitted[part]
        wanted, _ = orthogonal_procrustes(FIRST[kept].astype(float), noisy[kept])
        assert found.first[test] == pytest.approx(FIRST[test] @ wanted)


def test_a_prior_is_so_many_pairs_that_stay_where_they_are():
    # Three pairs of unit vectors with as long a row in every direction: a prior of 2 is two such sets more.
    turned = TURN.astype(np.float32)
    alike, _ = orthogonal_procrustes(np.vstack([np.eye(3)] * 3), np.vstack([TURN, np.eye(3), np.eye(3)]))
    assert fit_rotation(np.eye(3, dtype=np.float32), turned, prior=2) == pytest.approx(alike, abs=1e-6)
    assert fit_rotation(FIRST, FIRST @ TURN, prior=1e9) == pytest.approx(np.eye(3), abs=1e-6)


def test_no_part_is_fitted_on_any_of_its_own_words():
    found = rotate(FIRST, FIRST @ TURN)
    for part in range(10):
        own = set(WORDS[found.fold == part].to_numpy().ravel())
        fitted = WORDS[found.fitted[part]]
        assert not own & set(fitted.to_numpy().ravel())
        assert SAME[found.fitted[part]].all()
        # What is left out is left out for a reason.
        assert all(own & {*pair} for pair in WORDS[SAME & ~found.fitted[part]].to_numpy())
    assert found.fitted_on.tolist() == [int(found.fitted[part].sum()) for part in found.fold]
    # And so what a part's words are like has no say in its rotation.
    test = found.fold == 4
    touched = WORDS.isin(set(WORDS[test].to_numpy().ravel())).any(axis=1).to_numpy()
    other = np.where(touched[:, None], RNG.standard_normal(FIRST.shape), FIRST @ TURN)
    assert (rotate(FIRST, other).first[test] == found.first[test]).all()


def test_a_word_counts_in_either_place():
    words = pd.DataFrame({"word1": ["x", "y", "u", "v"], "word2": ["y", "z", "w", "x"]})
    rng = np.random.default_rng(0)
    found = cross_fit_rotation(FIRST[:4], FIRST[:4], words, np.ones(4, bool), folds=4, rng=rng)
    by_pair = found.fitted[found.fold]
    # The first pair shares y with the second, and x with the last.
    assert by_pair[0].tolist() == [False, False, True, False]
    assert by_pair[2].tolist() == [True, True, False, True]
    # One pair is too few for a rotation.
    assert found.tested.tolist() == [False, True, True, True]
    assert np.isnan(found.second[0]).all()


def test_no_pairs_are_no_rotation():
    none = cross_fit_rotation(FIRST[:0], FIRST[:0], WORDS[:0], [], folds=5, rng=RNG)
    assert none.first.shape == none.second.shape == (0, 3)
    assert not len(none.fitted_on)


def test_rotations_refuse_what_does_not_fit():
    with pytest.raises(InputError, match="rows of the same shape"):
        fit_rotation(FIRST, FIRST[:-1])
    with pytest.raises(InputError, match="at least one"):
        fit_rotation(FIRST[:0], FIRST[:0])
    with pytest.raises(InputError, match=r"prior is -1; allowed: 0 or more"):
        fit_rotation(FIRST, FIRST, prior=-1)
    with pytest.raises(InputError, match="folds is 1; allowed: 2 or more"):
        rotate(FIRST, FIRST, folds=1)
    with pytest.raises(InputError, match="not 60, 60, 60 and 59 of them"):
        cross_fit_rotation(FIRST, FIRST, WORDS, SAME[1:], folds=2, rng=RNG)
