"""Hubs and shared directions, by hand, against a plain count and against a singular value decomposition."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from embedlib.errors import InputError
from embedlib.metrics import geometry, similarity


def test_hubs_by_hand_with_ties_to_the_earlier_row():
    neighbours = np.array([[2, 1], [2, 0], [0, 3], [2, 0]], dtype=np.int32)  # named: 0 and 2 thrice, 1 and 3 once
    rows, counts = geometry.hubs(neighbours, 3)
    assert rows.tolist() == [0, 2, 1]
    assert counts.tolist() == [3, 3, 1]


def test_hubs_are_those_of_a_plain_count_and_lead_with_the_largest():
    vectors = np.random.default_rng(5).standard_normal((300, 12)).astype(np.float32) + 0.5
    neighbours, _ = similarity.nearest_neighbours(vectors, 4)
    rows, counts = geometry.hubs(neighbours, 300)
    plain = Counter(neighbours.ravel().tolist())
    assert rows.tolist() == sorted(range(300), key=lambda row: (-plain[row], row))
    assert counts.tolist() == [plain[row] for row in rows]
    assert counts[0] == geometry.hubness(neighbours).largest
    assert (counts == 0).mean() == geometry.hubness(neighbours).orphans


@pytest.mark.parametrize("number", [0, 5])
def test_hubs_refuse_a_number_out_of_range(number):
    with pytest.raises(InputError, match=f"number is {number}; allowed: 1 to 4"):
        geometry.hubs(np.zeros((4, 1), dtype=np.int32), number)


def test_shared_directions_are_taken_away_as_a_singular_value_decomposition_finds_them():
    vectors = np.random.default_rng(6).standard_normal((50, 6)).astype(np.float32) * [9, 4, 1, 1, 1, 1] + 3
    vectors = vectors.astype(np.float32)
    found = geometry.without_shared_directions(vectors, 2)
    assert list(found) == ["as they are", "centred", "2 components removed"]
    assert found["as they are"] is vectors
    centred = vectors - vectors.mean(axis=0)
    assert found["centred"] == pytest.approx(centred, abs=1e-5)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    assert found["2 components removed"] == pytest.approx(centred - centred @ axes.T @ axes, abs=1e-4)


def test_a_correlation_over_models_by_hand():
    found = geometry.correlate_models([1, 2, 3, 4], [10, 20, 40, 30])
    # Of the 24 orders, 1 has a correlation of 1, 3 have one of .8, and as many those of the other sign.
    assert found == geometry.ModelCorrelation(pytest.approx(0.8), pytest.approx(8 / 24), pytest.approx(2 / 24), 4)
    perfect = geometry.correlate_models(range(7), range(7, 0, -1))
    assert (perfect.spearman, perfect.p) == (pytest.approx(-1), pytest.approx(2 / 5040))
    assert perfect.p == perfect.least_p


@pytest.mark.parametrize("n", [3, 5, 6])
def test_a_correlation_over_models_is_scipys_permutation_test(n):
    rng = np.random.default_rng(n)
    x, y = rng.standard_normal((2, n))
    peer = stats.permutation_test(
        (x,), lambda x: stats.spearmanr(x, y).statistic, permutation_type="pairings", n_resamples=np.inf
    )
    found = geometry.correlate_models(x, y)
    assert found.spearman == pytest.approx(peer.statistic)
    assert found.p == pytest.approx(peer.pvalue)
    assert found.least_p == pytest.approx(2 / np.prod(range(1, n + 1)))


def test_equal_scores_raise_the_least_p():
    # 3 models: of the 6 orders, those 2 that put the outlier last are as far from zero as one can be.
    found = geometry.correlate_models([1, 1, 2], [5, 5, 9])
    assert (found.spearman, found.p, found.least_p) == (pytest.approx(1), pytest.approx(2 / 6), pytest.approx(2 / 6))


def test_many_models_need_draws_which_come_near_the_exact_p():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(10)
    y = x + rng.standard_normal(10)
    with pytest.raises(InputError, match=r"10 models have too many orders.*give `draws`"):
        geometry.correlate_models(x, y)
    found = geometry.correlate_models(x, y, draws=4000, rng=rng)
    peer = stats.permutation_test(
        (x,), lambda x: stats.spearmanr(x, y).statistic, permutation_type="pairings", n_resamples=4000, rng=rng
    )
    assert found.p == pytest.approx(peer.pvalue, abs=0.04)
    assert found.least_p == 1 / 4001


def test_models_are_matched_by_label_and_left_out_with_nan():
    first = pd.Series([1.0, 2, 3, 4, np.nan], list("abcde"))
    second = pd.Series([9.0, 4, 3, 1, 2], list("edbca"))
    assert geometry.correlate_models(first, second).models == 4
    assert geometry.correlate_models(first, second) == geometry.correlate_models(first, second.reindex(list("abcde")))
    with pytest.raises(InputError, match="same models"):
        geometry.correlate_models(first, second.rename({"e": "f"}))


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([1, 2], [1, 2], "at least 3 models"),
        ([1, 2, np.nan], [1, 2, 3], "at least 3 models"),
        ([1, 2, np.inf], [1, 2, 3], "finite"),
        ([1, 1, 1], [1, 2, 3], "same score"),
        ([1, 2, 3], [1, 2], "two scores of each model"),
    ],
)
def test_a_correlation_over_models_refuses_what_it_cannot_measure(first, second, said):
    with pytest.raises(InputError, match=said):
        geometry.correlate_models(first, second)
