"""Logistic regressions of many samples against scikit-learn, by hand, and where there is none."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from embedlib.errors import InputError
from embedlib.metrics.bootstrap import resample_counts
from embedlib.metrics.logistic import logistic_fits

RNG = np.random.default_rng(7)


def test_fits_by_hand():
    # Three of four won at 0, one of two at 1: the log-odds are log 3 and 0.
    columns = np.array([[1.0, 0], [1, 0], [1, 0], [1, 0], [1, 1], [1, 1]])
    wins = np.array([1.0, 1, 1, 0, 1, 0])
    assert logistic_fits(columns, wins, np.ones((1, 6)))[0] == pytest.approx([np.log(3), -np.log(3)])
    # A half is half a win and half a loss.
    assert logistic_fits(columns[:5], np.array([1.0, 1, 1, 0, 0.5]), np.ones((1, 5)))[0] == pytest.approx(
        [np.log(3), -np.log(3)]
    )


def test_fits_against_scikit_learn():
    columns = np.column_stack([np.ones(300), RNG.standard_normal((300, 2)), RNG.standard_t(2, 300)])
    wins = (columns @ [0.4, 1.2, -0.7, 0.3] + RNG.logistic(size=300) > 0).astype(float)
    counts = resample_counts(300, 20, RNG)
    found = logistic_fits(columns, wins, counts)
    again = logistic_fits(columns, wins, counts, start=found.mean(axis=0))
    np.testing.assert_allclose(again, found, atol=1e-7)
    for row, weights in zip(found, counts, strict=True):
        model = LogisticRegression(C=np.inf, fit_intercept=False, solver="newton-cholesky", tol=1e-10)
        model.fit(columns, wins, sample_weight=weights)
        np.testing.assert_allclose(row, model.coef_[0], atol=1e-5)


def test_many_rows_are_fitted_in_parts(monkeypatch):
    columns = np.column_stack([np.ones(50), RNG.standard_normal(50)])
    wins, counts = (RNG.random(50) > 0.5).astype(float), resample_counts(50, 9, RNG)
    whole = logistic_fits(columns, wins, counts)
    monkeypatch.setattr("embedlib.metrics.logistic._ROWS_AT_ONCE", 100)
    np.testing.assert_allclose(logistic_fits(columns, wins, counts), whole)


def test_a_sample_without_a_finite_fit_is_nan_and_leaves_the_others():
    columns = np.array([[1.0, -2], [1, -1], [1, 1], [1, 2]])
    wins = np.array([0.0, 1, 0, 1])
    found = logistic_fits(columns, wins, np.array([[1, 1, 1, 1], [1, 0, 0, 1], [0, 1, 0, 1], [2, 1, 1, 2]]))
    assert np.isnan(found).all(axis=1).tolist() == [False, True, True, False]
    same = np.column_stack([np.ones(4), np.full(4, 3.0)])
    assert np.isnan(logistic_fits(same, wins, np.ones((1, 4)))).all()


def test_what_does_not_fit_together_is_refused():
    columns, wins = np.ones((3, 1)), np.array([0.0, 1, 1])
    for bad in ((columns, wins[:2], np.ones((1, 3))), (columns, wins, np.ones((1, 2))), (columns, wins, np.ones(3))):
        with pytest.raises(InputError, match="do not fit together"):
            logistic_fits(*bad)
    for values in (wins * 2, wins * np.nan):
        with pytest.raises(InputError, match="from 0 to 1"):
            logistic_fits(columns, values, np.ones((1, 3)))
