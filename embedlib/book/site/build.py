"""Build the HTML, warnings as errors, and make fresh outputs the reference."""

from __future__ import annotations

import filecmp
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from embedlib._util.paths import PROJECT
from embedlib.book.check.links import check_links
from embedlib.book.notebooks import notebook_sources, read_executed, write
from embedlib.book.run.freshness import fingerprint, why
from embedlib.book.run.machine import scratch, surroundings
from embedlib.book.run.plan import Run, plan
from embedlib.book.site.explorer import explorer_files
from embedlib.book.site.staging import stage
from embedlib.errors import NotebookError
from embedlib.records.read import all_outputs, picture_of, record_in

logger = logging.getLogger(__name__)

README_FIGURE = ("20_findings", "fig-leads")  # notebook and record of README.md's picture


def publish(runs: Sequence[Run], project: Path = PROJECT) -> Path:
    """Lay out the book with the output of each run, make the Explorer's data and build; gives the first page.

    Raises `NotebookError` for a notebook without an output, and as `build_html` does.
    """
    source = project / "_build" / "src"
    stage(source, {run.source.stem: run.output for run in runs}, project, made=explorer_files())
    return build_html(source, project) / "index.html"


def build_html(source: Path, output: Path) -> Path:
    """Build the staged book with Jupyter Book, execution off; gives the folder of the HTML.

    The links to other hosts are listed in `external-links.txt` beside it, with the pages they are on. Raises
    `NotebookError` with what Sphinx said when there is a warning or an error, and for a link inside
    the book that leads nowhere.
    """
    command = [
        str(Path(sys.executable).with_name("jupyter-book")), "build", str(source), "--path-output", str(output),
        "--warningiserror", "--nitpick", "--keep-going", "--quiet",
    ]  # fmt: skip
    with scratch() as folder:
        around = {**os.environ, **surroundings(folder), "NO_COLOR": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=around)
    if done.returncode:
        # Sphinx would not say again what it said of pages that it has read.
        shutil.rmtree(output / "_build" / ".doctrees", ignore_errors=True)
        raise NotebookError(f"the book did not build:\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}")
    html = output / "_build" / "html"
    outside = check_links(html)
    listed = "".join(f"{link}\t{', '.join(names)}\n" for link, names in outside.items())
    (output / "_build" / "external-links.txt").write_text(listed, encoding="utf-8")
    return html


def accept(names: Iterable[str] = (), project: Path = PROJECT) -> list[Path]:
    """Make the fresh outputs at default parameters the reference; gives the notebooks written.

    Raises `NotebookError` for a notebook that was not run since something it depends on changed.
    """
    chosen = set(names)
    written = []
    for source in notebook_sources(project / "notebooks"):
        if chosen and source.stem not in chosen:
            continue
        run = plan(source, build=project / "_build")
        if reasons := why(run, fingerprint(run)):
            raise NotebookError(f"{run.name} must be run before it is accepted: {reasons[0]}")
        reference = source.with_suffix(".ipynb")
        if not reference.is_file() or not filecmp.cmp(run.output, reference, shallow=False):
            write(read_executed(run.output), reference)
            written.append(reference)
    ending, content = recorded_picture(project / "notebooks" / f"{README_FIGURE[0]}.ipynb", README_FIGURE[1])
    picture = project / "_static" / f"readme.{ending}"
    if not picture.is_file() or picture.read_bytes() != content:
        picture.write_bytes(content)
        written.append(picture)
    return written


def recorded_picture(notebook: Path, record: str) -> tuple[str, bytes]:
    """Take the picture of a figure record out of an executed notebook: how its file ends, and its bytes.

    Raises `NotebookError` where the notebook has no such picture.
    """
    for output in all_outputs(read_executed(notebook)):
        kept, picture = record_in(output), picture_of(output)
        if kept and kept.name == record and picture:
            return picture
    raise NotebookError(f"{notebook} has no picture recorded as {record!r}")
