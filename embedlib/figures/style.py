"""The one style of all pictures: colours, axes, and the names of families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# As text, each has a contrast of at least 4.5 with white; with any colour blindness, each two stay apart.
FAMILY_COLOURS = {
    "counting": "#0d5540", "contrastive": "#3377bb", "decoder": "#cc4433", "static-llm": "#9b2280",
    "hosted": "#6000c0",
    "baseline": "#707070",
}  # fmt: skip
FAMILY_NAMES = {
    "counting": "counting", "contrastive": "contrastive encoder", "decoder": "raw decoder",
    "static-llm": "static from an LLM", "hosted": "embedding API", "baseline": "baseline",
}  # fmt: skip
# The two sides of a comparison: all LLMs are decoders, and most classical models are contrastive encoders.
SIDE_COLOURS = {"LLM": FAMILY_COLOURS["decoder"], "classical": FAMILY_COLOURS["contrastive"]}
MEANING_COLOURS = {"kept": "#228833", "changed": "#ddaa33"}
VERDICT_COLOURS = {
    "supported": "#1f7a2e", "contradicted": "#b03a2e", "undecided": "#8a6d00", "cannot be tested here": "#666666",
}  # fmt: skip
INK = "#222222"
GREY = "#666666"  # of what says nothing for either side


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


def new_axes(width: float = 8.0, height: float = 4.8) -> tuple[Figure, Axes]:
    """Make a figure of one picture in the book's style; sizes in inches."""
    set_style()
    return plt.subplots(figsize=(width, height), layout="constrained")


def new_panels(
    names: Sequence[str], *, columns: int = 4, width: float = 2.6, height: float = 1.9,
    family: Mapping[str, str] | None = None, share: bool = True,
) -> tuple[Figure, dict[str, Axes]]:  # fmt: skip
    """Make a figure of equal panels, each with its name as title, in its family's colour; sizes in inches.

    They have one x-axis, or with `share` off each its own.
    """
    set_style()
    rows = -(-len(names) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(width * columns, height * rows), layout="constrained", squeeze=False, sharex=share
    )
    flat = list(axes.flat)
    for spare in flat[len(names) :]:
        spare.set_axis_off()
    for name, ax in zip(names, flat, strict=False):
        ax.set_title(name, fontsize=9.5, color=FAMILY_COLOURS[family[name]] if family else INK)
        ax.tick_params(labelbottom=True)
    return figure, dict(zip(names, flat, strict=False))


def name_families(ax: Axes, family: Mapping[str, str]) -> Axes:
    """Write the families' names in their colours above the right end of the axes."""
    for row, name in enumerate(reversed([name for name in FAMILY_NAMES if name in family.values()])):
        ax.annotate(
            FAMILY_NAMES[name], (1, 1), (0, 14 * row), xycoords="axes fraction", textcoords="offset points",
            ha="right", va="bottom", fontsize=10, fontweight="bold", color=FAMILY_COLOURS[name],
        )  # fmt: skip
    return ax


def colour_names(ax: Axes, family: Mapping[str, str]) -> Axes:
    """Give the models among the names on the axes their family's colour."""
    for tick in [*ax.get_xticklabels(), *ax.get_yticklabels()]:
        if tick.get_text() in family:
            tick.set_color(FAMILY_COLOURS[family[tick.get_text()]])
    return ax


def shades(names: Sequence[str]) -> dict[str, str]:
    """Give ordered names colours from dark to light."""
    return dict(zip(names, sns.color_palette("viridis", len(names)).as_hex(), strict=True))


def hues(names: Sequence[str]) -> dict[str, str]:
    """Give unordered names colours that a colour-blind reader can tell apart."""
    return dict(zip(names, sns.color_palette("colorblind", len(names)).as_hex(), strict=True))
