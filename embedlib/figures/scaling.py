"""Scores of models against their size."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from embedlib.figures.labels import name_points
from embedlib.figures.style import FAMILY_COLOURS, INK, name_families


def draw_scaling(ax: Axes, points: pd.DataFrame, family: Mapping[str, str], *, label: str) -> Axes:
    """Draw scores against size (log), a line a family and kind, from a frame of model, kind, size, value, low, high.

    The first kind has filled markers and a full line, each other one open markers and a broken line; with the first
    kind stands the model's name. A model of size 0 or NaN has no place on the axis: its score is a short line at
    the left edge. Low and high may be NaN.

    Example:
        >>> import pandas as pd
        >>> from embedlib import figures
        >>> points = pd.DataFrame(
        ...     {"model": ["mini", "large"], "kind": "chosen", "size": [1e7, 1e8], "value": [0.4, 0.5],
        ...      "low": [0.3, 0.4], "high": [0.5, 0.6]}
        ... )
        >>> figure, ax = figures.new_axes()
        >>> family = {"mini": "contrastive", "large": "contrastive"}
        >>> [text.get_text() for text in figures.draw_scaling(ax, points, family, label="score").texts]
        ['mini', 'large', 'contrastive encoder']
    """
    kinds = list(dict.fromkeys(points["kind"]))
    sized = points[points["size"] > 0].sort_values("size", kind="stable")
    left = sized["size"].min() / 4 if len(sized) else 1e6
    for number, kind in enumerate(kinds):
        for name in dict.fromkeys(family.values()):
            colour, of_family = FAMILY_COLOURS[name], points["model"].map(family) == name
            face, dashes = (colour, "-") if number == 0 else ("white", "--")
            rows = sized[of_family.loc[sized.index] & (sized["kind"] == kind)]
            ax.vlines(rows["size"], rows["low"], rows["high"], color=colour, lw=1.2, zorder=2)
            ax.plot(rows["size"], rows["value"], dashes, marker="o", ms=7.5, color=colour, mfc=face, lw=1.3, zorder=3)
            unsized = points[of_family & ~points.index.isin(sized.index) & (points["kind"] == kind)]
            ax.hlines(unsized["value"], left, left * 1.6, color=colour, ls=dashes, lw=2)
    ax.set_xscale("log")
    ax.set_xlim(left * 0.9, (sized["size"].max() if len(sized) else left) * 12)
    every = points.assign(x=points["size"].where(points["size"] > 0, left * 1.6), y=points["value"])
    colours = {str(model): FAMILY_COLOURS[family[str(model)]] for model in points["model"]}
    named = every[every["kind"].isin(kinds[:1])].set_index("model")
    name_points(ax, named, every, colours)
    ax.set_xlabel("parameters without embeddings (log scale)")
    ax.set_ylabel(label)
    ax.grid(alpha=0.25)
    for number, kind in enumerate(kinds):
        face, dashes = (INK, "-") if number == 0 else ("white", "--")
        ax.plot([], [], dashes, marker="o", color=INK, mfc=face, label=f"{kind} reading")
    if len(kinds) > 1:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(kinds), frameon=False)
    return name_families(ax, {str(name): family[name] for name in points["model"]})
