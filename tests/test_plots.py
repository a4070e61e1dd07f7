"""What pictures say in words."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from embedlib import figures
from embedlib.errors import InputError


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
    figures.draw_by_layer(ax, scores, {name: "llm"}, label="accuracy")
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
    llm, classical = (figures.FAMILY_COLOURS[family] for family in ("llm", "classical"))
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


@pytest.mark.parametrize("sign", [1, -1])
def test_a_forest_plot_has_both_sides_of_zero(sign):
    figure, ax = figures.new_axes()
    low, high = sorted((sign * 0.3, sign * 0.6))
    left, right = figures.draw_forest(ax, differences(("a", sign * 0.45, low, high))).get_xlim()
    assert left <= -0.2
    assert right >= 0.2
    assert max(-left, right) > 0.6
    plt.close(figure)


def test_a_forest_plot_needs_rows_and_columns():
    figure, ax = figures.new_axes()
    with pytest.raises(InputError, match="needs the column 'low'"):
        figures.draw_forest(ax, pd.DataFrame({"effect": [0.1], "high": [0.2]}))
    with pytest.raises(InputError, match="at least one row"):
        figures.draw_forest(ax, differences())
    plt.close(figure)
