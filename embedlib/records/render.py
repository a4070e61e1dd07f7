"""What a reader sees of a record: text, a table, a card, a picture."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from embedlib.metrics.verdicts import Part, Verdict
from embedlib.records.tables import table_html
from embedlib.records.tolerance import Tolerance

SVG_LIMIT = 40_000  # bytes up to which a picture is kept as SVG


def render(value: Any, tolerances: Mapping[str, Tolerance] | None = None) -> dict[str, str]:
    """Give the texts of a value by media type: a frame is a table, a verdict a card, all have plain text.

    `tolerances` are those of a frame's columns, by name; they say how many decimals are shown. A column without
    one has the default.

    Example:
        >>> render(0.123456)
        {'text/plain': '0.1235'}
    """
    if isinstance(value, pd.DataFrame):
        allowed = {str(column): Tolerance() for column in value.columns} | dict(tolerances or {})
        return {"text/html": table_html(value, allowed), "text/plain": value.to_string(float_format=_short)}
    if isinstance(value, Verdict):
        return {"text/html": _verdict_html(value), "text/plain": str(value)}
    return {"text/plain": _short(value) if isinstance(value, float) else str(value)}


def draw(figure: Figure) -> tuple[str, str]:
    """Draw a figure as SVG where that stays small, as PNG otherwise; gives its media type and its text.

    A PNG has 120 dots an inch and 256 colours: a third of the bytes, and no eye sees the difference.
    """
    import matplotlib.pyplot as plt
    from PIL import Image

    drawn, buffer = io.BytesIO(), io.BytesIO()
    with plt.rc_context({"svg.hashsalt": "embedlib", "svg.fonttype": "none"}):  # the same bytes in every run
        figure.savefig(drawn, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    if drawn.tell() <= SVG_LIMIT:
        plt.close(figure)
        return "image/svg+xml", drawn.getvalue().decode()
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=120, bbox_inches="tight")
    plt.close(figure)
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(buffer, format="png", optimize=True)
    return "image/png", base64.b64encode(buffer.getvalue()).decode("ascii")


def _short(value: float) -> str:
    return f"{value:.4g}"


def _verdict_html(verdict: Verdict) -> str:
    """Give a verdict as a small card: the word, what the main part rests on, and the other parts under it."""
    kind = verdict.verdict.replace(" ", "-")
    lines = [f"<strong>{escape(verdict.claim)}: {verdict.verdict}</strong>", escape(_part_text(verdict.main))]
    others = "".join(f"<li>{part.verdict}: {escape(_part_text(part))}</li>" for part in verdict.parts)
    listed = f"Beside it:<ul>{others}</ul>" if others else ""
    return f'<div class="embedlib-verdict {kind}">{"<br>".join(lines)}{f"<br>{listed}" if listed else ""}</div>'


def _part_text(part: Part) -> str:
    """Write a part as one line: what it says, and the numbers that it has."""
    said = []
    if not math.isnan(part.effect):
        said.append(f"effect {part.effect:+.3f}, 95 % interval {part.low:+.3f} to {part.high:+.3f}")
    if not math.isnan(part.detectable):
        said.append(f"an effect of {part.detectable:.3f} would have been seen")
    if not math.isnan(part.left_out_low):
        said.append(f"{part.left_out_low:+.3f} to {part.left_out_high:+.3f} when one model is left out")
    if not math.isnan(part.p):
        said.append(f"p {part.p:.2g} by the models' labels (least possible {part.least_p:.2g})")
    return "; ".join([part.name, *said])
