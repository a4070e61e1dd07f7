"""Points with their intervals: scores of models, and differences between families."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from embedlib.errors import InputError
from embedlib.figures.style import FAMILY_COLOURS, GREY, INK, SIDE_COLOURS, colour_names, name_families

_LEFT_OUT = ["left out, low", "left out, high"]  # the range of an effect when one model is left out
_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # behind a text, over the lines


def draw_intervals(
    ax: Axes, scores: pd.DataFrame, family: Mapping[str, str], *, label: str, chance: float | None = None
) -> Axes:
    """Draw points with intervals from a frame of model, kind, value, low and high; a marker a kind.

    Models stand in the frame's order from the top; `chance` is drawn as a dotted line. Low and high
    may be NaN, for a point without an interval.
    """
    models, kinds = list(dict.fromkeys(scores["model"])), list(dict.fromkeys(scores["kind"]))
    markers = dict(zip(kinds, itertools.cycle("osD^vP"), strict=False))
    for _, row in scores.iterrows():
        shift = (kinds.index(row["kind"]) - (len(kinds) - 1) / 2) * min(0.24, 0.7 / len(kinds))
        y, colour = models.index(row["model"]) + shift, FAMILY_COLOURS[family[row["model"]]]
        ax.plot([row["low"], row["high"]], [y, y], color=colour, lw=1.6)
        face = colour if kinds.index(row["kind"]) % 2 == 0 else "white"
        ax.plot(row["value"], y, marker=markers[row["kind"]], ms=6.5, color=colour, mfc=face, lw=0)
    if chance is not None:
        ax.axvline(chance, color=INK, lw=0.9, ls=":")
    ax.set_yticks(range(len(models)), labels=models)
    colour_names(ax, family)
    ax.invert_yaxis()
    ax.set_xlabel(label)
    ax.grid(axis="x", alpha=0.25)
    ax.tick_params(axis="y", length=0)
    if len(kinds) > 1:
        handles = [
            ax.plot([], [], marker=markers[kind], lw=0, color=INK, mfc=INK if n % 2 == 0 else "white", label=kind)[0]
            for n, kind in enumerate(kinds)
        ]
        ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(kinds), frameon=False)
    return name_families(ax, family)


def draw_forest(
    ax: Axes,
    differences: pd.DataFrame,
    *,
    label: str = "difference in score",
    sides: tuple[str, str] = ("classical ahead", "LLM ahead"),
    second: pd.DataFrame | None = None,
) -> Axes:
    """Draw differences with their intervals, a row each, and say on which side of zero who is ahead.

    `differences` has a label for each row as its index, and the columns effect, low and high. With the columns
    "left out, low" and "left out, high", too, a thin line under each interval is the range of the effect when one
    model is left out; NaN draws none. A `Verdict.table()` is such a frame. The order of the rows is that from the
    top. The left one of `sides` is below zero. The colour is that of the side; a point is hollow where its interval
    has zero in it. A row of NaN says "not tested". Labels stand above their intervals, so that
    the picture can be narrow: 4.6 inches stay readable on a telephone, with 0.55 inches of height a row.
    `second` has the same columns, for another way to measure the same rows: a lighter diamond under each.

    Raises `InputError` where a column is missing or there is no row.

    Example:
        >>> import pandas as pd
        >>> from embedlib import figures
        >>> found = pd.DataFrame(
        ...     {"effect": [0.12, -0.05], "low": [0.08, -0.11], "high": [0.16, 0.01]},
        ...     index=["similar sentences", "analogies"],
        ... )
        >>> figure, ax = figures.new_axes(width=4.6, height=2.2)
        >>> [text.get_text() for text in figures.draw_forest(ax, found).texts]
        ['similar sentences', '+0.12', 'analogies', '-0.05', '← classical ahead', 'LLM ahead →']
    """
    if missing := [name for name in ("effect", "low", "high") if name not in differences.columns]:
        raise InputError(f"a forest plot needs the column {missing[0]!r}; there are {list(differences.columns)}")
    if differences.empty:
        raise InputError("a forest plot needs at least one row")
    below, above = SIDE_COLOURS["classical"], SIDE_COLOURS["LLM"]
    # What is written stands at the two ends of a row, wherever its point is.
    ends = blended_transform_factory(ax.transAxes, ax.transData)
    shown = differences.reindex(columns=["effect", "low", "high", *_LEFT_OUT]).astype(float)
    if second is not None:
        shown_second = second.reindex(differences.index)[["effect", "low", "high"]].astype(float)
        for row, (effect, low, high) in enumerate(shown_second.itertuples(index=False, name=None)):
            light: dict[str, Any] = {"color": above if effect > 0 else below, "alpha": 0.5}
            face = light["color"] if low > 0 or high < 0 else "white"
            ax.plot([low, high], [row + 0.44] * 2, lw=1.6, solid_capstyle="butt", **light)
            ax.plot(effect, row + 0.44, marker="D", ms=6, mfc=face, mew=1.4, lw=0, **light)
    for row, (name, effect, low, high, *left_out) in enumerate(shown.itertuples(name=None)):
        tested = not np.isnan(effect)
        colour = GREY if not tested else above if effect > 0 else below
        said = f"{effect:+.2f}" if tested else "not tested"
        written: dict[str, Any] = {"transform": ends, "va": "center", "fontsize": 11, "bbox": _PAPER}
        ax.text(0, row - 0.28, str(name), ha="left", color=INK, **written)
        ax.text(1, row - 0.28, said, ha="right", fontweight="bold", color=colour, **written)
        if tested:
            face = colour if low > 0 or high < 0 else "white"
            ax.plot([low, high], [row + 0.14] * 2, color=colour, lw=2.4, solid_capstyle="butt")
            ax.plot(left_out, [row + 0.34] * 2, color=colour, lw=0.9, solid_capstyle="butt")
            ax.plot(effect, row + 0.14, marker="o", ms=8, color=colour, mfc=face, mew=1.8, lw=0)
    ax.axvline(0, color=INK, lw=1)
    every = shown if second is None else pd.concat([shown, shown_second])
    ax.set(xlim=_around_zero(every), ylim=(len(differences) - 0.4, -0.6), yticks=[])
    ax.set_xlabel(label, fontsize=11)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", alpha=0.25)
    style: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom", "fontsize": 11}
    ax.annotate(f"← {sides[0]}", (0, 1), (0, 4), ha="left", color=below, fontweight="bold", **style)
    ax.annotate(f"{sides[1]} →", (1, 1), (0, 4), ha="right", color=above, fontweight="bold", **style)
    return ax


def _around_zero(differences: pd.DataFrame) -> tuple[float, float]:
    """Give limits with all intervals and zero in them, the shorter side at least a third of the longer."""
    low = float(np.nanmin([0, *differences["low"], *differences[_LEFT_OUT[0]]]))
    high = float(np.nanmax([0, *differences["high"], *differences[_LEFT_OUT[1]]]))
    reach = max(-low, high) or 1.0
    return min(low, -reach / 3) - 0.05 * reach, max(high, reach / 3) + 0.05 * reach
