"""Bars of shares."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from embedlib.figures.style import FAMILY_COLOURS, INK, MEANING_COLOURS, VERDICT_COLOURS, colour_names, name_families


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


def draw_fronts(ax: Axes, fronts: pd.DataFrame, *, most: float, top: float) -> Axes:
    """Draw how far the norms of words spread behind each token in front of one decoder's texts.

    `fronts` are the rows of `embedlib.encoders.front_list.list_fronts` for one model, by front. Behind the bar stands
    how many words fall on the attention sink, or where none does, how much attention goes to the front. `most` is the
    spread from which on words do; the front that the rule takes is in bold. The axis ends at the spread `top`.
    """
    kept, lost = MEANING_COLOURS["kept"], VERDICT_COLOURS["contradicted"]
    reach = 1.05 * max(top, 2 * most)
    for row, (spread, sinks, attention, is_clean) in enumerate(
        zip(fronts["spread"], fronts["sinks"], fronts["attention"], fronts["clean"], strict=True)
    ):
        ax.barh(row, spread, color=kept if is_clean else lost, height=0.62)
        said = (
            f"{sinks} word{'s' if sinks != 1 else ''} on the sink"
            if not is_clean
            else ""
            if np.isnan(attention)
            else f"{attention:.0%} of attention"
        )
        inside = spread > 0.6 * reach
        x = spread - 0.02 * reach if inside else max(spread, most) + 0.02 * reach
        side, colour = ("right", "white") if inside else ("left", INK)
        ax.text(x, row, said, ha=side, va="center", fontsize=8.5, color=colour)
    ax.axvline(most, color=INK, lw=0.9, ls=":")
    ax.set_yticks(range(len(fronts)), labels=[str(name) for name in fronts.index], fontsize=9)
    for tick, is_best in zip(ax.get_yticklabels(), fronts["best"], strict=True):
        tick.set_fontweight("bold" if is_best else "normal")
    ax.invert_yaxis()
    ax.set_xlim(0, reach)
    ax.set_xlabel("spread of norms over their mean", fontsize=9)
    ax.tick_params(axis="y", length=0)
    return ax


def draw_stack(ax: Axes, shares: pd.DataFrame, *, label: str, family: Mapping[str, str]) -> Axes:
    """Draw a stacked bar a model from a frame of shares (0 to 1), a colour a column, written where wide."""
    colours = dict(zip(shares.columns, ("#228833", "#ddaa33", "#88aacc", "#bbbbbb", "#666666"), strict=False))
    start = np.zeros(len(shares))
    for column in shares.columns:
        wide = shares[column].to_numpy(dtype=float) * 100
        ax.barh(range(len(shares)), wide, left=start, color=colours[column], label=column, height=0.74)
        for row, (left, width) in enumerate(zip(start, wide, strict=True)):
            if width >= 7:
                ax.text(left + width / 2, row, f"{width:.0f}", ha="center", va="center", fontsize=9, color=INK)
        start = start + wide
    ax.set_yticks(range(len(shares)), labels=[str(name) for name in shares.index])
    ax.invert_yaxis()
    ax.set_xlim(0, 100)
    ax.set_xlabel(label)
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(shares.columns), frameon=False)
    return colour_names(ax, family)
