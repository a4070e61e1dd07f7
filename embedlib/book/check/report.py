"""The drift report: a page to look at and a summary for a pull request, from what the gate found."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from embedlib.book.check.gate import Checked
from embedlib.book.notebooks import write_text

SHOWN = 20  # differences in the summary
_WIDEST = 160  # characters of a value in the summary


def write_report(checked: Sequence[Checked], folder: Path) -> Path:
    """Write `index.html`, which asks no other file or host for anything, and `summary.md`; gives the page."""
    environment = Environment(
        loader=PackageLoader("embedlib.book.check", ""), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    page = environment.get_template("report.html").render(checked=checked, headline=headline(checked))
    write_text(page, folder / "index.html")
    write_text(summarise(checked), folder / "summary.md")
    return folder / "index.html"


def headline(checked: Sequence[Checked]) -> str:
    """Say in one line what was found."""
    found = sum(len(one.found) for one in checked)
    failed = sum(bool(one.error) for one in checked)
    if not found and not failed:
        return f"No drift in {_count(len(checked), 'notebook')}"
    return f"{_count(found, 'difference')} and {_count(failed, 'failed run')} in {_count(len(checked), 'notebook')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def summarise(checked: Sequence[Checked], shown: int = SHOWN) -> str:
    """Write the summary in Markdown: counts by notebook, failed runs, then the first differences."""
    lines = ["## Drift", "", f"{headline(checked)}."]
    noted = [one for one in checked if one.found or one.error]
    if not noted:
        return "\n".join(lines) + "\n"
    lines += ["", "| notebook | differences | figures changed | run |", "|---|--:|--:|---|"]
    lines += [
        f"| {_markdown(one.notebook)} | {len(one.found)} | {len(one.pictures)} | {'failed' if one.error else 'ok'} |"
        for one in checked
    ]
    for one in noted:
        if one.error:
            lines += ["", f"**{_markdown(one.notebook)} failed**: {_markdown(one.error.split(chr(10), 1)[0])}"]
    found = [drift for one in checked for drift in one.found]
    if found:
        lines += ["", "| notebook | cell | record | old | new | allowed |", "|---|---|---|---|---|---|"]
        for d in found[:shown]:
            cells = (d.notebook, d.cell, d.record, d.old, d.new, d.allowed)
            lines.append(f"| {' | '.join(_markdown(cell) for cell in cells)} |")
    if len(found) > shown:
        lines += ["", f"And {len(found) - shown:,} more: see the report's `index.html`."]
    return "\n".join(lines) + "\n"


def _markdown(text: str) -> str:
    """Make a text plain in a Markdown table: nothing in it is markup, a mention or a line's end."""
    line = " ".join(text.split())
    if len(line) > _WIDEST:
        line = line[: _WIDEST - 1] + "…"
    escaped = re.sub(r"([\\`*_{}\[\]#|~!])", r"\\\1", html.escape(line, quote=False))
    return escaped.replace("@", "&#64;").replace("://", "&#58;//")
