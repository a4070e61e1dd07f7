"""The bootstrap and its estimates, by hand and against scipy's bootstrap."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from embedlib.errors import InputError
from embedlib.metrics import agreement, families, similarity
from embedlib.metrics.bootstrap import Bootstrap, resample_counts
from embedlib.metrics.estimates import Estimate, Estimates, mean_over_sets

WORDS = ["crane", "bank", "bat", "seal"]
VALUES = pd.Series([0.1, 0.5, 0.2, 0.9], WORDS)


def rng():
    return np.random.default_rng(5)


def boot(units=WORDS, draws=200):
    return Bootstrap(units, draws, rng())


def test_counts_are_those_of_resample_counts_and_the_mean_is_the_one_chapters_computed():
    found = boot()
    counts = resample_counts(4, 200, rng())
    assert (found.counts == counts).all()
    assert found.counts.dtype == np.uint8
    mean = found.mean(VALUES)
    assert mean.value == pytest.approx(0.425)
    assert mean.draws == pytest.approx(counts @ VALUES.to_numpy() / 4, abs=1e-15)
    assert mean.interval() == pytest.approx(tuple(np.quantile(mean.draws, [0.025, 0.975])))
    frame = pd.DataFrame({"a": VALUES, "b": VALUES**2})
    assert found.means(frame).draws.to_numpy() == pytest.approx(counts @ frame.to_numpy() / 4, abs=1e-15)


def test_the_interval_of_a_mean_and_of_a_difference_is_near_scipys():
    values = np.random.default_rng(0).normal(size=(2, 80)) + np.array([[0.3], [0]])
    found = Bootstrap(80, 4000, rng())
    mean = found.mean(values[0])
    theirs = stats.bootstrap((values[0],), np.mean, method="percentile", n_resamples=4000, rng=1).confidence_interval
    assert mean.interval() == pytest.approx(tuple(theirs), abs=0.02)
    gap = mean - found.mean(values[1])
    theirs = stats.bootstrap(
        tuple(values), lambda x, y, axis: (x - y).mean(axis=axis), paired=True, method="percentile",
        n_resamples=4000, rng=1,
    ).confidence_interval  # fmt: skip
    assert gap.interval() == pytest.approx(tuple(theirs), abs=0.02)


def test_labels_match_whatever_the_order_and_numbers_match_by_place():
    shuffled = VALUES[["seal", "bat", "crane", "bank"]]
    assert boot().mean(shuffled).draws.tolist() == boot().mean(VALUES).draws.tolist()
    assert boot().mean(VALUES.tolist()).draws.tolist() == boot().mean(VALUES).draws.tolist()
    assert boot(4).mean(VALUES).draws.tolist() == boot().mean(VALUES).draws.tolist()
    assert boot(4).mean(shuffled).draws.tolist() != boot().mean(VALUES).draws.tolist()


def test_a_mean_among_some_units_weighs_their_counts_alone():
    found = boot()
    counts = found.counts.astype(float)
    for among in (["seal", "bank"], [False, True, False, True], VALUES[::-1] > 0.4):
        some = found.mean(VALUES, among=among)
        weights = counts[:, [1, 3]]
        assert some.value == pytest.approx(0.7)
        with np.errstate(invalid="ignore"):
            assert some.draws == pytest.approx(weights @ [0.5, 0.9] / weights.sum(axis=1), nan_ok=True)
    # A draw with neither of the two has no mean, and the interval is that of the others.
    assert (np.isnan(some.draws) == (weights.sum(axis=1) == 0)).all()
    assert np.isnan(some.draws).any()
    assert some.interval() == pytest.approx(tuple(np.nanquantile(some.draws, [0.025, 0.975])))


def test_values_of_one_unit_come_and_go_together():
    found = boot(["crane", "bank"])
    mean = found.mean([1.0, 0.0, 0.5, 0.1], of=["crane", "bank", "crane", "crane"])
    counts = found.counts.astype(float)
    assert mean.value == pytest.approx(0.4)
    assert mean.draws == pytest.approx(counts @ [1.6, 0] / (counts @ [3, 1]))
    assert (found.counts_of(["bank", "crane", "bank"]) == found.counts[:, [1, 0, 1]]).all()
    assert found.mask(["bank"]).tolist() == [False, True]
    assert found.mask().all()


def test_statistics_of_counts():
    vectors = np.random.default_rng(1).standard_normal((30, 5)).astype(np.float32)
    found = Bootstrap(30, 50, rng())
    mean = found.apply(lambda counts: similarity.bootstrap_mean_cosine(vectors, counts))
    assert mean.value == pytest.approx(similarity.all_pairs_moments(vectors).mean, abs=1e-6)
    assert mean.draws.tolist() == similarity.bootstrap_mean_cosine(vectors, found.counts).tolist()
    few = found.apply(lambda counts: similarity.bootstrap_mean_cosine(vectors[:20], counts), of=range(20), value=0.3)
    assert few.value == 0.3
    assert few.draws.tolist() == similarity.bootstrap_mean_cosine(vectors[:20], found.counts[:, :20]).tolist()
    scores = pd.DataFrame(vectors[:, :3], columns=list("xyz"))
    columns = found.apply_columns(lambda c: agreement.bootstrap_rank_correlations(scores, c, np.arange(30)[:, None]))
    assert list(columns) == [("x", "y"), ("x", "z"), ("y", "z")]
    for x, y in columns:
        assert columns[x, y].value == pytest.approx(stats.spearmanr(scores[x], scores[y]).statistic)
    assert list(columns.table().index) == list(columns)
    assert columns.draws["x", "z"].tolist() == columns["x", "z"].draws.tolist()


def test_a_rank_correlation_leaves_units_without_a_value_out():
    one = pd.Series(np.random.default_rng(2).normal(size=40), [f"pair {n}" for n in range(40)])
    other = (one + np.random.default_rng(3).normal(size=40)).where(np.arange(40) != 7)
    found = Bootstrap(one.index, 60, rng())
    among = np.arange(40) < 30
    kept = among & (np.arange(40) != 7)
    gap = agreement.rank_correlation(one[::-1], other, found, among=among)
    assert gap.value == pytest.approx(stats.spearmanr(one[kept], other[kept]).statistic)
    both = pd.DataFrame({"one": one, "other": other})[kept]
    rows = np.arange(29)[:, None]
    drawn = agreement.bootstrap_rank_correlations(both, found.counts[:, kept], rows).iloc[:, 0]
    assert gap.draws == pytest.approx(drawn.to_numpy(), abs=1e-12)
    with pytest.raises(InputError, match="at least 3"):
        agreement.rank_correlation(one, other, found, among=["pair 1", "pair 2"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: boot(["a", "b", "a"]), "'a' is listed more than once"),
        (lambda: boot([]), "at least 1"),
        (lambda: boot(draws=0), "at least 1"),
        (lambda: boot().mean(VALUES[:3]), "do not fit 4 units"),
        (lambda: boot().mean(VALUES.rename({"bat": "cat"})), "missing.*bat"),
        (lambda: boot().mean(VALUES, among=["cat"]), "'cat' is not one of the units"),
        (lambda: boot().mean(VALUES, among=[True, False]), "mask of 2"),
        (lambda: boot().mean(VALUES, among=[False] * 4), "0 values"),
        (lambda: boot().mean(VALUES.where(VALUES > 0.1)), "NaN"),
        (lambda: boot().mean(VALUES, of=WORDS, among=WORDS), "not both"),
        (lambda: boot().mean([1.0], of=WORDS), "1 values do not fit 4"),
        (lambda: boot().estimate(1, [1.0]), "200 draws"),
        (lambda: Estimate(1, np.ones((2, 2))), "one value a draw"),
        (lambda: Estimate(1, np.ones(2)) - Estimate(1, np.ones(3)), "not paired"),
        (lambda: Estimates({"a": Estimate(1, np.ones(2)), "b": Estimate(1, np.ones(3))}), "not paired"),
        (lambda: Estimate(1, np.array([1.0, np.nan])).interval(), "two draws"),
        (lambda: Estimates({}).best(), "best of no models"),
        (lambda: Estimates({}).average(), "average of no models"),
        (lambda: Estimates({}).worst(), "worst of no models"),
        (lambda: two().best(["c"]), "no estimate of 'c'; there are a, b"),
        (lambda: two() - two().only(["a"]), "only one side has b"),
        (lambda: Estimates.of_draws({"a": 1}, pd.DataFrame({"b": [1.0, 2.0]})), "'b' come without"),
    ],
)
def test_what_does_not_fit_is_said(call, message):
    with pytest.raises(InputError, match=message):
        call()


def two():
    return Estimates({"a": Estimate(0.4, np.array([0.3, 0.4, 0.5])), "b": Estimate(0.1, np.array([-0.1, 0.3, 0.2]))})


def test_arithmetic_of_estimates_is_draw_by_draw():
    a, b = two()["a"], two()["b"]
    for found, value, draws in (
        (a - b, 0.3, [0.4, 0.1, 0.3]), (a + b, 0.5, [0.2, 0.7, 0.7]), (a * 2, 0.8, [0.6, 0.8, 1.0]),
        (a - 0.5, -0.1, [-0.2, -0.1, 0]), (-a, -0.4, [-0.3, -0.4, -0.5]), (abs(a - 0.5), 0.1, [0.2, 0.1, 0]),
        (a / 2, 0.2, [0.15, 0.2, 0.25]), (a * b, 0.04, [-0.03, 0.12, 0.1]),
    ):  # fmt: skip
        assert found.value == pytest.approx(value)
        assert found.draws == pytest.approx(draws)
    assert (a / b).draws == pytest.approx([-3, 4 / 3, 2.5])
    assert a.is_above(0.2)
    assert not a.is_above(0.31)
    assert a.is_below(0.6)
    assert not a.is_below(0.4)
    assert not b.is_above()
    assert not b.is_below()


def test_an_estimate_is_written_plainly():
    found = Estimate(0.4111, np.linspace(0.3, 0.5, 101))
    assert str(found) == f"{found}" == "0.41 [0.30, 0.49]"
    assert f"{found:+.1f}" == "+0.4 [+0.3, +0.5]"
    assert found.row == (found.value, found.low, found.high)


def test_a_score_that_is_nan_has_no_interval_and_nan_draws_are_left_out():
    nothing = Estimate(np.nan, np.full(3, np.nan))
    assert np.isnan(nothing.interval()).all()
    assert not nothing.is_above(0)
    assert not nothing.is_below(0)
    assert Estimate(1, np.array([1.0, np.nan, 1.0])).interval() == (1, 1)


def test_several_estimates():
    found = two()
    assert found.best() == "a"
    assert found.best(["b"]) == "b"
    assert found.worst() == "b"
    assert found.ranked() == ["a", "b"]
    assert found.difference("a", "b").draws == pytest.approx([0.4, 0.1, 0.3])
    assert found.average().value == pytest.approx(0.25)
    assert found.average().draws == pytest.approx([0.1, 0.35, 0.35])
    assert list(found.over("b")) == ["a"]
    assert found.over("b")["a"].value == pytest.approx(0.3)
    assert (found - found).value.tolist() == [0, 0]
    table = found.table("accuracy")
    assert table.columns.tolist() == ["accuracy", "low", "high"]
    assert table.index.tolist() == ["a", "b"]
    assert tuple(table.loc["b"]) == found["b"].row
    assert Estimates({}).table().shape == (0, 3)
    again = Estimates.of_draws(found.value, found.draws)
    assert again.table().equals(found.table())
    equal = Estimates({"x": Estimate(1, np.ones(2)), "y": Estimate(1, np.ones(2)), "z": Estimate(np.nan, np.ones(2))})
    assert equal.best() == "x"
    assert equal.worst() == "x"
    assert equal.ranked() == ["x", "y"]


def test_a_family_effect_is_that_of_the_frame_the_estimates_are_from():
    values = np.random.default_rng(3).normal(size=(60, 4)) / 4 + [0.5, 0.4, 0.1, 0.1]
    frame = pd.DataFrame(values, columns=["g", "h", "glove", "bert"])
    sides = {"g": "LLM", "h": "LLM", "glove": "classical", "bert": "classical"}
    found = Bootstrap(60, 300, rng()).means(frame)
    effect = families.family_effect(found, sides, how="mean")
    gap = frame[["g", "h"]].mean(axis=1) - frame[["glove", "bert"]].mean(axis=1)
    assert effect.estimate.row == pytest.approx(Bootstrap(60, 300, rng()).mean(gap).row)


def test_the_standard_error_is_that_of_scipys_bootstrap_and_of_the_textbook():
    values = np.random.default_rng(1).normal(size=400)
    found = Bootstrap(400, 4000, rng()).mean(values)
    assert found.standard_error == pytest.approx(values.std(ddof=1) / 20, rel=0.05)
    peer = stats.bootstrap((values,), np.mean, n_resamples=4000, method="percentile", rng=rng())
    assert found.standard_error == pytest.approx(peer.standard_error, rel=0.05)
    assert np.isnan(Estimate(1, [1, np.nan]).standard_error)
    assert np.isnan(Estimate(np.nan, [1, 2]).standard_error)


def test_the_best_is_chosen_anew_in_each_draw():
    scores = Estimates({
        "a": Estimate(0.3, [0.1, 0.5, 0.3]), "b": Estimate(0.4, [0.2, 0.4, np.nan]), "c": Estimate(np.nan, [9, 9, 9]),
    })  # fmt: skip
    best = scores.best_of()
    assert best.value == 0.4
    np.testing.assert_array_equal(best.draws, [0.2, 0.5, np.nan])
    assert scores.best_of(["a", "c"]).draws.tolist() == [0.1, 0.5, 0.3]
    with pytest.raises(InputError, match="best of no models"):
        scores.best_of(["c"])


def test_a_mean_over_sets_is_taken_draw_by_draw_and_unknown_where_one_set_is():
    one = Estimates({"a": Estimate(0.2, [0.1, 0.3]), "b": Estimate(0.6, [0.5, 0.7])})
    other = Estimates({"b": Estimate(0.2, [0.1, 0.1]), "a": Estimate(np.nan, [np.nan, np.nan])})
    found = mean_over_sets([one, other])
    assert found["b"].value == pytest.approx(0.4)
    assert found["b"].draws == pytest.approx([0.3, 0.4])
    assert np.isnan(found["a"].value)
    assert list(mean_over_sets([])) == []
    with pytest.raises(InputError, match="the same names in each"):
        mean_over_sets([one, one.only(["a"])])
