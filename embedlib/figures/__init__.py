"""Pictures in one style: a function takes an Axes and gives it back.

Family is told by colour, colour-blind safe; models stand in the roster's order everywhere. The
background is opaque, so that pictures read the same in a light and in a dark theme.

A module for each kind of picture; all functions are here, too: `figures.draw_matrix(ax, ...)`.
"""

from __future__ import annotations

from embedlib.figures.bars import draw_coverage, draw_fronts, draw_stack
from embedlib.figures.distributions import draw_boxes, draw_curves, draw_ridges
from embedlib.figures.intervals import draw_forest, draw_intervals
from embedlib.figures.labels import say_ends
from embedlib.figures.lines import draw_by_layer, draw_lines, draw_settings
from embedlib.figures.matrices import draw_findings, draw_matrix
from embedlib.figures.points import draw_map, draw_scatter, draw_sizes
from embedlib.figures.scaling import draw_scaling
from embedlib.figures.steps import draw_steps
from embedlib.figures.style import (
    FAMILY_COLOURS,
    FAMILY_NAMES,
    INK,
    MEANING_COLOURS,
    SIDE_COLOURS,
    VERDICT_COLOURS,
    hues,
    name_families,
    new_axes,
    new_panels,
    set_style,
    shades,
)

__all__ = [
    "FAMILY_COLOURS",
    "FAMILY_NAMES",
    "INK",
    "MEANING_COLOURS",
    "SIDE_COLOURS",
    "VERDICT_COLOURS",
    "draw_boxes",
    "draw_by_layer",
    "draw_coverage",
    "draw_curves",
    "draw_findings",
    "draw_forest",
    "draw_fronts",
    "draw_intervals",
    "draw_lines",
    "draw_map",
    "draw_matrix",
    "draw_ridges",
    "draw_scaling",
    "draw_scatter",
    "draw_settings",
    "draw_sizes",
    "draw_stack",
    "draw_steps",
    "hues",
    "name_families",
    "new_axes",
    "new_panels",
    "say_ends",
    "set_style",
    "shades",
]
