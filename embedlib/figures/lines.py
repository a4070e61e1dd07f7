"""Lines over layers and over rows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from embedlib.figures.labels import spread
from embedlib.figures.style import FAMILY_COLOURS, INK, name_families


def draw_by_layer(
    ax: Axes, scores: pd.DataFrame, family: Mapping[str, str], *, label: str, top: float | None = None
) -> Axes:
    """Draw a line a model from a frame with model, depth (0 to 1) and value; `top` ends the axis.

    Without a model that has layers the axes stay empty.
    """
    styles = itertools.cycle(("-", "--", ":", "-."))
    if scores.empty:
        return ax
    reach = top if top is not None else scores["value"].max() * 1.08
    lines = {str(model): rows for model, rows in scores.groupby("model", sort=False)}
    for model, rows in lines.items():
        ax.plot(rows["depth"], rows["value"], color=FAMILY_COLOURS[family[model]], ls=next(styles), marker="o", ms=3.5)
    ends = pd.Series({model: rows["value"].iloc[-1] for model, rows in lines.items()}, dtype=float)
    for model, height in spread(ends, reach * 0.05).items():
        ax.text(
            lines[model]["depth"].iloc[-1] + 0.02, height, model, va="center", fontsize=10,
            color=FAMILY_COLOURS[family[model]],
        )  # fmt: skip
    longest = max(len(model) for model in lines)
    ax.set_xlim(-0.02, max(1.42, 1.06 / max(0.3, 1 - 0.0128 * longest)))  # room for the names behind the lines
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=["input\nembeddings", "", "middle", "", "last\nlayer"])
    ax.set_ylim(min(0.0, scores["value"].min()), reach)
    ax.set_ylabel(label)
    return name_families(ax, family)


def draw_lines(ax: Axes, values: pd.DataFrame, family: Mapping[str, str]) -> Axes:
    """Draw a line a model (columns) over the rows, its name before its start; the axes' height is as given."""
    styles = itertools.cycle(("-", "--", ":", "-."))
    width = len(values) - 0.8
    for model in values.columns:
        ax.plot(range(len(values)), values[model], "o", ls=next(styles), ms=4, color=FAMILY_COLOURS[family[model]])
    starts = values.iloc[0].dropna()
    for model, height in spread(starts, float(np.ptp(ax.get_ylim()) * 15 / ax.get_window_extent().height)).items():
        colour = FAMILY_COLOURS[family[model]]
        ax.annotate(
            model, (0, starts[model]), (-0.05 * width, height), ha="right", va="center", fontsize=9.5, color=colour,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.7, "shrinkA": 1, "shrinkB": 2},
        )  # fmt: skip
    ax.set(xlim=(-0.38 * width, width), xticks=range(len(values)), xticklabels=list(values.index))
    return ax


def draw_settings(
    ax: Axes, scores: pd.DataFrame, colours: Mapping[str, str], *, marked: tuple[float, float] | None = None
) -> Axes:
    """Draw a line a setting from a frame with setting, depth (0 to 1) and value; a ring at `marked`, depth and value.

    `colours` names the settings in the order of the legend, which is left to the figure: several panels share one.

    Example:
        >>> import pandas as pd
        >>> from embedlib import figures
        >>> scores = pd.DataFrame({"setting": ["mean", "mean"], "depth": [0.0, 1.0], "value": [0.2, 0.1]})
        >>> figure, ax = figures.new_axes()
        >>> ax = figures.draw_settings(ax, scores, figures.hues(["mean"]), marked=(0.0, 0.2))
        >>> len(ax.lines)
        2
    """
    styles = itertools.cycle(("-", "--", ":", "-."))
    for setting, colour in colours.items():
        rows = scores[scores["setting"] == setting].sort_values("depth")
        style = next(styles)
        if len(rows):
            ax.plot(rows["depth"], rows["value"], ls=style, marker="o", ms=3, color=colour, label=setting)
    if marked is not None:
        ax.plot(*marked, marker="o", ms=12, color=INK, mfc="none", mew=1.6, lw=0, zorder=5, clip_on=False)
    ax.set_xticks([0, 0.5, 1], labels=["input", "middle", "last"])
    ax.grid(axis="y", alpha=0.25)
    return ax
