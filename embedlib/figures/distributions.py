"""Pictures of distributions: ridges, curves and boxes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from embedlib.figures.style import FAMILY_COLOURS, GREY, INK, colour_names, name_families


def draw_ridges(
    ax: Axes, density: pd.DataFrame, means: Mapping[str, float], family: Mapping[str, str], *,
    outline: pd.DataFrame | None = None, names: tuple[str, str] = ("", ""),
) -> Axes:  # fmt: skip
    """Draw one ridge a model from a frame of bin centres (index) by model (columns).

    Each ridge is scaled to its own peak; its mean is marked and written beside it. `outline` is such a frame for a
    second measurement of the same models: a thin line without a mean. `names` are those of the two in the legend.
    """
    centres = density.index.to_numpy(dtype=float)
    for row, model in enumerate(reversed(list(density.columns))):
        height = density[model].to_numpy() / density[model].max() * 0.72
        colour = FAMILY_COLOURS[family[model]]
        ax.fill_between(centres, row, row + height, color=colour, alpha=0.75, lw=0)
        ax.plot(centres, row + height, color=colour, lw=1)
        ax.plot([means[model]] * 2, [row, row + 0.74], color=INK, lw=1.4)
        ax.text(means[model], row + 0.75, f"{means[model]:.2f}", ha="center", va="bottom", fontsize=9, color=INK)
        if outline is not None:
            second = outline[model].to_numpy() / outline[model].max() * 0.72
            ax.plot(outline.index.to_numpy(dtype=float), row + second, color=INK, lw=0.9)
    ax.axvline(0, color=INK, lw=0.8, ls=":")
    ax.set_yticks(np.arange(density.shape[1]), labels=list(reversed(density.columns)))
    colour_names(ax, family)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(-0.05, density.shape[1] + 0.15)
    ax.set_xlim(_used_range(density if outline is None else density.add(outline)))
    ax.set_xlabel("cosine of two random words")
    if outline is not None:
        handles = [
            Patch(color=GREY, alpha=0.75, lw=0, label=names[0]),
            Line2D([], [], color=INK, lw=0.9, label=names[1]),
        ]
        ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), frameon=False)
    return name_families(ax, family)


def _used_range(density: pd.DataFrame) -> tuple[float, float]:
    used = density.index[(density > density.max() * 1e-3).any(axis=1)]
    return float(min(used.min(), -0.1)) - 0.02, float(max(used.max(), 0.1)) + 0.02


def draw_curves(ax: Axes, curves: pd.DataFrame, colours: Mapping[str, str], *, label: str) -> Axes:
    """Draw one line a column over the index, each in its colour."""
    for column in curves.columns:
        ax.plot(curves.index, curves[column], color=colours[column], lw=1.6, label=column)
    ax.set_xlabel(label)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    return ax


def draw_boxes(ax: Axes, values: pd.DataFrame, colours: Mapping[str, str]) -> Axes:
    """Draw a lying box a column, from the first to the third quartile, whiskers from 5 to 95 %, the first on top."""
    made = ax.boxplot(
        [values[column].dropna() for column in values.columns], whis=(5, 95), showfliers=False, patch_artist=True,
        orientation="horizontal", widths=0.68, medianprops={"color": INK, "lw": 1.4},
    )  # fmt: skip
    for box, column in zip(made["boxes"], values.columns, strict=True):
        box.set(facecolor=colours[str(column)], edgecolor=INK, linewidth=0.7)
    for line in [*made["whiskers"], *made["caps"]]:
        line.set(color=INK, linewidth=0.7)
    ax.set_yticks(range(1, values.shape[1] + 1), labels=[str(column) for column in values.columns], fontsize=8.5)
    ax.invert_yaxis()
    ax.grid(axis="x", alpha=0.25)
    ax.tick_params(axis="y", length=0)
    return ax
