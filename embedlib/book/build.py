"""Stage the book's sources with executed notebooks and build the HTML, warnings as errors."""

from __future__ import annotations

import base64
import filecmp
import itertools
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat
import yaml

from embedlib.book.notebooks import notebook_sources, read_executed, write
from embedlib.book.run import OFFLINE, fingerprint, plan, why
from embedlib.errors import NotebookError
from embedlib.paths import PROJECT
from embedlib.results import MIME, payloads

logger = logging.getLogger(__name__)

README_FIGURE = ("02_random_pairs", "fig-random-pairs")  # notebook and record of README.md's picture

_STATIC = ("_config.yml", "_toc.yml", "references.bib")


def pages(toc: Path) -> list[str]:
    """List the documents of a `_toc.yml`, in reading order."""

    def walk(node: object) -> Iterable[str]:
        if isinstance(node, dict):
            for key in ("root", "file"):
                if key in node:
                    yield str(node[key])
            for key in ("parts", "chapters", "sections"):
                yield from walk(node.get(key, []))
        elif isinstance(node, list):
            for item in node:
                yield from walk(item)

    return list(walk(yaml.safe_load(toc.read_text(encoding="utf-8"))))


def stage(
    target: Path, executed: Mapping[str, Path], project: Path = PROJECT, made: Mapping[str, bytes] | None = None
) -> None:
    """Lay out the book's sources under `target`, with the executed notebook of each name.

    `made` are files that are not in the project, by path under `target` (`explorer.explorer_files`).
    Files that are already the same keep their times, so that Sphinx rebuilds only what changed;
    the others are written aside and renamed into place.
    Raises `NotebookError` for a notebook of the table of contents that has not been executed.
    """
    wanted = {name: project / name for name in _STATIC}
    wanted |= {f"_static/{p.name}": p for p in sorted((project / "_static").glob("*")) if p.is_file()}
    for page in pages(project / "_toc.yml"):
        if page.startswith("notebooks/"):
            path = executed.get(Path(page).name)
            if path is None or not path.is_file():
                raise NotebookError(f"{page} is in _toc.yml but has not been run: run it first")
            wanted[str(Path(page).with_suffix(".ipynb"))] = path
        else:
            source = (project / page).with_suffix(".md")
            wanted[str(source.relative_to(project))] = source
    made = made or {}
    for name, content in itertools.chain(((name, _staged(source)) for name, source in wanted.items()), made.items()):
        destination = target / name
        if not destination.is_file() or destination.read_bytes() != content:
            destination.parent.mkdir(parents=True, exist_ok=True)
            aside = destination.with_name(f".{destination.name}.tmp-{os.getpid()}")
            aside.write_bytes(content)
            aside.replace(destination)
    for path in sorted(target.rglob("*")):
        if path.is_file() and str(path.relative_to(target)) not in wanted.keys() | made.keys():
            path.unlink()


def _staged(path: Path) -> bytes:
    """Give the bytes to stage for a file.

    A notebook's pictures get the description they were recorded with, and its records, which are
    for the drift gate, stay behind.
    """
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = read_executed(path)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            recorded = output.get("data", {}).pop(MIME, None)
            if recorded and "image/png" in output.data:
                options = cell.metadata.setdefault("mystnb", {}).setdefault("image", {})
                options["alt"] = output.data["text/plain"]
    text: str = nbformat.writes(notebook)
    return text.encode()


def build_html(source: Path, output: Path) -> Path:
    """Build the staged book with Jupyter Book, execution off; gives the folder of the HTML.

    Raises `NotebookError` with what Sphinx said when there is a warning or an error.
    """
    command = [
        str(Path(sys.executable).with_name("jupyter-book")), "build", str(source), "--path-output", str(output),
        "--warningiserror", "--nitpick", "--keep-going", "--quiet",
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **OFFLINE, "NO_COLOR": "1"}
    )
    if done.returncode:
        # Sphinx would not say again what it said of pages that it has read.
        shutil.rmtree(output / "_build" / ".doctrees", ignore_errors=True)
        raise NotebookError(f"the book did not build:\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}")
    return output / "_build" / "html"


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
    picture = project / "_static" / "readme.png"
    content = recorded_picture(project / "notebooks" / f"{README_FIGURE[0]}.ipynb", README_FIGURE[1])
    if not picture.is_file() or picture.read_bytes() != content:
        picture.write_bytes(content)
        written.append(picture)
    return written


def recorded_picture(notebook: Path, record: str) -> bytes:
    """Take the picture of a figure record out of an executed notebook, as PNG bytes.

    Raises `NotebookError` where the notebook has no such picture.
    """
    for cell in read_executed(notebook).cells:
        for output in cell.get("outputs", []):
            if payloads([output]) and payloads([output])[0]["name"] == record and "image/png" in output.data:
                return base64.b64decode(output.data["image/png"])
    raise NotebookError(f"{notebook} has no picture recorded as {record!r}")
