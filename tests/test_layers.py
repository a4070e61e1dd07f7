"""Sweeps of layers and poolings, and settings chosen on other items, by hand, against scipy and in simulations."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from embedlib.errors import InputError
from embedlib.metrics import layers
from embedlib.metrics.bootstrap import Bootstrap, resample_counts

ITEMS = list("abcdef")
# By luck the first setting is best on a, c and e, and the second on b, d and f.
SWEEP = layers.SettingSweep(
    {
        ("mean", 0): pd.Series([0.9, 0.1, 0.8, 0.2, 0.7, 0.0], ITEMS),
        ("mean", 6): pd.Series([0.3, 0.8, 0.4, 0.7, 0.5, 0.9], ITEMS),
        ("last", 6): pd.Series([0.1] * 6, ITEMS),
    }
)


def test_a_setting_is_chosen_on_one_half_and_reported_on_the_other():
    choose, report = (pd.Index(list(half)) for half in ("ace", "bdf"))
    assert SWEEP.scores(choose).tolist() == pytest.approx([0.8, 0.4, 0.1])
    best = SWEEP.best(choose)
    assert best == ("mean", 0)
    assert SWEEP.best(report) == SWEEP.best() == ("mean", 6)
    assert SWEEP.best(choose, without=[("mean", 0)]) == ("mean", 6)
    found = SWEEP.estimate(best, Bootstrap(report, 300, np.random.default_rng(1)))
    counts = resample_counts(3, 300, np.random.default_rng(1))
    assert found.value == pytest.approx(0.1)
    assert found.draws == pytest.approx(counts @ [0.1, 0.2, 0.0] / 3)


def test_a_rank_score_is_spearmans_and_leaves_items_without_a_value_out():
    rng = np.random.default_rng(4)
    truth = pd.Series(rng.normal(size=40))
    values = (truth + rng.normal(size=40)).where(truth.index != 3)
    sweep = layers.SettingSweep({("mean", 0): -values, ("mean", 1): values}, layers.RankScore(truth))
    choose, report = sweep.items[0::2], sweep.items[1::2]
    assert sweep.best(choose) == ("mean", 1)
    kept = report[report != 3]
    right = stats.spearmanr(truth[kept], values[kept]).statistic
    assert sweep.scores(report)["mean", 1] == pytest.approx(right)
    found = sweep.estimate(("mean", 1), Bootstrap(report, 50, rng))
    assert found.value == pytest.approx(right)
    assert found.low < right < found.high


def test_weighted_scores_are_those_of_items_that_come_more_than_once():
    rng = np.random.default_rng(2)
    truth = pd.Series(rng.normal(size=30))
    values = pd.DataFrame({"a": truth + rng.normal(size=30), "b": rng.normal(size=30)})
    values.loc[[4, 9], "b"] = np.nan
    weights = np.vstack([np.ones(30), rng.integers(0, 3, 30)])
    means = layers.MeanScore().weighted(values, weights)
    assert means[0] == pytest.approx(values.mean().to_numpy())
    many = np.repeat(np.arange(30), weights[1].astype(int))
    assert means[1] == pytest.approx(values.iloc[many].mean().to_numpy())
    ranks = layers.RankScore(truth).weighted(values, weights)
    for at, column in enumerate(values):
        known = values[column].notna()
        assert ranks[0, at] == pytest.approx(stats.spearmanr(truth[known], values.loc[known, column]).statistic)
    # Ranks are those among all items: the correlation of the ranks of those drawn.
    drawn = stats.pearsonr(truth.rank()[many], values["a"].rank()[many]).statistic
    assert ranks[1, 0] == pytest.approx(drawn)
    assert np.isnan(layers.RankScore(truth).weighted(values, np.eye(30)[:1])).all()


def test_cross_fitting_is_choosing_on_each_half_and_scoring_on_the_other():
    values = {name: column.iloc[:4] for name, column in SWEEP.values.items()}
    sweep = layers.SettingSweep(values)
    boot = Bootstrap(list("abcd"), 50, np.random.default_rng(0))
    found = sweep.cross_fit(("last", 6), boot, np.random.default_rng(3), repeats=400)
    frame = pd.DataFrame(values)
    expected, choices = [], []
    # Of the four items there are three ways to make two halves.
    for half in (["a", "b"], ["a", "c"], ["a", "d"]):
        other = [item for item in "abcd" if item not in half]
        for on, there in ((half, other), (other, half)):
            choice = frame.loc[on].mean().idxmax()
            choices.append(choice)
            expected.append(frame.loc[there, [choice]].mean().iloc[0])
    assert found.best.value == pytest.approx(np.mean(expected), abs=0.03)
    assert found.default.value == pytest.approx(0.1)
    assert found.gain.value == pytest.approx(found.best.value - 0.1)
    for setting, share in found.chosen.items():
        assert share == pytest.approx(choices.count(setting) / len(choices), abs=0.06)
    # What may not be chosen is not.
    barred = sweep.cross_fit(("last", 6), boot, np.random.default_rng(3), without=[("mean", 0)])
    assert barred.chosen.to_dict() == {("mean", 6): 1.0}
    assert barred.best.value == pytest.approx(0.55)


def simulated(rng, items, better, score):
    """Values of eight settings on items, of which the last is better; the best of them is better by luck, too."""
    shared, noise = rng.normal(size=(items, 1)), rng.normal(size=(items, 8))
    truth = pd.Series(rng.normal(size=items))
    values = shared + noise + better * (np.arange(8) == 7)
    if score == "rank":
        signal = np.where(np.arange(8) == 7, 0.5 + better, 0.5)
        values = truth.to_numpy()[:, None] * signal + noise
    sweep = {("mean", layer): pd.Series(values[:, layer]) for layer in range(8)}
    return layers.SettingSweep(sweep, layers.RankScore(truth) if score == "rank" else layers.MeanScore())


@pytest.mark.parametrize("score", ["mean", "rank"])
def test_without_a_difference_there_is_no_gain_and_with_one_it_is_found(score):
    rng = np.random.default_rng(8)
    gains, by_luck, found = [], [], 0
    for _ in range(60):
        sweep = simulated(rng, 40, 0.0, score)
        gain = sweep.cross_fit(("mean", 0), Bootstrap(40, 100, rng), rng, repeats=4).gain
        gains.append(gain.value)
        found += gain.is_above(0) or gain.is_below(0)
        by_luck.append(sweep.scores().max() - sweep.scores()["mean", 0])
    error = np.std(gains) / np.sqrt(len(gains))
    assert abs(np.mean(gains)) < 3 * error
    assert np.mean(by_luck) > 5 * error  # what choosing and scoring on the same items would say
    # Of 95 % intervals one in twenty may be wrong; nine in sixty has a chance of about one in a thousand.
    assert found <= 9
    better = simulated(rng, 80, 1.0, score).cross_fit(("mean", 0), Bootstrap(80, 200, rng), rng)
    assert better.chosen.index[0] == ("mean", 7)
    assert better.chosen.iloc[0] > 0.9
    assert better.gain.is_above(0)


def test_items_of_one_unit_stay_in_one_half():
    # Ten units of three items: what is best in a unit is luck, which its other items share.
    rng = np.random.default_rng(4)
    unit_of = pd.Series(np.repeat(list("abcdefghij"), 3), np.arange(30))
    gains = {True: [], False: []}
    for _ in range(40):
        luck = np.repeat(rng.normal(size=(10, 8)), 3, axis=0)
        sweep = layers.SettingSweep({("mean", layer): pd.Series(luck[:, layer]) for layer in range(8)})
        for whole in (True, False):
            boot = Bootstrap(unit_of.unique() if whole else 30, 10, rng)
            of = unit_of if whole else None
            gains[whole].append(sweep.cross_fit(("mean", 0), boot, rng, repeats=4, of=of).gain.value)
    error = np.std(gains[True]) / np.sqrt(40)
    assert abs(np.mean(gains[True])) < 3 * error
    assert np.mean(gains[False]) > 0.2
    named = sweep.cross_fit(("mean", 0), Bootstrap(list("abcdefghij"), 20, rng), rng, of=unit_of)
    assert len(named.gain.draws) == 20


def test_layers_are_listed_scored_and_searched():
    assert layers.every_few_layers(12, 5) == [0, 5, 10, 12]
    assert layers.every_few_layers(12, 4, also=[7, 8]) == [0, 4, 7, 8, 12]
    scores = layers.score_layers([0, 3, 12], 12, lambda layer: float(layer == 3))
    assert scores.to_numpy().tolist() == [[0, 0, 0], [3, 0.25, 1], [12, 1, 0]]
    assert layers.score_layers([0], 0, lambda layer: 2)["depth"].tolist() == [1]
    two = pd.concat([scores.assign(model="x"), scores.assign(model="a", value=0.5)], ignore_index=True)
    best = layers.peaks(two, "model")
    assert best[["model", "layer"]].to_numpy().tolist() == [["x", 3], ["a", 0]]


def cross_fitted(default, **how):
    rng = np.random.default_rng(0)
    return SWEEP.cross_fit(default, Bootstrap(ITEMS, 2, rng), rng, **how)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.every_few_layers(3, 0), "step of at least 1"),
        (lambda: layers.score_layers([4], 3, float), "no layer 4; the model has layers 0 to 3"),
        (lambda: SWEEP.best(without=list(SWEEP.values)), "no setting"),
        (lambda: cross_fitted(("max", 0)), r"\('max', 0\) was not looked at"),
        (lambda: cross_fitted(("mean", 0), of=pd.Series(list("aabbcc"), ITEMS)), "four units .* not 3 and 20"),
        (lambda: cross_fitted(("mean", 0), repeats=0), "one repeat at least, not 6 and 0"),
        (lambda: cross_fitted(("mean", 0), without=list(SWEEP.values)), "no setting has a score"),
        (lambda: cross_fitted(("mean", 0), of=pd.Series(list("abcdeX"), ITEMS)), "'X' is not one of the units"),
        (lambda: cross_fitted(("mean", 0), of=pd.Series(list("abcde"), ITEMS[:5])), "no unit is named for 'f'"),
        (lambda: SWEEP.estimate(("max", 0), Bootstrap(ITEMS, 2, np.random.default_rng(0))), "was not looked at"),
    ],
)
def test_what_cannot_be_swept_is_said(call, message):
    with pytest.raises(InputError, match=message):
        call()
