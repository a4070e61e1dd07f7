"""What pictures say in words."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from embedlib import figures


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
