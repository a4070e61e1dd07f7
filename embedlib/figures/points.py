"""Points in a plane: models by size, words on a map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from embedlib.figures.style import FAMILY_COLOURS, INK, name_families


def draw_sizes(ax: Axes, models: pd.DataFrame) -> Axes:
    """Draw parameters (log) against dimension from a frame with family, parameters, dimension."""
    ax.scatter(
        models["parameters"], models["dimension"], s=90, color=[FAMILY_COLOURS[f] for f in models["family"]], zorder=3
    )
    for name, row in models.iterrows():
        left = row["parameters"] > models["parameters"].max() / 4  # where a name might not fit behind its dot
        ax.annotate(
            str(name), (row["parameters"], row["dimension"]), (-9 if left else 9, 0), textcoords="offset points",
            ha="right" if left else "left", va="center", fontsize=10, color=FAMILY_COLOURS[row["family"]],
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_xlim(models["parameters"].min() / 2.5, models["parameters"].max() * 4)
    ax.set_ylim(0, models["dimension"].max() * 1.12)
    ax.set_xlabel("parameters behind the vectors (log scale)")
    ax.set_ylabel("dimension of a vector")
    ax.grid(alpha=0.25)
    return name_families(ax, {str(name): family for name, family in models["family"].items()})


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
