"""What each part of a reading is worth: Shapley's values by hand and by definition, mixtures, steps in pictures."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import embedlib
from embedlib import figures
from embedlib.errors import InputError
from embedlib.metrics.agreement import average_correlations
from embedlib.metrics.estimates import Estimate
from embedlib.metrics.shapley import shapley
from embedlib.models.reading import Reading, Transform
from embedlib.readings.parts import READING_PARTS, describe_parts, embed_each, mixtures

RNG = np.random.default_rng(7)


def all_sets(parts):
    """List all combinations of parts."""
    sizes = range(len(parts) + 1)
    return [frozenset(some) for size in sizes for some in itertools.combinations(parts, size)]


def test_the_gloves_game_by_hand():
    # One has a left glove, two have a right one each; a pair is worth 1 (Shapley's own kind of market).
    values = {some: float("left" in some and len(some) > 1) for some in all_sets(["left", "right", "other"])}
    found = shapley(values)
    assert found["left"] == pytest.approx(2 / 3)
    assert found["right"] == found["other"] == pytest.approx(1 / 6)


def test_shapley_is_the_mean_over_all_orders_and_sums_to_the_whole():
    parts = list("abcde")
    values = dict(zip(all_sets(parts), RNG.normal(size=32).tolist(), strict=True))
    found = shapley(values)
    assert list(found) == parts
    orders = list(itertools.permutations(parts))
    for part in parts:
        before = [frozenset(order[: order.index(part)]) for order in orders]
        assert found[part] == pytest.approx(np.mean([values[some | {part}] - values[some] for some in before]))
    assert sum(found.values()) == pytest.approx(values[frozenset(parts)] - values[frozenset()])


def test_a_part_that_changes_nothing_is_worth_exactly_zero_and_equal_ones_the_same():
    worth = {0: 0.1, 1: 0.33, 2: 0.91}
    values = {some: worth[len(some - {"dummy"})] for some in all_sets(["a", "b", "dummy"])}
    found = shapley(values)
    assert found["dummy"] == 0
    assert found["a"] == found["b"]


def test_shapley_of_estimates_is_that_of_every_draw():
    sets = all_sets(["a", "b", "c"])
    draws = RNG.normal(size=(len(sets), 4))
    found = shapley({some: Estimate(row[0], row) for some, row in zip(sets, draws, strict=True)})
    third = shapley(dict(zip(sets, draws[:, 3].tolist(), strict=True)))
    assert {part: one.draws[3] for part, one in found.items()} == pytest.approx(third)


def test_shapley_names_the_combination_that_is_missing():
    with pytest.raises(InputError, match="the combination of a, b has no score"):
        shapley({frozenset(): 0.0, frozenset("a"): 1.0, frozenset("b"): 1.0})
    with pytest.raises(InputError, match="no part has no score"):
        shapley({frozenset("a"): 1.0})


def test_a_mean_of_correlations_by_hand_and_by_scipy():
    # As scipy's own intervals of a correlation, on the scale of z.
    found = average_correlations([Estimate(0.8, [0.8, 0.5]), Estimate(0.0, [0.0, 0.5])])
    assert found.value == pytest.approx(0.5)  # atanh(0.8) is twice atanh(0.5)
    assert found.draws == pytest.approx([0.5, 0.5])
    x, y = RNG.normal(size=(2, 50))
    result = stats.pearsonr(x, x + y)
    ends = result.confidence_interval()
    both = average_correlations([Estimate(ends.low, [0, 0]), Estimate(ends.high, [0, 0])])
    assert both.value == pytest.approx(result.statistic)


BEFORE = Reading(layer=6, pooling="mean")
AFTER = Reading(layer=3, pooling="first", transform=Transform(way="centre", fitted_on="words-50"))


def test_mixtures_take_each_part_from_one_of_two_readings():
    mixed = mixtures(BEFORE, AFTER)
    assert set(mixed) == set(all_sets(READING_PARTS))
    assert (mixed[frozenset()], mixed[frozenset(READING_PARTS)]) == (BEFORE, AFTER)
    assert mixed[frozenset({"layer"})] == Reading(layer=3, pooling="mean")
    # First token and space are the same in both, so that three parts are left.
    assert len(set(mixed.values())) == 8
    changed = describe_parts(BEFORE) != describe_parts(AFTER)
    assert changed[changed].index.to_list() == ["layer", "pooling", "shared directions"]


def test_readings_that_are_extracted_together_give_what_each_gives_alone(cache):
    words, readings = ["river", "bank", "money"], list(mixtures(BEFORE, AFTER).values())
    found = dict(embed_each("sbert-minilm", words, readings))
    assert len(found) == 8
    for reading, table in found.items():
        alone = embedlib.embed_words("sbert-minilm", words, reading=reading)
        assert table.keys == words
        assert np.array_equal(table.vectors, alone.vectors)
        assert table.reading.layer == reading.layer


def test_steps_lead_from_the_start_to_the_end():
    steps = pd.DataFrame({"start": [0.1], "layer": [0.4], "space": [0.0], "pooling": [-0.2]}, index=["gemma"])
    _, ax = figures.new_axes()
    figures.draw_steps(ax, steps, {"gemma": "decoder"}, label="score")
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.4, -0.2])
    assert ax.patches[1].get_x() == pytest.approx(0.5)
    ends = [line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert [float(line.get_xdata()[0]) for line in ends] == pytest.approx([0.1, 0.3])
    with pytest.raises(InputError, match="column 'start'"):
        figures.draw_steps(ax, steps.drop(columns="start"), {"gemma": "decoder"}, label="score")
