"""Sweeps of layers and poolings, and settings chosen on one half, by hand and against scipy."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from embedlib.errors import InputError
from embedlib.metrics import layers
from embedlib.metrics.bootstrap import Bootstrap, resample_counts

ITEMS = list("abcdef")
# By luck the first setting is best on a, c and e, and the second on b, d and f.
SWEEP = layers.LayerSweep(
    {
        ("mean", 0): pd.Series([0.9, 0.1, 0.8, 0.2, 0.7, 0.0], ITEMS),
        ("mean", 6): pd.Series([0.3, 0.8, 0.4, 0.7, 0.5, 0.9], ITEMS),
        ("last", 6): pd.Series([0.1] * 6, ITEMS),
    }
)


def test_a_setting_is_chosen_on_one_half_and_reported_on_the_other():
    choose, report = layers.halves(SWEEP.items)
    assert (list(choose), list(report)) == (["a", "c", "e"], ["b", "d", "f"])
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
    sweep = layers.LayerSweep({("mean", 0): -values, ("mean", 1): values}, layers.RankScore(truth))
    choose, report = layers.halves(sweep.items)
    assert sweep.best(choose) == ("mean", 1)
    kept = report[report != 3]
    right = stats.spearmanr(truth[kept], values[kept]).statistic
    assert sweep.scores(report)["mean", 1] == pytest.approx(right)
    found = sweep.estimate(("mean", 1), Bootstrap(report, 50, rng))
    assert found.value == pytest.approx(right)
    assert found.low < right < found.high


def test_layers_are_listed_scored_and_searched():
    assert layers.every_few_layers(12, 5) == [0, 5, 10, 12]
    assert layers.every_few_layers(12, 4, also=[7, 8]) == [0, 4, 7, 8, 12]
    scores = layers.score_layers([0, 3, 12], 12, lambda layer: float(layer == 3))
    assert scores.to_numpy().tolist() == [[0, 0, 0], [3, 0.25, 1], [12, 1, 0]]
    assert layers.score_layers([0], 0, lambda layer: 2)["depth"].tolist() == [1]
    two = pd.concat([scores.assign(model="x"), scores.assign(model="a", value=0.5)], ignore_index=True)
    best = layers.peaks(two, "model")
    assert best[["model", "layer"]].to_numpy().tolist() == [["x", 3], ["a", 0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.halves(pd.Index(["a"])), "two items or more, not 1"),
        (lambda: layers.every_few_layers(3, 0), "step of at least 1"),
        (lambda: layers.score_layers([4], 3, float), "no layer 4; the model has layers 0 to 3"),
        (lambda: SWEEP.best(without=list(SWEEP.values)), "no setting"),
        (lambda: SWEEP.estimate(("max", 0), Bootstrap(ITEMS, 2, np.random.default_rng(0))), "was not looked at"),
    ],
)
def test_what_cannot_be_swept_is_said(call, message):
    with pytest.raises(InputError, match=message):
        call()
