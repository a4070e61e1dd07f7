"""Pictures in one style: a function takes an Axes and gives it back.

Family is told by colour, colour-blind safe; models stand in the roster's order everywhere. The
background is opaque, so that pictures read the same in a light and in a dark theme.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import isotonic_regression

from embedlib.metrics.verdicts import Verdict

FAMILY_COLOURS = {"classical": "#4477aa", "llm": "#cc5544", "baseline": "#777777"}
FAMILY_NAMES = {"classical": "classical", "llm": "LLM", "baseline": "baseline"}
MEANING_COLOURS = {"kept": "#228833", "changed": "#ddaa33"}
VERDICT_COLOURS = {
    "reproduced": "#1f7a2e", "partly": "#8a6d00", "not reproduced": "#b03a2e", "cannot be tested here": "#666666",
}  # fmt: skip
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
    _colour_names(ax, family)
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


def draw_by_layer(
    ax: Axes, scores: pd.DataFrame, family: Mapping[str, str], *, label: str, top: float | None = None
) -> Axes:
    """Draw a line a model from a frame with model, depth (0 to 1) and value; `top` ends the axis.

    Without a model that has layers the axes stay empty.
    """
    styles = itertools.cycle(("-", "--", ":", "-."))
    if scores.empty:
        return ax
    reach = top if top is not None else scores["value"].max() * 1.08
    lines = {str(model): rows for model, rows in scores.groupby("model", sort=False)}
    for model, rows in lines.items():
        ax.plot(rows["depth"], rows["value"], color=FAMILY_COLOURS[family[model]], ls=next(styles), marker="o", ms=3.5)
    ends = pd.Series({model: rows["value"].iloc[-1] for model, rows in lines.items()}, dtype=float)
    for model, height in _apart(ends, reach * 0.05).items():
        ax.text(
            lines[model]["depth"].iloc[-1] + 0.02, height, model, va="center", fontsize=10,
            color=FAMILY_COLOURS[family[model]],
        )  # fmt: skip
    longest = max(len(model) for model in lines)
    ax.set_xlim(-0.02, max(1.42, 1.06 / max(0.3, 1 - 0.0128 * longest)))  # room for the names behind the lines
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=["input\nembeddings", "", "middle", "", "last\nlayer"])
    ax.set_ylim(min(0.0, scores["value"].min()), reach)
    ax.set_ylabel(label)
    return name_families(ax, family)


def draw_lines(ax: Axes, values: pd.DataFrame, family: Mapping[str, str]) -> Axes:
    """Draw a line a model (columns) over the rows, its name before its start; the axes' height is as given."""
    styles = itertools.cycle(("-", "--", ":", "-."))
    width = len(values) - 0.8
    for model in values.columns:
        ax.plot(range(len(values)), values[model], "o", ls=next(styles), ms=4, color=FAMILY_COLOURS[family[model]])
    starts = values.iloc[0].dropna()
    for model, height in _apart(starts, float(np.ptp(ax.get_ylim()) * 15 / ax.get_window_extent().height)).items():
        colour = FAMILY_COLOURS[family[model]]
        ax.annotate(
            model, (0, starts[model]), (-0.05 * width, height), ha="right", va="center", fontsize=9.5, color=colour,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.7, "shrinkA": 1, "shrinkB": 2},
        )  # fmt: skip
    ax.set(xlim=(-0.38 * width, width), xticks=range(len(values)), xticklabels=list(values.index))
    return ax


def _apart(values: pd.Series, gap: float) -> dict[str, float]:
    """Move values as little as it takes to keep each at least `gap` from the next; in rising order."""
    ordered = values.sort_values(kind="stable")
    steps = gap * np.arange(len(ordered))
    if ordered.empty:
        return {}
    places = isotonic_regression(ordered.to_numpy(dtype=float) - steps).x + steps
    return dict(zip(map(str, ordered.index), places, strict=True))


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
    _colour_names(ax, family)
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


def draw_matrix(
    ax: Axes, values: pd.DataFrame, *, label: str, digits: int = 2, middle: float | None = None,
    family: Mapping[str, str] | None = None, low_is_orange: bool = False,
) -> Axes:  # fmt: skip
    """Draw a frame as a heat map with its numbers written in; `middle` makes the colours diverge there.

    Above it they are red; with `low_is_orange` purple, and orange below it: no family's colours.

    Models among the rows' or the columns' names have their family's colour where `family` is given.
    """
    sns.heatmap(
        values, ax=ax, annot=True, fmt=f".{digits}f", center=middle,
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
    return _colour_names(ax, family or {})


def draw_findings(ax: Axes, scores: pd.DataFrame, verdicts: Sequence[Verdict], family: Mapping[str, str]) -> Axes:
    """Draw scores, measure by model, shaded within each row, with the verdict of each row beside it."""
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
        numbers = f"effect {verdict.effect:+.3f} [{verdict.low:+.3f}, {verdict.high:+.3f}]"
        left, colour = scores.shape[1] + 0.12, VERDICT_COLOURS[verdict.verdict]
        ax.text(left, row + 0.36, verdict.verdict, va="center", color=colour, fontsize=11, fontweight="bold")
        ax.text(left, row + 0.7, numbers, va="center", fontsize=9.5, color=INK)
    ax.set(xlabel="", ylabel="", xlim=(0, scores.shape[1] + 2.6))
    ax.xaxis.tick_top()
    ax.set_xticks(ax.get_xticks(), labels=list(scores.columns), rotation=25, ha="left", rotation_mode="anchor")
    ax.set_yticks(ax.get_yticks(), labels=list(scores.index), rotation=0)
    ax.tick_params(length=0)
    return name_families(_colour_names(ax, family), family)


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


def _colour_names(ax: Axes, family: Mapping[str, str]) -> Axes:
    for tick in [*ax.get_xticklabels(), *ax.get_yticklabels()]:
        if tick.get_text() in family:
            tick.set_color(FAMILY_COLOURS[family[tick.get_text()]])
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
    return _colour_names(ax, family)


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


def shades(names: Sequence[str]) -> dict[str, str]:
    """Give ordered names colours from dark to light."""
    return dict(zip(names, sns.color_palette("viridis", len(names)).as_hex(), strict=True))


def hues(names: Sequence[str]) -> dict[str, str]:
    """Give unordered names colours that a colour-blind reader can tell apart."""
    return dict(zip(names, sns.color_palette("colorblind", len(names)).as_hex(), strict=True))


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
