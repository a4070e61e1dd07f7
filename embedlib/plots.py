"""Pictures in one style: a function takes an Axes and gives it back.

Family is told by colour, colour-blind safe; models stand in the roster's order everywhere. The
background is opaque, so that pictures read the same in a light and in a dark theme.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

FAMILY_COLOURS = {"classical": "#4477aa", "llm": "#cc5544"}
FAMILY_NAMES = {"classical": "classical", "llm": "LLM"}
INK = "#222222"


def set_style() -> None:
    """Set the book's style for all pictures that follow."""
    sns.set_theme(
        context="notebook",
        style="ticks",
        rc={
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelcolor": INK,
            "figure.figsize": (8.0, 4.8),
            "font.family": "DejaVu Sans",
        },
    )


def name_families(ax: Axes, family: Mapping[str, str]) -> Axes:
    """Write the families' names in their colours above the right end of the axes."""
    for row, name in enumerate(reversed([name for name in FAMILY_NAMES if name in family.values()])):
        ax.annotate(
            FAMILY_NAMES[name], (1, 1), (0, 14 * row), xycoords="axes fraction", textcoords="offset points",
            ha="right", va="bottom", fontsize=10, fontweight="bold", color=FAMILY_COLOURS[name],
        )  # fmt: skip
    return ax


def draw_ridges(ax: Axes, density: pd.DataFrame, means: Mapping[str, float], family: Mapping[str, str]) -> Axes:
    """Draw one ridge a model from a frame of bin centres (index) by model (columns).

    Each ridge is scaled to its own peak; its mean is marked and written beside it.
    """
    centres = density.index.to_numpy(dtype=float)
    for row, model in enumerate(reversed(list(density.columns))):
        height = density[model].to_numpy() / density[model].max() * 0.72
        colour = FAMILY_COLOURS[family[model]]
        ax.fill_between(centres, row, row + height, color=colour, alpha=0.75, lw=0)
        ax.plot(centres, row + height, color=colour, lw=1)
        ax.plot([means[model]] * 2, [row, row + 0.74], color=INK, lw=1.4)
        ax.text(means[model], row + 0.75, f"{means[model]:.2f}", ha="center", va="bottom", fontsize=9, color=INK)
    ax.axvline(0, color=INK, lw=0.8, ls=":")
    ax.set_yticks(np.arange(density.shape[1]), labels=list(reversed(density.columns)))
    for label in ax.get_yticklabels():
        label.set_color(FAMILY_COLOURS[family[label.get_text()]])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(-0.05, density.shape[1] + 0.15)
    ax.set_xlim(_used_range(density))
    ax.set_xlabel("cosine of two random words")
    return name_families(ax, family)


def _used_range(density: pd.DataFrame) -> tuple[float, float]:
    used = density.index[(density > density.max() * 1e-3).any(axis=1)]
    return float(min(used.min(), -0.1)) - 0.02, float(max(used.max(), 0.1)) + 0.02


def draw_coverage(ax: Axes, coverage: Mapping[str, float], family: Mapping[str, str]) -> Axes:
    """Draw bars of the share of words that each model has a vector for (0 to 1)."""
    names = list(coverage)
    shares = [100 * coverage[name] for name in names]
    ax.barh(names, shares, color=[FAMILY_COLOURS[family[name]] for name in names])
    for row, share in enumerate(shares):
        ax.text(share + 1, row, f"{share:.1f} %" if share < 99.995 else "100 %", va="center", fontsize=10, color=INK)
    ax.invert_yaxis()
    ax.set_xlim(0, 112)
    ax.set_xlabel("words of the list with a vector, %")
    ax.tick_params(axis="y", length=0)
    return name_families(ax, family)


def draw_sizes(ax: Axes, models: pd.DataFrame) -> Axes:
    """Draw parameters (log) against dimension from a frame with family, parameters, dimension."""
    ax.scatter(
        models["parameters"], models["dimension"], s=90, color=[FAMILY_COLOURS[f] for f in models["family"]], zorder=3
    )
    for name, row in models.iterrows():
        left = row["parameters"] > 1e8
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


def draw_by_layer(ax: Axes, means: pd.DataFrame, family: Mapping[str, str]) -> Axes:
    """Draw a line a model from a frame with model, depth (0 to 1) and mean cosine."""
    styles = itertools.cycle(("-", "--", ":", "-."))
    for model, rows in means.groupby("model", sort=False):
        colour = FAMILY_COLOURS[family[str(model)]]
        ax.plot(rows["depth"], rows["mean"], color=colour, ls=next(styles), marker="o", ms=3.5)
        last = rows.iloc[-1]
        ax.annotate(
            str(model), (last["depth"], last["mean"]), (8, 0), textcoords="offset points", va="center", fontsize=10,
            color=colour,
        )  # fmt: skip
    ax.set_xlim(-0.02, 1.42)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=["input\nembeddings", "", "middle", "", "last\nlayer"])
    ax.set_ylim(min(0.0, means["mean"].min()), 1.03)
    ax.set_ylabel("mean cosine of random words")
    return name_families(ax, family)


def new_axes(width: float = 8.0, height: float = 4.8) -> tuple[Figure, Axes]:
    """Make a figure of one picture in the book's style; sizes in inches."""
    set_style()
    return plt.subplots(figsize=(width, height), layout="constrained")
