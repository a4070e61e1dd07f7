"""Tests of differences against exact distributions, a known test of scipy's, and by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from embedlib.errors import InputError
from embedlib.metrics.comparisons import holm, paired_permutation, permutation_table

RNG = np.random.default_rng(3)


def test_the_paired_test_against_the_exact_distribution():
    first, second = np.array([3.0, 5.0, 4.0, 6.0, 2.5]), np.array([1.0, 4.5, 4.2, 3.0, 2.0])
    gaps = first - second
    means = [np.dot(signs, gaps) for signs in itertools.product([1, -1], repeat=len(gaps))]
    exact = np.mean([abs(value) >= abs(gaps.sum()) - 1e-12 for value in means])
    assert paired_permutation(first, second, 10_000, RNG) == pytest.approx(exact)
    many = RNG.normal(0.2, 1, 300)
    p = paired_permutation(many, np.zeros(300), 5000, RNG)
    assert p == pytest.approx(stats.ttest_1samp(many, 0).pvalue, abs=0.01)
    with pytest.raises(InputError, match="equal length"):
        paired_permutation(first, second[:3], 10, RNG)


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]
    assert holm(np.array([])).tolist() == []


def test_the_table_has_every_two_models_and_corrects_for_their_number():
    scores = pd.DataFrame(RNG.normal([0, 0.5, 1], size=(30, 3)), columns=list("abc"))
    table = permutation_table(scores, 500, np.random.default_rng(1))
    assert table.index.tolist() == [("a", "b"), ("a", "c"), ("b", "c")]
    rng = np.random.default_rng(1)  # one generator for all tests, in the order of the rows
    for one, other in table.index:
        row = table.loc[(one, other)]
        assert row["difference"] == pytest.approx((scores[one] - scores[other]).mean())
        assert row["p"] == paired_permutation(scores[one].to_numpy(), scores[other].to_numpy(), 500, rng)
    assert table["p, corrected"].tolist() == holm(table["p"].to_numpy()).tolist()
    nothing = permutation_table(scores[["a"]], 500, rng)
    assert nothing.shape == (0, 3)
    assert nothing.index.names == ["model", "other"]
