"""Verdicts: each word by its interval, what an undecided part could have seen, and the numbers about models."""

import numpy as np
import pytest
from scipy import stats

from embedlib.errors import InputError
from embedlib.metrics.estimates import Estimate, Estimates
from embedlib.metrics.families import family_effect
from embedlib.metrics.verdicts import SAID, VERDICTS, Part, Verdict, detectable_effect


def around(value, spread=0.1):
    """Give an estimate with draws from `spread` below its value to `spread` above it."""
    return Estimate(value, np.linspace(value - spread, value + spread, 41))


@pytest.mark.parametrize(
    ("effect", "word"),
    [
        (around(0.2), "supported"),
        (around(-0.2), "contradicted"),
        (around(0.05), "undecided"),
        (around(-0.05), "undecided"),
        (Estimate(0.1, [0.0, 0.0, 0.2]), "undecided"),  # zero is the interval's end
        (Estimate(np.nan, [1.0, 2.0]), "cannot be tested here"),
        (None, "cannot be tested here"),
    ],
)
def test_the_word_follows_the_interval(effect, word):
    part = Part.of("the part", effect)
    assert (part.name, str(part)) == ("the part", word)
    assert word in VERDICTS
    assert SAID[word]
    if word == "cannot be tested here":
        assert np.isnan([part.effect, part.low, part.high, part.detectable]).all()
    else:
        assert (part.effect, part.low, part.high) == effect.row
        assert np.isnan(part.detectable) == (word != "undecided")
    assert np.isnan([part.left_out_low, part.left_out_high, part.p, part.least_p]).all()


def test_the_detectable_effect_by_hand():
    estimate = Estimate(0.0, [-2.0, 0.0, 2.0])
    assert detectable_effect(estimate) == pytest.approx(2 * (1.959964 + 0.841621), rel=1e-6)
    assert Part.of("x", estimate).detectable == detectable_effect(estimate)
    assert detectable_effect(estimate, level=0.9, power=0.5) == pytest.approx(2 * 1.644854, rel=1e-6)


def test_an_effect_of_the_detectable_size_is_seen_in_four_of_five_samples():
    rng = np.random.default_rng(0)
    error = 0.3
    size = detectable_effect(Estimate(0.0, rng.normal(0, error, 20_000)))
    estimates = rng.normal(size, error, 20_000)
    assert np.mean(estimates - stats.norm.ppf(0.975) * error > 0) == pytest.approx(0.8, abs=0.02)


def test_a_part_about_families_has_the_numbers_about_models():
    values = {"glove": 0.1, "use": 0.2, "gemma": 0.3, "qwen": 0.5}
    scores = Estimates({model: around(value) for model, value in values.items()})
    sides = {"glove": "classical", "use": "classical", "gemma": "LLM", "qwen": "LLM"}
    found = family_effect(scores, sides, how="mean")
    part = Part.of("LLMs over classical models", found)
    assert part.verdict == "supported"
    assert (part.effect, part.low, part.high) == found.estimate.row
    # Without gemma 0.5 - 0.15, without qwen 0.3 - 0.15, without glove 0.4 - 0.2, without use 0.4 - 0.1.
    assert (part.left_out_low, part.left_out_high) == pytest.approx((0.15, 0.35))
    assert (part.p, part.least_p) == pytest.approx((1 / 3, 1 / 3))
    turned = Part.of("classical models over LLMs", -found)
    assert (turned.verdict, turned.effect) == ("contradicted", -part.effect)
    assert (turned.left_out_low, turned.left_out_high, turned.p) == pytest.approx((-0.35, -0.15, 1 / 3))
    alone = Part.of("x", family_effect(scores.only(["gemma", "qwen"]), sides))
    assert alone.verdict == "cannot be tested here"
    assert np.isnan(alone.p)


@pytest.mark.parametrize("word", VERDICTS)
def test_a_verdict_is_that_of_the_main_part_whatever_the_others_say(word):
    others = [Part(other, other) for other in VERDICTS]
    found = Verdict("D4", Part("main", word), others)
    assert (str(found), found.verdict) == (word, word)
    assert found.parts == tuple(others)
    assert [part.name for part in found.all_parts] == ["main", *VERDICTS]
    table = found.table()
    assert table["verdict"].to_list() == [word, *VERDICTS]
    assert list(table.columns)[:6] == ["verdict", "effect", "low", "high", "left out, low", "left out, high"]


def test_the_parts_of_a_claim_have_names_of_their_own():
    with pytest.raises(InputError, match="D4 has two parts named 'one'"):
        Verdict("D4", Part("one", "supported"), (Part("one", "undecided"),))
