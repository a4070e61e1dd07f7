"""The drift report: a page to look at and a summary for a pull request, from what the gate found."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from nbformat import NotebookNode

from embedlib.book.check.drift import Drift, check_notebook
from embedlib.book.notebooks import read_executed, write_text
from embedlib.book.run.run import Watch, execute, plan
from embedlib.errors import EmbedlibError, NotebookError
from embedlib.records.read import all_outputs, picture_of, record_in

SHOWN = 20  # differences in the summary
_TYPES = {"png": "image/png", "svg": "image/svg+xml"}
_WIDEST = 160  # characters of a value in the summary


@dataclass(frozen=True)
class Picture:
    """A figure whose data changed: the `data:` addresses of its old and new picture, empty where there is none."""

    record: str
    alt: str
    old: str
    new: str


@dataclass(frozen=True)
class Checked:
    """A notebook that was compared with its reference, or that failed to run (`error`); `reasons` as `execute` gave."""

    notebook: str
    found: tuple[Drift, ...] = ()
    pictures: tuple[Picture, ...] = ()
    error: str = ""
    reasons: tuple[str, ...] = ()


def check(source: Path, *, reuse: bool = False, build: Path | None = None, watch: Watch | None = None) -> Checked:
    """Run a notebook at default parameters and compare it with the committed one."""
    reference = source.with_suffix(".ipynb")
    try:
        planned = plan(source, build=build)
        reasons = tuple(execute(planned, force=not reuse, watch=watch))
        fresh = read_executed(planned.output)
        found = check_notebook(source.stem, source, reference, fresh)
    except EmbedlibError as error:
        return Checked(source.stem, error=str(error))
    try:
        committed = read_executed(reference)
    except NotebookError:  # which is among the differences
        committed = NotebookNode(cells=[])
    return Checked(source.stem, tuple(found), tuple(changed_pictures(found, committed, fresh)), reasons=reasons)


def changed_pictures(found: Sequence[Drift], committed: NotebookNode, fresh: NotebookNode) -> Iterator[Picture]:
    """Give the figures whose data is among the differences, as they were and as they are."""
    changed = {re.split(r"[\[. ]", drift.record, maxsplit=1)[0] for drift in found}
    old, new = _figures(committed), _figures(fresh)
    for record in dict.fromkeys([*old, *new]):
        if record in changed:
            alt = (new.get(record) or old[record])[1]
            yield Picture(record, alt, old.get(record, ("", ""))[0], new.get(record, ("", ""))[0])


def _figures(notebook: NotebookNode) -> dict[str, tuple[str, str]]:
    """Find the recorded figures: their pictures as `data:` addresses, and their descriptions."""
    figures = {}
    for output in all_outputs(notebook):
        picture, record = picture_of(output), record_in(output)
        if picture and record:
            ending, content = picture
            address = f"data:{_TYPES[ending]};base64,{base64.b64encode(content).decode('ascii')}"
            figures[record.name] = address, str(output["data"].get("text/plain", ""))
    return figures


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
