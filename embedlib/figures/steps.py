"""From one score to another in steps: what each part adds."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from embedlib.errors import InputError
from embedlib.figures.style import FAMILY_COLOURS, INK, colour_names, name_families

_PARTS = ("#4477aa", "#ee8866", "#228833", "#aa4499", "#bbaa33", "#66ccee")
_HEIGHT = 0.8  # of all the steps of a model, where the next one is 1 below


def draw_steps(
    ax: Axes, steps: pd.DataFrame, family: Mapping[str, str], *, label: str, ends: tuple[str, str] = ("start", "end")
) -> Axes:
    """Draw a staircase a model: from a hollow point, a bar a part, to a filled point.

    `steps` has a row a model: the column "start", and one for what each part adds, in the order in which
    they are drawn from the top. A part that adds exactly zero has no bar. `ends` says what the points are.
    Raises `InputError` where there is no start, no part or no model.

    Example:
        >>> import pandas as pd
        >>> from embedlib import figures
        >>> steps = pd.DataFrame({"start": [0.2], "layer": [0.3], "space": [-0.1]}, index=["gemma-3-270m-q4"])
        >>> figure, ax = figures.new_axes(width=5, height=2)
        >>> ax = figures.draw_steps(ax, steps, {"gemma-3-270m-q4": "decoder"}, label="Spearman")
        >>> [text.get_text() for text in ax.texts[:2]]
        ['+.30', '-.10']
    """
    parts = [name for name in steps.columns if name != "start"]
    if "start" not in steps.columns or not parts or steps.empty:
        raise InputError(f"steps need a row, the column 'start' and a part; there are {list(steps.columns)}")
    colours = dict(zip(parts, _PARTS, strict=False))
    reached: list[float] = []
    for row, (model, found) in enumerate(steps.iterrows()):
        taken = [part for part in parts if found[part] != 0]
        height = _HEIGHT / max(len(taken), 2)
        colour, at, y = FAMILY_COLOURS[family[str(model)]], float(found["start"]), row - _HEIGHT / 2
        ax.plot(at, y, marker="o", ms=7, color=colour, mfc="white", mew=1.8, zorder=4)
        reached.append(at)
        for part in taken:
            added = float(found[part])
            ax.barh(y + height / 2, added, left=at, height=height * 0.9, color=colours[part], zorder=2)
            text = f"{added:+.2f}".replace("0.", ".")
            ax.annotate(
                text, (max(at, at + added), y + height / 2), (4, 0), textcoords="offset points", va="center",
                fontsize=8.5, color=INK,
            )  # fmt: skip
            at, y = at + added, y + height
            reached.append(at)
            ax.plot([at, at], [y - height * 0.5, y], color=INK, lw=0.8, zorder=3)
        ax.plot(at, y if taken else row, marker="o", ms=7, color=colour, zorder=4)
    ax.set_yticks(range(len(steps)), labels=[str(name) for name in steps.index])
    # Room for the points, and for the number behind the last bar.
    low, high = min(reached), max(reached)
    room = 0.06 * (high - low) or 0.1
    ax.set(xlim=(low - room, high + 2 * room), ylim=(len(steps) - 0.4, -0.6), xlabel=label)
    ax.grid(axis="x", alpha=0.25)
    ax.tick_params(axis="y", length=0)
    handles: list[object] = [Patch(color=colour, label=part) for part, colour in colours.items()]
    for name, face in zip(ends, ("white", INK), strict=True):
        handles += ax.plot([], [], marker="o", lw=0, ms=7, color=INK, mfc=face, label=name)
    ax.figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=10)
    return name_families(colour_names(ax, family), family)
