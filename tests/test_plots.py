"""What pictures say in words."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from embedlib import figures
from embedlib.errors import InputError
from embedlib.metrics.estimates import Estimate, Estimates
from embedlib.metrics.families import family_effect
from embedlib.metrics.verdicts import VERDICTS, Part, Verdict
from embedlib.models.spec import FAMILIES


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pd.Series({"a": 0.5, "b": 0.25, "c": np.nan}), "lowest 0.25 (b), highest 0.50 (a)"),
        (pd.DataFrame({"x": {"a": 1.0}, "y": {"a": -2.0}}), "lowest -2.00 (a, y), highest 1.00 (a, x)"),
        (pd.Series({("m", 0.5): 3.0, ("m", 1 / 3): 1.0}), "lowest 1.00 (m, 0.33), highest 3.00 (m, 0.5)"),
        (pd.Series([np.nan], ["a"]), "no values"),
    ],
)  # fmt: skip
def test_the_ends_of_a_picture_are_named(values, said):
    assert figures.say_ends(values) == said


def test_names_behind_lines_stay_inside_the_axes():
    name = "a-model-with-quite-a-long-name, last"
    scores = pd.DataFrame({"model": name, "depth": [0.0, 1.0], "value": [0.1, 0.2]})
    figure, ax = figures.new_axes()
    figures.draw_by_layer(ax, scores, {name: "decoder"}, label="accuracy")
    figure.canvas.draw()
    [written] = [text for text in ax.texts if text.get_text() == name]
    assert written.get_window_extent().x1 <= ax.get_window_extent().x1
    plt.close(figure)


def differences(*rows):
    return pd.DataFrame([row[1:] for row in rows], columns=["effect", "low", "high"], index=[row[0] for row in rows])


def test_a_forest_plot_says_who_is_ahead_and_how_sure_that_is():
    frame = differences(("sure", 0.2, 0.1, 0.3), ("unsure", -0.1, -0.25, 0.05), ("none", np.nan, np.nan, np.nan))
    figure, ax = figures.new_axes(width=4.6, height=2.8)
    assert figures.draw_forest(ax, frame) is ax
    figure.canvas.draw()
    said = {text.get_text(): text for text in ax.texts}
    assert list(said) == [
        "sure", "+0.20", "unsure", "-0.10", "none", "not tested", "← classical ahead", "LLM ahead →",
    ]  # fmt: skip
    llm, classical = (figures.SIDE_COLOURS[side] for side in ("LLM", "classical"))
    assert said["+0.20"].get_color() == said["LLM ahead →"].get_color() == llm
    assert said["-0.10"].get_color() == said["← classical ahead"].get_color() == classical
    points = [line for line in ax.lines if line.get_marker() == "o"]
    assert [(line.get_xdata()[0], line.get_markerfacecolor()) for line in points] == [(0.2, llm), (-0.1, "white")]
    intervals = [list(line.get_xdata()) for line in ax.lines if line.get_linewidth() == 2.4]
    assert intervals == [[0.1, 0.3], [-0.25, 0.05]]
    assert [line.get_xdata()[0] for line in ax.lines if len(set(line.get_xdata())) == 1 and line not in points] == [0]
    # The first row is on top, and the texts of the two sides are apart.
    assert said["sure"].get_window_extent().y0 > said["unsure"].get_window_extent().y1
    assert said["← classical ahead"].get_window_extent().x1 < said["LLM ahead →"].get_window_extent().x0
    plt.close(figure)


def test_a_forest_plot_draws_the_range_without_one_model_as_a_thin_line_beside_the_interval():
    sides = {"glove": "classical", "use": "classical", "gemma": "LLM", "qwen": "LLM"}
    values = {"glove": 0.1, "use": 0.2, "gemma": 0.3, "qwen": 0.5}
    scores = Estimates({model: Estimate(value, [value - 0.01, value + 0.01]) for model, value in values.items()})
    lead = Part.of("lead", family_effect(scores, sides))
    verdict = Verdict("D4", lead, (Part.of("items only", Estimate(0.05, [0.01, 0.02])), Part.of("untested", None)))
    figure, ax = figures.new_axes(width=4.6, height=2.8)
    low, high = figures.draw_forest(ax, verdict.table()).get_xlim()
    thin = [line for line in ax.lines if line.get_linewidth() == 0.9]
    (drawn,) = [line for line in thin if not np.isnan(line.get_xdata()).any()]
    assert list(drawn.get_xdata()) == pytest.approx([0.1, 0.4])
    assert low < 0.1
    assert high > 0.4  # which the interval alone, 0.28 to 0.32, would not need
    (interval,) = [line for line in ax.lines if line.get_linewidth() == 2.4 and line.get_xdata()[0] > 0.2]
    assert drawn.get_ydata()[0] > interval.get_ydata()[0]
    plt.close(figure)


def test_the_findings_have_the_verdict_of_the_main_part_and_what_it_rests_on():
    scores = pd.DataFrame({"glove": [0.5, 0.1], "gemma": [0.25, np.nan]}, index=["D1 cosine", "D2 area"])
    main = Part(
        "main", "contradicted", -0.1, -0.2, -0.05, left_out_low=-0.3, left_out_high=0.02, p=1 / 3, least_p=1 / 6
    )
    verdicts = [Verdict("D1", main, (Part("x", "supported"),)), Verdict("D2", Part("y", "cannot be tested here"))]
    figure, ax = figures.new_axes()
    figures.draw_findings(ax, scores, verdicts, {"glove": "counting", "gemma": "decoder"})
    said = {text.get_text(): text for text in ax.texts}
    assert {
        "effect -0.100 [-0.200, -0.050]",
        "without one model -0.30 to +0.02",
        "p 0.33 by labels (least possible 0.17)",
        "-",
    } <= set(said)
    for verdict in verdicts:
        assert said[verdict.verdict].get_color() == figures.VERDICT_COLOURS[verdict.verdict]
    assert "supported" not in said
    assert not [text for text in said if "nan" in text]
    assert {"counting", "raw decoder"} <= set(said)
    plt.close(figure)


# What people see who lack one kind of cones, as linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
SIGHT = {
    "all cones": np.eye(3),
    "no long ones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no middle ones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no short ones": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(light):
    """Give the CIELAB coordinates of linear RGB, in which 2 or 3 is a difference that one just sees."""
    t = TO_XYZ @ np.clip(light, 0, 1) / TO_XYZ.sum(axis=1)
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("colour", [*figures.FAMILY_COLOURS.values(), *figures.VERDICT_COLOURS.values()])
def test_colours_of_text_can_be_read_on_white(colour):
    assert 1.05 / (linear(colour) @ TO_XYZ[1] + 0.05) >= 4.5


@pytest.mark.parametrize("sight", SIGHT)
def test_each_two_families_have_colours_that_all_can_tell_apart(sight):
    families = [figures.FAMILY_COLOURS[family] for family in FAMILIES]
    seen = [lab(np.array(SIGHT[sight]) @ linear(colour)) for colour in families]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) > 15


def test_each_family_has_a_colour_and_a_name():
    assert set(figures.FAMILY_NAMES) == set(figures.FAMILY_COLOURS) == {*FAMILIES, "baseline"}
    assert set(figures.VERDICT_COLOURS) == set(VERDICTS)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_forest_plot_has_both_sides_of_zero(sign):
    figure, ax = figures.new_axes()
    low, high = sorted((sign * 0.3, sign * 0.6))
    left, right = figures.draw_forest(ax, differences(("a", sign * 0.45, low, high))).get_xlim()
    assert left <= -0.2
    assert right >= 0.2
    assert max(-left, right) > 0.6
    plt.close(figure)


def test_a_forest_plot_draws_a_second_way_as_a_lighter_diamond_in_the_limits():
    _, ax = figures.new_axes()
    first, second = differences(("a", 0.1, 0.05, 0.2)), differences(("a", -0.4, -0.5, 0.1))
    low, high = figures.draw_forest(ax, first, second=second).get_xlim()
    assert low < -0.5
    assert high > 0.2
    (diamond,) = [line for line in ax.lines if line.get_marker() == "D"]
    assert list(diamond.get_xdata()) == [-0.4]
    assert diamond.get_markerfacecolor() == "white"


def test_a_forest_plot_needs_rows_and_columns():
    figure, ax = figures.new_axes()
    with pytest.raises(InputError, match="needs the column 'low'"):
        figures.draw_forest(ax, pd.DataFrame({"effect": [0.1], "high": [0.2]}))
    with pytest.raises(InputError, match="at least one row"):
        figures.draw_forest(ax, differences())
    plt.close(figure)


def test_a_heat_map_without_numbers_has_the_ends_it_is_given():
    _, ax = figures.new_axes()
    figures.draw_matrix(ax, pd.DataFrame([[0.2, 0.4]]), label="cosine", digits=None, ends=(0, 1))
    assert not ax.texts
    assert ax.collections[0].get_clim() == (0, 1)
    plt.close("all")


def test_scores_by_size_have_a_line_a_family_and_kind_and_a_place_for_models_without_a_size():
    rows = [("mini", 1e7), ("large", 1e8), ("glove", 0.0), ("odd", np.nan)]
    points = pd.DataFrame(
        [(model, kind, size, 0.5, 0.4, 0.6) for kind in ("chosen", "study") for model, size in rows],
        columns=["model", "kind", "size", "value", "low", "high"],
    )
    family = {"mini": "contrastive", "large": "contrastive", "glove": "counting", "odd": "decoder"}
    figure, ax = figures.new_axes()
    assert figures.draw_scaling(ax, points, family, label="score") is ax
    blue = figures.FAMILY_COLOURS["contrastive"]
    lines = [line for line in ax.lines if len(line.get_xdata()) and line.get_color() == blue]
    assert [(list(line.get_xdata()), line.get_markerfacecolor()) for line in lines] == [
        ([1e7, 1e8], blue), ([1e7, 1e8], "white"),
    ]  # fmt: skip
    assert {text.get_text() for text in ax.texts[:4]} == {"mini", "large", "glove", "odd"}
    figure.canvas.draw()
    low, high = ax.get_xlim()
    assert all(low < text.xy[0] < high for text in ax.texts[:4])
    plt.close(figure)


def test_names_of_points_at_one_place_do_not_meet():
    rows = [("smollm2-135m-q4", 1.06e8), ("gemma-3-270m-q4", 1.0e8), ("a-large-model-at-the-right", 9e8)]
    points = pd.DataFrame(
        [(model, "study", size, 0.5, 0.4, 0.6) for model, size in rows],
        columns=["model", "kind", "size", "value", "low", "high"],
    )
    figure, ax = figures.new_axes()
    figures.draw_scaling(ax, points, {model: "decoder" for model, _ in rows}, label="score")
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts[:3]]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert all(box.x1 <= ax.get_window_extent().x1 for box in boxes)
    plt.close(figure)


def test_scores_by_size_can_be_drawn_where_no_model_has_a_size():
    points = pd.DataFrame({"model": ["glove"], "kind": "study", "size": 0.0, "value": 0.5, "low": 0.4, "high": 0.6})
    figure, ax = figures.new_axes()
    assert figures.draw_scaling(ax, points, {"glove": "counting"}, label="score").get_legend() is None
    plt.close(figure)


def test_a_heat_map_has_notes_under_its_numbers():
    values = pd.DataFrame({"all": [0.5, 0.25], "alike": [np.nan, 0.75]}, ["glove", "length"])
    notes = pd.DataFrame({"all": ["chance", ""], "alike": ["", ""]}, values.index)
    _, ax = figures.new_axes()
    figures.draw_matrix(ax, values, label="share", notes=notes)
    assert [text.get_text() for text in ax.texts] == ["0.50\nchance", "0.25", "0.75"]
