"""Points in a plane: models by size, words on a map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from embedlib.figures.labels import name_points, spread
from embedlib.figures.style import FAMILY_COLOURS, INK, name_families


def draw_sizes(ax: Axes, models: pd.DataFrame) -> Axes:
    """Draw parameters (log) against dimension from a frame with family, parameters, dimension."""
    ax.scatter(
        models["parameters"], models["dimension"], s=90, color=[FAMILY_COLOURS[f] for f in models["family"]], zorder=3
    )
    ax.set_xscale("log")
    ax.set_xlim(models["parameters"].min() / 2.5, models["parameters"].max() * 4)
    ax.set_ylim(0, models["dimension"].max() * 1.12)
    points = models.assign(x=models["parameters"], y=models["dimension"], low=np.nan, high=np.nan)
    name_points(ax, points, points, {str(name): FAMILY_COLOURS[f] for name, f in models["family"].items()})
    ax.set_xlabel("parameters behind the vectors (log scale)")
    ax.set_ylabel("dimension of a vector")
    ax.grid(alpha=0.25)
    return name_families(ax, {str(name): family for name, family in models["family"].items()})


def draw_scatter(ax: Axes, points: pd.DataFrame, family: Mapping[str, str], *, across: str, up: str) -> Axes:
    """Draw one score against another, a dot a model and kind, from a frame of model, kind, x and y.

    The first kind has filled dots and stands with the models' names, all others have hollow ones; a thin line joins
    the dots of a model. `across` and `up` label the axes. Points with NaN are left out.

    Example:
        >>> import pandas as pd
        >>> from embedlib import figures
        >>> points = pd.DataFrame({"model": ["glove"] * 2, "kind": ["chosen", "study"], "x": [0.0, 0.1], "y": [1, 2]})
        >>> figure, ax = figures.new_axes()
        >>> drawn = figures.draw_scatter(ax, points, {"glove": "counting"}, across="mean cosine", up="AUC")
        >>> [text.get_text() for text in drawn.texts]
        ['glove']
    """
    known = points.dropna(subset=["x", "y"])
    kinds = list(dict.fromkeys(points["kind"]))
    for model, part in known.groupby("model", sort=False):
        colour = FAMILY_COLOURS[family[str(model)]]
        ax.plot(part["x"], part["y"], color=colour, lw=0.9, alpha=0.6, zorder=2)
        for kind, x, y in zip(part["kind"], part["x"], part["y"], strict=True):
            # Where the dots of two kinds coincide, the first is seen.
            face, above = (colour, 4) if kind == kinds[0] else ("white", 3)
            ax.plot(x, y, "o", ms=7.5, color=colour, mfc=face, zorder=above)
    named = known[known["kind"] == kinds[0]].set_index("model") if kinds else known.set_index("model")
    wide = float(np.ptp(known["x"])) or 1.0 if len(known) else 1.0
    right = float(known["x"].max()) + 0.06 * wide if len(known) else 1.0
    ax.margins(y=0.08)
    gap = float(np.ptp(ax.get_ylim()) * 15 / ax.get_window_extent().height)
    places = spread(named["y"], gap)
    low, high = ax.get_ylim()
    edges = [edge for place in places.values() for edge in (place - gap, place + gap)]
    ax.set_ylim(min([low, *edges]), max([high, *edges]))
    for model, height in places.items():
        colour = FAMILY_COLOURS[family[model]]
        ax.annotate(
            model, (named["x"][model], named["y"][model]), (right, height), va="center", fontsize=9.5, color=colour,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.5, "alpha": 0.5, "shrinkA": 1, "shrinkB": 4},
        )  # fmt: skip
    ax.set_xticks([tick for tick in ax.get_xticks() if tick < right])
    ax.set(xlim=(right - 1.14 * wide, right + 0.55 * wide), xlabel=across, ylabel=up)
    ax.grid(alpha=0.25)
    return ax


def draw_map(ax: Axes, points: pd.DataFrame, colours: Mapping[str, str]) -> Axes:
    """Draw words at x and y, coloured by category, each category's name at its middle."""
    across, up = np.ptp(points["x"]), np.ptp(points["y"])
    taken: list[tuple[float, float]] = []
    for category, part in points.groupby("category", sort=False):
        x, y = part["x"].median(), part["y"].median()
        while any(abs(x - left) < across * 0.2 and abs(y - low) < up * 0.045 for left, low in taken):
            y += up * 0.01  # a name is moved off another one
        taken.append((x, y))
        colour = colours[str(category)]
        ax.scatter(part["x"], part["y"], s=16, color=colour, alpha=0.85, lw=0)
        ax.text(
            x, y, str(category), ha="center", va="center", fontsize=9.5,
            fontweight="bold", color=INK, bbox={"facecolor": "white", "alpha": 0.85, "ec": colour, "lw": 1, "pad": 1.5},
        )  # fmt: skip
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(True)
        spine.set_color("#bbbbbb")
    return ax
