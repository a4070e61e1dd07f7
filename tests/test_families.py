"""LLMs against classical models: the best of each, leave-one-out, and the permutation of their labels."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from embedlib.errors import InputError, UnknownNameError
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimate, Estimates
from embedlib.metrics.families import FamilyEffect, best_of_sides, family_effect, first_places
from embedlib.records.phrases import say_lead

SIDES = {"glove": "classical", "use": "classical", "gemma": "LLM", "qwen": "LLM"}


def sure(**values):
    """Give estimates whose draws are all the same."""
    return Estimates({model: Estimate(value, [value] * 3) for model, value in values.items()})


def split(values, llms):
    """Give values to that many LLMs, and the rest to classical models; gives the estimates and the sides."""
    names = [f"m{number}" for number in range(len(values))]
    sides = {name: "LLM" if number < llms else "classical" for number, name in enumerate(names)}
    return sure(**dict(zip(names, values, strict=True))), sides


def test_the_best_of_each_side_is_named_without_nan_and_the_first_of_equals():
    scores = pd.DataFrame(
        {"glove": [0.4, np.nan], "use": [0.4, 0.1], "qwen": [0.2, np.nan], "gemma": [0.9, np.nan], "wordllama": [1, 1]},
        ["pairs", "senses"],
    )
    found = best_of_sides(scores, SIDES | {"wordllama": "neither"})
    assert found.loc["pairs"].to_list() == ["gemma", 0.9, "glove", 0.4]
    assert found.loc["senses", ["best LLM", "best classical", "classical"]].to_list() == ["none", "use", 0.1]
    assert np.isnan(found.loc["senses", "LLM"])
    alone = best_of_sides(scores[["use"]], SIDES)
    assert alone["best LLM"].to_list() == ["none", "none"]


def test_the_effect_of_the_best_takes_the_best_of_each_draw():
    scores = Estimates({
        "glove": Estimate(0.2, [0.1, 0.4, 0.2]), "use": Estimate(0.3, [0.3, 0.2, 0.3]),
        "gemma": Estimate(0.4, [0.5, 0.3, 0.4]), "qwen": Estimate(0.35, [0.1, 0.7, 0.3]),
    })  # fmt: skip
    found = family_effect(scores, SIDES)
    assert (found.best_llm, found.best_classical) == ("gemma", "use")
    assert found.estimate.value == pytest.approx(0.1)
    assert found.estimate.draws == pytest.approx([0.2, 0.3, 0.1])
    mean = family_effect(scores, SIDES, how="mean")
    assert mean.estimate.value == pytest.approx(0.125)
    assert mean.estimate.draws == pytest.approx([0.1, 0.2, 0.1])


@pytest.mark.parametrize("how", ["best", "mean"])
def test_p_of_two_against_two_by_hand(how):
    # 6 labelings. By "best", with the LLMs first: {4,3} 2, {4,2} 1, {4,1} 1, and the same with a minus.
    found = family_effect(*split([4, 3, 2, 1], 2), how=how)
    assert (found.p, found.least_p) == pytest.approx((2 / 6, 2 / 6))
    # Neither high nor low: all but {1,2}, or by means the half of them, are at least as high.
    found = family_effect(*split([4, 1, 3, 2], 2), how=how)
    assert found.p == pytest.approx(1.0)


def test_p_of_the_best_of_one_against_three_by_hand():
    # With each as the only LLM: 4 - 3 = 1, 3 - 4 = -1, 2 - 4 = -2, 1 - 4 = -3.
    assert family_effect(*split([4, 3, 2, 1], 1)).p == pytest.approx(2 / 4)
    assert family_effect(*split([3, 4, 2, 1], 1)).p == pytest.approx(2 * 2 / 4)
    assert family_effect(*split([1, 4, 3, 2], 1)).p == pytest.approx(2 / 4)
    assert family_effect(*split([2, 1], 1)).p == family_effect(*split([2, 1], 1)).least_p == 1


@pytest.mark.parametrize(("llms", "classical"), [(2, 2), (3, 5), (4, 3)])
def test_p_is_scipys(llms, classical):
    values = np.random.default_rng(llms).normal(size=llms + classical).round(2)
    values[:llms] += 0.8

    def gap_of_means(x, y, axis):
        return x.mean(axis=axis) - y.mean(axis=axis)

    def gap_of_best(x, y, axis):
        return x.max(axis=axis) - y.max(axis=axis)

    for how, statistic in (("mean", gap_of_means), ("best", gap_of_best)):
        peer = stats.permutation_test((values[:llms], values[llms:]), statistic, n_resamples=np.inf, vectorized=True)
        found = family_effect(*split(values, llms), how=how)
        assert found.p == pytest.approx(peer.pvalue)
        assert found.least_p == pytest.approx(2 / len(peer.null_distribution))


@pytest.mark.parametrize("how", ["best", "mean"])
def test_the_least_possible_p_is_reached_and_nothing_is_below_it(how):
    orders = itertools.permutations([1.0, 2.5, 4.5, 7.0, 11.0])
    found = [family_effect(*split(order, 2), how=how) for order in orders]
    assert min(effect.p for effect in found) == pytest.approx(found[0].least_p) == pytest.approx(2 / 10)


def test_many_models_need_a_generator_and_give_about_the_exact_p():
    values = np.random.default_rng(4).normal(size=18)
    values[:9] += 0.5
    scores, sides = split(values, 9)  # 48,620 ways
    with pytest.raises(InputError, match=r"18 models can be labelled in 48,620 ways; .* give `rng`"):
        family_effect(scores, sides, how="mean")
    found = family_effect(scores, sides, how="mean", rng=np.random.default_rng(0))
    exact = stats.permutation_test(
        (values[:9], values[9:]), lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis), n_resamples=np.inf,
        vectorized=True,
    ).pvalue  # fmt: skip
    assert found.p == pytest.approx(exact, abs=0.02)
    assert found.least_p == 2 / 20_001
    again = family_effect(scores, sides, how="mean", rng=np.random.default_rng(0))
    assert again.p == found.p


def test_the_effect_without_each_model_by_hand():
    found = family_effect(sure(glove=0.1, use=0.2, gemma=0.3, qwen=0.5), SIDES)
    assert found.left_out == pytest.approx({"gemma": 0.3, "qwen": 0.1, "glove": 0.3, "use": 0.4})
    assert found.left_out_range == pytest.approx((0.1, 0.4))
    assert found.alone == ()
    facts = found.facts
    assert (facts["llm-lead"], facts["llm-lead-left-out-low"]) == pytest.approx((0.3, 0.1))
    assert (facts["best-llm"], facts["best-classical"]) == ("qwen", "use")


def test_a_model_that_is_alone_on_its_side_is_not_left_out_and_is_named():
    found = family_effect(sure(glove=0.1, use=0.2, gemma=0.3), SIDES)
    assert list(found.left_out) == ["glove", "use"]
    assert found.alone == ("gemma",)
    both = family_effect(sure(glove=0.1, gemma=0.3), SIDES)
    assert both.alone == ("gemma", "glove")
    assert np.isnan(both.left_out_range).all()
    assert (both.p, both.least_p) == (1, 1)


def test_who_is_on_neither_side_or_has_no_score_takes_no_part():
    scores = sure(glove=0.1, use=np.nan, gemma=0.3, wordllama=0.9)
    found = family_effect(scores, SIDES | {"wordllama": "neither"})
    assert (found.best_llm, found.best_classical, found.estimate.value) == ("gemma", "glove", pytest.approx(0.2))
    assert found.without_score == ("use",)
    alone = family_effect(sure(glove=0.1, wordllama=0.9), SIDES | {"wordllama": "neither"})
    assert (alone.best_llm, alone.best_classical, alone.estimate) == ("none", "glove", None)
    assert np.isnan([alone.p, alone.least_p, *alone.left_out_range, alone.facts["llm-lead"]]).all()
    assert say_lead(alone, {}, "answers", "other words").startswith("This run has models of one side")
    assert (-alone).estimate is None


def test_a_side_is_known_and_each_model_has_one():
    scores = sure(glove=0.1, gemma=0.3)
    with pytest.raises(UnknownNameError, match=r"side of gemma 'llm'.*Allowed: LLM, classical, neither"):
        family_effect(scores, {"glove": "classical", "gemma": "llm"})
    with pytest.raises(InputError, match="'gemma' has no side; there are sides of glove"):
        family_effect(scores, {"glove": "classical"})
    with pytest.raises(UnknownNameError, match="'median'"):
        family_effect(scores, SIDES, how="median")


def test_the_effect_is_paired_over_items():
    rng = np.random.default_rng(3)
    scores = pd.DataFrame(rng.random((30, 4)), columns=list(SIDES))
    boot = Bootstrap(30, 200, rng)
    found = family_effect(boot.means(scores), SIDES, how="mean")
    gap = scores[["gemma", "qwen"]].mean(axis=1) - scores[["glove", "use"]].mean(axis=1)
    assert found.estimate.row == pytest.approx(boot.mean(gap).row)
    assert found.facts["llm-lead-low"] == pytest.approx(boot.mean(gap).low)
    assert (-found).estimate.row == pytest.approx((-boot.mean(gap)).row)


def test_equals_share_the_first_place_and_each_row_sums_to_one():
    scores = pd.DataFrame({"glove": [0.5, 0.1, 0.2], "use": [0.5, 0.3, 0.2], "gemma": [0.5, 0.2, 0.1]})
    found = first_places(scores)
    assert found.sum(axis=1).to_list() == pytest.approx([1, 1, 1])
    assert found["use"].to_list() == pytest.approx([1 / 3, 1, 1 / 2])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            [0.1, 0.2],
            ["Classical models are behind: the best of them, glove, answers 20%.", "between 10 and 20 points",
             "Whichever of the models is left out, the LLM is still ahead."],
        ),
        (
            [-0.2, -0.1],
            ["LLMs are behind: the best of them, gemma, answers 30%.", "between 10 and 20 points",
             "Without use or qwen, the LLM would not be behind."],
        ),
        ([-0.01, 0.2], ["1 point behind or 20 ahead"]),
        ([-0.1, 0.2], ["gemma, answers 30%, the best classical model, glove, 20%.", "10 points behind or 20 ahead"]),
    ],
)  # fmt: skip
def test_a_lead_is_said_by_its_interval(values, said):
    left_out = {"use": 0.1, "qwen": 0.05}
    lead = FamilyEffect(Estimate(0.1, np.repeat(values, 100)), "gemma", "glove", left_out, (), 0.5, 0.3)
    text = say_lead(lead, {"gemma": 0.3, "glove": 0.2}, "answers", "other words")
    assert all(part in text for part in said), text
    assert text.endswith("(95 % interval).") == (values[0] < 0 < values[1])
