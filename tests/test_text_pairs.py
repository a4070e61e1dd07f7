"""Correlations of ratings with cosines, where a text is in many pairs."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, spearmanr

from embedlib.errors import InputError, UnknownNameError
from embedlib.metrics.agreement import rank_correlation
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.text_pairs import correlate_pairs

TEXTS = [f"text {number}" for number in range(12)]
ENDS = pd.DataFrame(list(itertools.combinations(TEXTS, 2)), columns=["one", "two"])


def made(seed=0):
    rng = np.random.default_rng(seed)
    people = pd.Series(rng.random(len(ENDS)) ** 3, ENDS.index)
    return pd.DataFrame({"glove": people + 0.2 * rng.random(len(ENDS)), "people": people, "use": rng.random(len(ENDS))})


def test_the_values_are_those_of_scipy():
    scores, boot = made(), Bootstrap(TEXTS, 20, np.random.default_rng(1))
    for measure, statistic in (("Spearman", spearmanr), ("Pearson", pearsonr)):
        found = correlate_pairs("people", scores, ENDS, boot, measure)
        assert list(found) == ["glove", "use"]
        for name in found:
            assert found[name].value == pytest.approx(statistic(scores["people"], scores[name]).statistic)


def test_a_draw_is_the_correlation_of_the_pairs_of_the_drawn_texts():
    scores, boot = made(), Bootstrap(TEXTS, 5, np.random.default_rng(2))
    found = correlate_pairs("people", scores, ENDS, boot, "Pearson")["glove"]
    for counts, value in zip(boot.counts, found.draws, strict=True):
        times = dict(zip(TEXTS, counts.tolist(), strict=True))
        # A pair is there once for every way to take its two texts; a text has no pair with itself.
        rows = [row for row, (one, two) in enumerate(ENDS.to_numpy()) for _ in range(times[one] * times[two])]
        drawn = scores.iloc[rows]
        assert value == pytest.approx(pearsonr(drawn["people"], drawn["glove"]).statistic)


def test_drawing_texts_allows_for_a_text_that_is_unlike_the_others():
    # Each text has an offset of its own in the ratings, so pairs that share a text are not independent.
    rng = np.random.default_rng(3)
    own = dict(zip(TEXTS, rng.normal(size=12), strict=True))
    offset = ENDS["one"].map(own) + ENDS["two"].map(own)
    scores = pd.DataFrame({"people": offset + 0.1 * rng.normal(size=66), "glove": offset + rng.normal(size=66)})
    by_text = correlate_pairs("people", scores, ENDS, Bootstrap(TEXTS, 500, np.random.default_rng(1)))["glove"]
    alone = ENDS.index.to_frame()
    drawn = Bootstrap(66, 500, np.random.default_rng(1))
    by_pair = correlate_pairs("people", scores, alone, drawn)["glove"]
    assert by_text.value == by_pair.value
    # With pairs as units it is the rank correlation of other chapters.
    same = rank_correlation(scores["people"], scores["glove"], drawn)
    assert by_pair.value == pytest.approx(same.value)
    np.testing.assert_allclose(by_pair.draws, same.draws)
    assert by_text.high - by_text.low > 1.2 * (by_pair.high - by_pair.low)


def test_a_pair_without_a_score_is_left_out_for_all():
    scores, boot = made(), Bootstrap(TEXTS, 20, np.random.default_rng(1))
    gap = scores.assign(use=scores["use"].where(scores.index > 5, np.nan))
    found = correlate_pairs("people", gap, ENDS, boot)
    assert found["glove"].value == pytest.approx(spearmanr(scores["people"][6:], scores["glove"][6:]).statistic)


def test_what_does_not_fit_is_refused():
    scores, boot = made(), Bootstrap(TEXTS, 20, np.random.default_rng(1))
    for change, said in (
        ({"column": "men"}, "no column 'men'"),
        ({"ends": ENDS[1:]}, "66 pairs need one end or two, not a table of 65 x 2"),
        ({"ends": ENDS.replace("text 0", "text 99")}, "'text 99' is not one of the units"),
        ({"scores": scores.mask(scores.index.to_series() > 1)}, "at least 3 rows"),
    ):
        given = {"column": "people", "scores": scores, "ends": ENDS, "boot": boot} | change
        with pytest.raises(InputError, match=said):
            correlate_pairs(**given)
    with pytest.raises(UnknownNameError, match="Kendall"):
        correlate_pairs("people", scores, ENDS, boot, "Kendall")
