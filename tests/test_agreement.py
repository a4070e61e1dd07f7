"""Bootstrapped rank correlations, shares of own agreement and orders, by hand and against public code."""

import numpy as np
import pandas as pd
import pytest
from conftest import real
from scipy import stats as scipy_stats

from embedlib.datasets.load import as_asked, load_dataset, words_of
from embedlib.errors import InputError
from embedlib.metrics import agreement, similarity
from embedlib.metrics.bootstrap import Bootstrap, resample_counts
from embedlib.metrics.estimates import Estimate, Estimates

RNG = np.random.default_rng(11)
BASE = RNG.standard_normal(400)
SCORES = pd.DataFrame({"x": BASE, "y": BASE + RNG.standard_normal(400), "z": RNG.standard_normal(400).round(1)})
ROWS = np.arange(400)[:, None]


def test_a_sample_of_every_row_once_is_spearmans_correlation():
    once = agreement.bootstrap_rank_correlations(SCORES, np.ones((2, 400), np.uint8), ROWS)
    points = agreement.rank_correlations(SCORES).set_index(["first", "second"])["spearman"]
    assert list(once.columns) == list(points.index)
    assert once.iloc[1].to_numpy() == pytest.approx(points.to_numpy())


def test_a_draw_is_the_correlation_of_the_drawn_ranks_and_near_that_of_ranks_made_anew():
    counts = resample_counts(400, 60, np.random.default_rng(2))
    draws = agreement.bootstrap_rank_correlations(SCORES, counts, ROWS)
    ranks = SCORES.rank()
    for draw in (0, 57):
        drawn = ranks.loc[np.repeat(ranks.index, counts[draw])]
        for first, second in draws.columns:
            plain = scipy_stats.pearsonr(drawn[first], drawn[second]).statistic
            assert draws.loc[draw, (first, second)] == pytest.approx(plain)
            anew = scipy_stats.spearmanr(drawn[first], drawn[second]).statistic
            assert draws.loc[draw, (first, second)] == pytest.approx(anew, abs=0.01)


@pytest.mark.parametrize("noise", [0.5, 1, 5])
def test_fixed_ranks_spread_nearly_as_ranks_made_anew(noise):
    frame = pd.DataFrame({"x": BASE, "y": BASE + noise * RNG.standard_normal(400)})
    counts = resample_counts(400, 300, np.random.default_rng(6))
    fixed = agreement.bootstrap_rank_correlations(frame, counts, ROWS).iloc[:, 0]
    rows = [frame.loc[np.repeat(frame.index, drawn)] for drawn in counts]
    anew = [scipy_stats.spearmanr(drawn["x"], drawn["y"]).statistic for drawn in rows]
    assert fixed.std() == pytest.approx(np.std(anew), rel=0.1)


def test_a_pair_of_words_weighs_the_product_of_its_words_counts():
    scores = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [1.0, 3, 2, 4]})
    pairs = np.array([[0, 1], [1, 2], [2, 3], [3, 0]])  # counts 2, 1, 1, 2 give weights 2, 1, 2, 4
    drawn = agreement.bootstrap_rank_correlations(scores, np.array([[2, 1, 1, 2]], np.uint8), pairs)
    x, y = np.repeat([1, 2, 3, 4], [2, 1, 2, 4]), np.repeat([1, 3, 2, 4], [2, 1, 2, 4])
    assert drawn.iloc[0, 0] == pytest.approx(np.corrcoef(x, y)[0, 1])


def test_drawing_words_widens_the_interval_of_pairs_that_share_them():
    vectors = [RNG.standard_normal((40, 6)).astype(np.float32) + 1 for _ in range(2)]
    left, right = similarity.sample_pairs(40, 2000, np.random.default_rng(4))
    scores = pd.DataFrame({k: similarity.pairwise_cosine(v, left, right) for k, v in enumerate(vectors)})
    words = resample_counts(40, 200, np.random.default_rng(5))
    alone = resample_counts(2000, 200, np.random.default_rng(5))
    by_word = agreement.bootstrap_rank_correlations(scores, words, np.stack([left, right], axis=1))
    by_pair = agreement.bootstrap_rank_correlations(scores, alone, np.arange(2000)[:, None])
    assert by_word.iloc[:, 0].std() > 2 * by_pair.iloc[:, 0].std()


def test_bootstrapped_correlations_refuse_what_they_cannot_measure():
    ones = np.ones((2, 400), np.uint8)
    with pytest.raises(InputError, match="without NaN"):
        agreement.bootstrap_rank_correlations(SCORES.where(SCORES > 0), ones, ROWS)
    with pytest.raises(InputError, match="do not fit 400 rows"):
        agreement.bootstrap_rank_correlations(SCORES, ones[:, :-1], ROWS)
    with pytest.raises(InputError, match="do not fit 400 rows"):
        agreement.bootstrap_rank_correlations(SCORES, ones, ROWS[:-1])
    with pytest.raises(InputError, match="equal values"):
        agreement.bootstrap_rank_correlations(SCORES, np.eye(400, dtype=np.uint8)[:2], ROWS)


def test_one_model_has_nothing_to_agree_with():
    alone = SCORES[["x"]]
    assert agreement.bootstrap_rank_correlations(alone, np.ones((2, 400), np.uint8), ROWS).shape == (2, 0)
    assert not agreement.correlate_columns(alone, Bootstrap(400, 2, np.random.default_rng(1)))
    assert agreement.cluster_order(agreement.symmetric(pd.Series(dtype=float), ["x"])) == ["x"]


PAIRS = pd.Series(
    {("a", "b"): 0.1, ("a", "c"): 0.9, ("a", "d"): 0.2, ("b", "c"): 0.3, ("b", "d"): 0.8, ("c", "d"): 0.0}
)


def test_a_square_is_symmetric_and_leaves_out_other_names():
    frame = agreement.symmetric(PAIRS, ["a", "b", "c"])
    assert frame.index.name == "model"
    assert frame.loc["c", "a"] == frame.loc["a", "c"] == 0.9
    assert np.isnan(np.diag(frame)).all()
    assert frame.shape == (3, 3)


def test_similar_names_stand_together():
    # a with c and b with d; of the ways to turn the two, c next to b has the nearest neighbours.
    assert agreement.cluster_order(agreement.symmetric(PAIRS, list("abcd"))) == ["a", "c", "b", "d"]
    with pytest.raises(InputError, match="hold NaN"):
        agreement.cluster_order(agreement.symmetric(PAIRS.iloc[:-1], list("abcd")))


@pytest.mark.parametrize(("name", "known", "spearman"), [("wordsim353", 353, 0.5033), ("simlex999", 998, 0.2631)])
def test_glove_agrees_with_people_as_gensim_says(name, known, spearman):
    # gensim's evaluate_word_pairs takes the first 300,000 words of a vocabulary.
    frame, encoder = as_asked(load_dataset(name), "lower"), real("glove-6b-50d")
    first = set(list(encoder.words)[:300_000])
    frame = frame[frame["word1"].isin(first) & frame["word2"].isin(first)]
    table = encoder.encode_words(words_of(frame))
    left, right, both = table.pair_rows(frame["word1"], frame["word2"])
    scores = pd.DataFrame({"people": frame["score"], "glove": similarity.pairwise_cosine(table.vectors, left, right)})
    assert both.sum() == known
    assert agreement.rank_correlations(scores)["spearman"].item() == pytest.approx(spearman, abs=5e-5)


def test_one_column_is_correlated_with_each_other_on_the_units_that_all_have():
    scores = SCORES.copy()
    scores.loc[:9, "y"] = np.nan
    boot = Bootstrap(400, 20, np.random.default_rng(3))
    found = agreement.correlate_with("y", scores, boot, among=np.arange(400) < 300)
    rows = scores.iloc[10:300]
    assert list(found) == ["x", "z"]
    for name in found:
        assert found[name].value == pytest.approx(scipy_stats.spearmanr(rows["y"], rows[name]).statistic)
        alone = agreement.rank_correlation(scores["y"], scores[name], boot, among=np.arange(400) < 300)
        assert found[name].draws == pytest.approx(alone.draws)


def test_fewer_than_ten_units_have_no_correlation_and_an_unknown_column_is_an_error():
    boot = Bootstrap(400, 5, np.random.default_rng(3))
    assert agreement.correlate_with("x", SCORES, boot, among=np.arange(400) < 9).value.isna().all()
    assert agreement.correlate_with("x", SCORES, boot, among=np.arange(400) < 10).value.notna().all()
    with pytest.raises(InputError, match="no column 'people'"):
        agreement.correlate_with("people", SCORES, boot)


def test_correlations_are_averaged_by_fishers_z_and_those_that_are_nan_are_left_out():
    none = Estimate(np.nan, [np.nan, np.nan])
    found = agreement.average_correlations([Estimate(0.9, [0.9, 0.5]), none, Estimate(0.1, [0.1, 0.5])])
    # By hand: z(.9) = 1.4722, z(.1) = .1003, their mean .7863, and tanh(.7863) = .6563.
    assert found.value == pytest.approx(0.6563, abs=1e-4)
    assert found.draws == pytest.approx([0.6563, 0.5], abs=1e-4)
    assert np.isnan(agreement.average_correlations([none]).value)
    assert agreement.average_correlations([Estimate(1, [1, -1])]).draws == pytest.approx([1, -1])
    with pytest.raises(InputError, match="no correlations"):
        agreement.average_correlations([])


def readings(n=400):
    """Give two readings of three models: x and y share a signal, and z has one of its own."""
    rng = np.random.default_rng(8)
    signal = {"x": rng.standard_normal(n)}
    signal["y"], signal["z"] = signal["x"] + rng.standard_normal(n), rng.standard_normal(n)
    one, two = (pd.DataFrame({k: v + 0.5 * rng.standard_normal(n) for k, v in signal.items()}) for _ in range(2))
    return one, two


def shares_of(one, two, boot, places=None):
    """Give the shares of own agreement, from scores at two readings."""
    own = agreement.own_agreement(one, two, boot, places)
    return agreement.agreement_shares(agreement.correlate_columns(one, boot, places), own)


def test_a_share_of_own_agreement_is_that_of_scipys_correlations_in_the_value_and_in_a_draw():
    one, two = readings()
    boot = Bootstrap(400, 40, np.random.default_rng(1))
    found = shares_of(one, two, boot)
    assert list(found) == [("x", "y"), ("x", "z"), ("y", "z")]

    def share(first, second, rows, correlate):
        a, b = one.loc[rows], two.loc[rows]
        own = (correlate(a[first], b[first]).statistic + correlate(a[second], b[second]).statistic) / 2
        return correlate(a[first], a[second]).statistic / own

    assert found["x", "y"].value == pytest.approx(share("x", "y", one.index, scipy_stats.spearmanr))
    # A draw is that of the ranks of all rows, which stay fixed.
    one, two = one.rank(), two.rank()
    drawn = np.repeat(one.index, boot.counts[7])
    assert found["x", "y"].draws[7] == pytest.approx(share("x", "y", drawn, scipy_stats.pearsonr))
    assert found["x", "y"].is_above(0.5)
    assert found["x", "z"].is_below(0.5)


def test_shares_of_pairs_of_words_weigh_by_the_words_drawn():
    one, two = readings(30)
    boot = Bootstrap(12, 20, np.random.default_rng(1))
    places = np.stack([np.arange(30) % 12, (np.arange(30) + 5) % 11], axis=1)
    found = shares_of(one, two, boot, places)
    between = agreement.bootstrap_rank_correlations(one, boot.counts, places)["x", "y"]
    own = [
        agreement.bootstrap_rank_correlations(pd.DataFrame({"a": one[k], "b": two[k]}), boot.counts, places)["a", "b"]
        for k in "xy"
    ]
    assert found["x", "y"].draws == pytest.approx((2 * between / (own[0] + own[1])).to_numpy())


def test_a_model_without_a_second_reading_has_no_share():
    one, two = readings()
    boot = Bootstrap(400, 10, np.random.default_rng(1))
    same = two.assign(y=3 * one["y"] + 1).drop(columns="z")  # y keeps its ranks; z has no second reading
    for pair in shares_of(one, same, boot).values():
        assert np.isnan(pair.value)
        assert np.isnan(pair.draws).all()
    against = shares_of(one, -two, boot)["x", "y"]
    assert np.isnan(against.value)
    assert np.isnan(against.interval()).all()


def test_shares_refuse_what_does_not_fit():
    one, two = readings()
    boot = Bootstrap(400, 10, np.random.default_rng(1))
    with pytest.raises(InputError, match="same pairs"):
        agreement.own_agreement(one, two.iloc[:-1], boot)
    with pytest.raises(InputError, match="without NaN"):
        agreement.own_agreement(one.where(one > 0), two, boot)
    for least in (0, 1.1, -0.7):
        with pytest.raises(InputError, match=f"least is {least}"):
            agreement.stand_in_margin(Estimate(0.5, [0.5, 0.5]), least)
    with pytest.raises(InputError, match="not paired"):
        agreement.share_of_own(Estimate(0.5, [0.5]), Estimate(0.5, [0.5, 0.4]), Estimate(0.5, [0.5, 0.4]))


def test_a_margin_by_hand():
    share = agreement.share_of_own(Estimate(0.5, [0.5, 0.6]), Estimate(0.7, [0.7, -0.2]), Estimate(0.3, [0.3, 0.1]))
    assert share.value == 1
    assert share.draws == pytest.approx([1, np.nan], nan_ok=True)
    assert agreement.stand_in_margin(share, 0.75).value == 0.25


def test_pairs_across_two_groups_are_averaged_once_each_and_without_nan():
    values = {("a", "b"): 0.1, ("a", "c"): 0.9, ("a", "d"): np.nan, ("b", "c"): 0.3, ("b", "d"): 0.8, ("c", "d"): 0.0}
    found = Estimates({pair: Estimate(value, [value, value]) for pair, value in values.items()})
    # Across: a with c, a with d (NaN), b with c, b with d.
    assert agreement.average_between(found, "ab", "cd").value == pytest.approx((0.9 + 0.3 + 0.8) / 3)
    assert agreement.average_between(found, "dc", "ba").value == agreement.average_between(found, "ab", "cd").value
    # Within a group every pair counts once, and a model is no pair with itself.
    assert agreement.average_between(found, "abc", "abc").value == pytest.approx((0.1 + 0.9 + 0.3) / 3)
    assert agreement.average_between(found, "a", "d") is None


def test_a_statement_on_pairs_is_judged_without_each_model_and_cannot_be_without_pairs():
    values = {("a", "b"): 0.1, ("a", "c"): 0.9, ("b", "c"): -0.2}
    found = Estimates({pair: Estimate(value, [value - 0.3, value + 0.3]) for pair, value in values.items()})
    part = agreement.judge_pairs("all", lambda kept: agreement.average_between(found, kept, kept), list("abc"))
    assert (part.verdict, part.effect) == ("undecided", pytest.approx(0.8 / 3))
    assert (part.left_out_low, part.left_out_high) == (-0.2, 0.9)
    assert np.isnan(part.p)
    none = agreement.judge_pairs("none", lambda kept: None, list("abc"))
    assert none.verdict == "cannot be tested here"
    assert np.isnan(none.left_out_low)
