"""Names beside lines, and a picture in words."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.optimize import isotonic_regression


def spread(values: pd.Series, gap: float) -> dict[str, float]:
    """Move values as little as it takes to keep each at least `gap` from the next; in rising order."""
    ordered = values.sort_values(kind="stable")
    steps = gap * np.arange(len(ordered))
    if ordered.empty:
        return {}
    places = isotonic_regression(ordered.to_numpy(dtype=float) - steps).x + steps
    return dict(zip(map(str, ordered.index), places, strict=True))


def say_ends(values: pd.Series | pd.DataFrame, digits: int = 2) -> str:
    """Put the lowest and the highest of some numbers in words, with their keys, for a picture's description."""
    if isinstance(values, pd.DataFrame):
        long = values.melt(var_name="column", value_name="value", ignore_index=False)
        values = long.set_index("column", append=True)["value"]
    numbers = values.dropna().sort_values(kind="stable")
    if numbers.empty:
        return "no values"
    ends = []
    for word, (key, number) in zip(("lowest", "highest"), numbers.iloc[[0, -1]].items(), strict=True):
        parts: tuple[object, ...] = key if isinstance(key, tuple) else (key,)
        named = (f"{part:.2g}" if isinstance(part, float) else str(part) for part in parts)
        ends.append(f"{word} {number:.{digits}f} ({', '.join(named)})")
    return ", ".join(ends)


def name_points(ax: Axes, named: pd.DataFrame, points: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Write names beside their points: on the first of some places that meets no other name, marker or interval.

    Both frames have x, y, low and high; `points` are all that is drawn. A name further off has a line to its point.
    """
    size, beside, step = 9.5, 7, 12  # points, as all lengths here
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]  # the layout is settled
    scale = 72 / ax.figure.dpi

    def place(x: float, y: float) -> tuple[float, float]:
        across, up = (ax.transData.transform((x, y)) - ax.get_window_extent().p0) * scale
        return float(across), float(up)

    width = ax.get_window_extent().width * scale
    taken: list[tuple[float, float, float, float]] = []
    for x, y, *ends in points[["x", "y", "low", "high"]].to_numpy(dtype=float):
        across, middle = place(x, y)
        reach = [middle, *(place(x, end)[1] for end in ends if np.isfinite(end))]
        taken += [(across - 7, across + 7, middle - 7, middle + 7), (across - 1, across + 1, min(reach), max(reach))]
    named = named.sort_values("x", kind="stable")
    for name, x, y in zip(named.index, named["x"], named["y"], strict=True):
        at = place(x, y)
        long = 0.62 * size * len(str(name))
        boxes: list[tuple[int, int, tuple[float, float, float, float], int, int]] = []
        for rows, up, right in itertools.product((1, 2, 3, 4), (1, -1), (1, -1)):
            start = at[0] + beside if right > 0 else at[0] - beside - long
            middle = at[1] + up * rows * step
            box = (start, start + long, middle - 6, middle + 6)
            meets = sum(box[0] < b and a < box[1] and box[2] < d and c < box[3] for a, b, c, d in taken)
            boxes.append((meets + (start < 0 or start + long > width), len(boxes), box, up * rows, right))
        _, _, box, rows, right = min(boxes)
        taken.append(box)
        colour = colours[str(name)]
        line = {"arrowstyle": "-", "color": colour, "lw": 0.5, "alpha": 0.5, "shrinkA": 0, "shrinkB": 4}
        ax.annotate(
            str(name), (x, y), (beside * right, step * rows), textcoords="offset points",
            fontsize=size, ha="left" if right > 0 else "right", va="center", color=colour, zorder=4,
            arrowprops=line if abs(rows) > 1 else None,
        )  # fmt: skip
