"""Tables of numbers as heat maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from embedlib.figures.style import INK, VERDICT_COLOURS, colour_names, name_families
from embedlib.metrics.verdicts import Verdict


def draw_matrix(
    ax: Axes, values: pd.DataFrame, *, label: str, digits: int | None = 2, middle: float | None = None,
    family: Mapping[str, str] | None = None, low_is_orange: bool = False, ends: tuple[float, float] | None = None,
    notes: pd.DataFrame | None = None,
) -> Axes:  # fmt: skip
    """Draw a frame as a heat map with its numbers written in; `middle` makes the colours diverge there.

    `digits` None writes no numbers. `ends` are the values of the first and the last colour, so that several pictures
    can be compared.

    Above it they are red; with `low_is_orange` purple, and orange below it: no family's colours.

    Models among the rows' or the columns' names have their family's colour where `family` is given. `notes` is a
    frame of texts of the same shape: what is written under each number.
    """
    written = None if digits is None else values.map(lambda value: f"{value:.{digits}f}")
    if written is not None and notes is not None:
        written = (written + "\n" + notes).map(str.rstrip)
    sns.heatmap(
        values, ax=ax, annot=False if written is None else written, fmt="", center=middle,
        vmin=None if ends is None else ends[0], vmax=None if ends is None else ends[1],
        cmap="viridis" if middle is None else "PuOr" if low_is_orange else "vlag",
        linewidths=0.5, linecolor="white", cbar_kws={"label": label, "shrink": 0.8}, annot_kws={"fontsize": 9},
    )  # fmt: skip
    ax.set(xlabel="", ylabel="")
    ax.tick_params(length=0)
    ax.set_xticks(
        ax.get_xticks(),
        labels=[tick.get_text() for tick in ax.get_xticklabels()],
        rotation=30,
        ha="right",
        rotation_mode="anchor",
    )
    ax.set_yticks(ax.get_yticks(), labels=[tick.get_text() for tick in ax.get_yticklabels()], rotation=0)
    return colour_names(ax, family or {})


def draw_findings(ax: Axes, scores: pd.DataFrame, verdicts: Sequence[Verdict], family: Mapping[str, str]) -> Axes:
    """Draw scores, measure by model, shaded within each row, with the verdict of each row beside it.

    Under the verdict stand the effect of its main part with the 95 % interval and, where it compares the sides, its
    range when one model is left out and the permutation p of their labels.
    """
    spread = (scores.max(axis=1) - scores.min(axis=1)).replace(0, 1)
    shade = scores.sub(scores.min(axis=1), axis=0).div(spread, axis=0)
    sns.heatmap(
        shade, ax=ax, annot=scores, fmt=".2f", cbar=False,
        cmap=sns.light_palette("#55708c", as_cmap=True), vmin=0, vmax=1.25, linewidths=1.5, linecolor="white",
        annot_kws={"fontsize": 10.5, "color": INK},
    )  # fmt: skip
    for (row, column), score in np.ndenumerate(scores.to_numpy(dtype=float)):
        if np.isnan(score):
            ax.text(column + 0.5, row + 0.5, "-", ha="center", va="center", color=INK)
    for row, verdict in enumerate(verdicts):
        main, left, colour = verdict.main, scores.shape[1] + 0.12, VERDICT_COLOURS[verdict.verdict]
        lines = [] if np.isnan(main.effect) else [f"effect {main.effect:+.3f} [{main.low:+.3f}, {main.high:+.3f}]"]
        if not np.isnan(main.left_out_low):
            lines.append(f"without one model {main.left_out_low:+.2f} to {main.left_out_high:+.2f}")
        if not np.isnan(main.p):
            lines.append(f"p {main.p:.2g} by labels (least possible {main.least_p:.2g})")
        step = 0.24
        top = row + 0.5 - step * len(lines) / 2
        ax.text(left, top, verdict.verdict, va="center", color=colour, fontsize=11, fontweight="bold")
        for number, line in enumerate(lines, start=1):
            ax.text(left, top + step * number, line, va="center", fontsize=9, color=INK)
    ax.set(xlabel="", ylabel="", xlim=(0, scores.shape[1] + 2.6))
    ax.xaxis.tick_top()
    ax.set_xticks(ax.get_xticks(), labels=list(scores.columns), rotation=25, ha="left", rotation_mode="anchor")
    ax.set_yticks(ax.get_yticks(), labels=list(scores.index), rotation=0)
    ax.tick_params(length=0)
    return name_families(colour_names(ax, family), family)
